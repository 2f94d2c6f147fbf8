import { describe, expect, it } from 'vitest';
import { type CheckArguments, runCheck } from '../../src/cli/check-command.ts';
import type { CommandIo } from '../../src/cli/command-io.ts';

const FILES: Readonly<Record<string, string>> = {
	'good.yaml': 'app: { port: 8080 }\ninbound: { listen: 8000, routes: [{}] }\n',
	'bad.yaml': 'app: { port: 8080 }\ninbound: { listen: 8000 }\nadmn: 1\n',
	'warned.yaml': 'app: { port: 8080 }\ninbound: { listen: 8000 }\nadmin: { listen: 9000 }\n',
	'regex.yaml': 'app: { port: 8080 }\ninbound: { listen: 8000, routes: [{ matches: [{ path: "~ (" }] }] }\n',
	'shop/routes.yaml': 'app: { port: 8080 }\ninbound: { listen: 8000, routes: [{}, { matches: [{ path: /a }] }] }\n',
	'twice/a.yaml': 'app: { port: 8080 }\ninbound: { listen: 8000 }\n',
	'twice/b.yaml': '# another\napp: { port: 8081 }\n',
	'odd,name:1.yaml': 'app: { port: 8080 }\ninbound: { listen: 8000 }\n50%: 1\n',
};

const FOLDERS = new Set(['shop', 'twice', 'empty']);

interface Outcome {
	readonly code: number;
	readonly stdout: string;
	readonly stderr: string;
}

async function check(args: CheckArguments, more: { isTTY?: boolean; noColor?: string } = {}): Promise<Outcome> {
	let stdout = '';
	let stderr = '';
	const io: CommandIo = {
		stdout: (text) => {
			stdout += text;
		},
		stderr: (text) => {
			stderr += text;
		},
		env: (name) => (name === 'NO_COLOR' ? more.noColor : undefined),
		readFile: (path) => {
			const text = FILES[path];
			if (text !== undefined) return Promise.resolve(text);
			return Promise.reject(Object.assign(new Error(`ENOENT: ${path}`), { code: 'ENOENT' }));
		},
		listFolder: (path) => {
			const inside = Object.keys(FILES).filter((name) => name.startsWith(`${path}/`));
			return Promise.resolve(FOLDERS.has(path) ? inside.map((name) => name.slice(path.length + 1)) : null);
		},
		isTTY: more.isTTY ?? false,
	};
	return { code: await runCheck(args, io), stdout, stderr };
}

describe('for people', () => {
	it('says that a file is valid, and exits with 0', async () => {
		expect(await check({ files: ['good.yaml'] })).toEqual({
			code: 0,
			stdout: '',
			stderr: 'good.yaml: valid, 1 rule\n',
		});
	});

	it('prints issues on stderr and exits with 64', async () => {
		const { code, stdout, stderr } = await check({ files: ['bad.yaml'] });
		expect({ code, stdout }).toEqual({ code: 64, stdout: '' });
		expect(stderr).toContain('bad.yaml:3:1: unknown key `admn`\n  admn: 1\n  ^^^^\n  expected one of');
		expect(stderr).toContain('\n  did you mean `admin`?\nbad.yaml: 1 issue\n');
	});

	it('lets warnings pass unless it is strict', async () => {
		const lenient = await check({ files: ['warned.yaml'] });
		expect(lenient.code).toBe(0);
		expect(lenient.stderr).toContain('warned.yaml:3:18: warning: ');
		expect(lenient.stderr).toContain('warned.yaml: valid, 0 rules, 1 warning\n');
		expect((await check({ files: ['warned.yaml'], strict: true })).code).toBe(64);
		expect((await check({ files: ['good.yaml'], strict: true })).code).toBe(0);
	});

	it('looks at every file even when the first one is bad', async () => {
		const { code, stderr } = await check({ files: ['bad.yaml', 'good.yaml'] });
		expect(code).toBe(64);
		expect(stderr).toContain('good.yaml: valid');
	});

	it('compiles regular expressions', async () => {
		const { code, stderr } = await check({ files: ['regex.yaml'] });
		expect(code).toBe(64);
		expect(stderr).toContain('regex.yaml:2:55: `inbound.routes[0].matches[0].path` is not a regular expression');
	});

	it.each([
		['none.yaml', 'none.yaml:1:1: there is no such file'],
		['empty', 'empty:1:1: there is no *.yaml file in this folder'],
	])('says why %s cannot be read', async (file, message) => {
		const { code, stderr } = await check({ files: [file] });
		expect(code).toBe(64);
		expect(stderr).toContain(message);
	});

	it('takes a folder as one configuration', async () => {
		expect(await check({ files: ['shop'] })).toEqual({ code: 0, stdout: '', stderr: 'shop: valid, 2 rules\n' });
		const { code, stderr } = await check({ files: ['twice'] });
		expect(code).toBe(64);
		expect(stderr).toContain(
			'twice/b.yaml:2:1: this is a second route file; the first is on line 1 of twice/a.yaml\n  app: { port: 8081 }\n  ^\n',
		);
	});

	it('has colours on a terminal only, and not with NO_COLOR', async () => {
		const files = ['bad.yaml'];
		expect((await check({ files }, { isTTY: true })).stderr).toContain('\x1b[');
		expect((await check({ files }, { isTTY: true, noColor: '' })).stderr).toContain('\x1b[');
		expect((await check({ files }, { isTTY: true, noColor: '1' })).stderr).not.toContain('\x1b[');
		expect((await check({ files })).stderr).not.toContain('\x1b[');
	});
});

describe('for programs', () => {
	it('prints JSON with every issue and nothing else', async () => {
		const { code, stdout, stderr } = await check({ files: ['bad.yaml', 'warned.yaml'], json: true });
		expect({ code, stderr }).toEqual({ code: 64, stderr: '' });
		expect(JSON.parse(stdout)).toMatchObject({
			ok: false,
			issues: [
				{ file: 'bad.yaml', line: 3, column: 1, severity: 'error', path: 'admn', hint: 'did you mean `admin`?' },
				{ file: 'warned.yaml', line: 3, column: 18, severity: 'warning', path: 'admin.listen' },
			],
		});
	});

	it('prints JSON for a valid file, too', async () => {
		expect(JSON.parse((await check({ files: ['good.yaml'], json: true })).stdout)).toEqual({ ok: true, issues: [] });
	});

	it('prints annotations for GitHub with what must be escaped', async () => {
		const { code, stdout } = await check({ files: ['odd,name:1.yaml', 'warned.yaml'], github: true });
		const [error, warning] = stdout.split('\n');
		expect(code).toBe(64);
		expect(error).toMatch(
			/^::error file=odd%2Cname%3A1\.yaml,line=3,col=1,endColumn=4::unknown key `50%25`%0Aexpected one of /,
		);
		expect(warning).toMatch(
			/^::warning file=warned\.yaml,line=3,col=18,endColumn=22::`admin\.listen` is not a loopback/,
		);
	});
});
