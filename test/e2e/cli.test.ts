/** The command as somebody meets it who has made a mistake, or asks for help. */
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { waitFor } from '../support/wait-for.ts';
import { isFree, OUTRIGGER, Program, ROOT, runToEnd } from './program.ts';

let folder = '';
beforeAll(() => {
	folder = mkdtempSync(join(tmpdir(), 'outrigger-cli-'));
	chmodSync(folder, 0o755);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, text: string): string {
	writeFileSync(join(folder, name), text);
	return join(folder, name);
}

const outrigger = (...args: string[]) => runToEnd(OUTRIGGER, args, { cwd: folder });

describe('a file with ten mistakes', () => {
	const MISTAKES = (port: number) => `app: { prt: 8080, port: 99999, protocol: htp }
inbound:
  listen: 127.0.0.1:${port}
  unmatched: maybe
  routes:
    - matches: [{ path: orders, method: G ET }]
      timeouts: { request: 10 parsecs }
      retry: { attempts: -1 }
      limits: { requestBody: 10 pints }
telemetry: { accessLog: { when: never } }
`;

	it('is refused with all ten, each at its place and with a way out; nothing is bound and the app is not started', async () => {
		const port = await freePort();
		const file = write('ten.yaml', MISTAKES(port));
		const program = new Program(OUTRIGGER, ['run', file, '--', 'sh', '-c', `touch ${folder}/started`], { cwd: folder });
		let wasFree = true;
		while (!program.hasExited) {
			wasFree &&= await isFree(port);
			await new Promise((resolve) => setImmediate(resolve));
		}
		expect(await program.ended()).toBe(64);
		expect(wasFree).toBe(true);
		const places = [...program.stderr.matchAll(/^.*ten\.yaml:(\d+):(\d+): .+$/gm)].map(
			([, line, column]) => `${line}:${column}`,
		);
		expect(places).toEqual(['1:8', '1:25', '1:42', '4:14', '6:25', '6:41', '7:28', '8:26', '9:30', '10:33']);
		const issues = program.stderr.split(/^(?=.*ten\.yaml:\d)/m).filter((text) => /^.*ten\.yaml:\d/.test(text));
		for (const issue of issues) expect(issue).toMatch(/\^\n {2}expected .+/);
		expect(program.stderr).toContain('did you mean `port`?');
		expect(program.stderr).toContain('10 issues');
		expect(program.stdout).toBe('');
		expect((await runToEnd('ls', [folder])).stdout).not.toContain('started');
	});

	it('reads the same to check', async () => {
		const file = write('ten.yaml', MISTAKES(8000));
		const [run, check] = await Promise.all([outrigger('run', file), outrigger('check', file)]);
		expect(check.code).toBe(64);
		const issuesOf = (text: string) => text.split('\n').slice(0, -2);
		expect(issuesOf(check.stderr)).toEqual(issuesOf(run.stderr));
	});
});

describe('run, told a wrong file', () => {
	it.each([
		['a missing file', () => 'nowhere.yaml', /nowhere\.yaml: .*(no such file)/],
		['an empty file', () => write('empty.yaml', ''), /empty\.yaml:1:1: /],
		['what is not YAML', () => write('not.yaml', 'app: { port: 1\ninbound: ]\n'), /not\.yaml:\d+:\d+: /],
		['a file of bytes', () => write('bytes.yaml', '\0\x01\x02'), /bytes\.yaml:1:1: /],
		['a folder without a file', () => folderOf('none', []), /none:1:1: there is no \*\.yaml file in this folder/],
		[
			'a folder in which a folder is called like a file',
			() => folderOf('sub', ['a.yaml'], (path) => mkdirSync(join(path, 'z.yaml'))),
			/sub\/z\.yaml:1:1: this is a folder, not a file/,
		],
		[
			'a folder with a link that leads nowhere',
			() => folderOf('link', ['a.yaml'], (path) => symlinkSync('nowhere', join(path, 'z.yaml'))),
			/link\/z\.yaml:1:1: there is no such file/,
		],
		['a folder with two route files', () => folderOf('two', ['a.yaml', 'b.yml']), /two\/b\.yml:1:1: this is a second/],
	])('%s ends it with 64 and says why', async (_what, given, reason) => {
		const { code, stdout, stderr } = await outrigger('run', given());
		expect(stderr).toMatch(reason);
		expect(stderr).not.toMatch(/ at .*\.[tj]s:\d/);
		expect({ code, stdout }).toEqual({ code: 64, stdout: '' });
	});

	function folderOf(name: string, files: string[], more?: (path: string) => void): string {
		mkdirSync(join(folder, name), { recursive: true });
		more?.(join(folder, name));
		for (const file of files) writeFileSync(join(folder, name, file), 'app: { port: 1 }\ninbound: { listen: 0 }\n');
		return join(folder, name);
	}

	it('a folder with one route file is that file', async () => {
		mkdirSync(join(folder, 'one'), { recursive: true });
		write('one/notes.txt', 'not a route file');
		write('one/.routes.yaml', 'hidden: true\n');
		write('one/empty.yml', '# nothing yet\n');
		write('one/routes.yaml', 'app: { port: 1 }\ninbound: { listen: 127.0.0.1:0 }\nadmin: { listen: 127.0.0.1:0 }\n');
		expect((await outrigger('run', join(folder, 'one'), '--', 'sh', '-c', 'exit 5')).code).toBe(5);
	});

	it.runIf(process.getuid?.() === 0)('a file that may not be read ends it with 64', async () => {
		const file = write('secret.yaml', 'app: { port: 1 }\ninbound: { listen: 0 }\n');
		chmodSync(file, 0o000);
		const { code, stderr } = await unprivileged('run', file);
		expect(code).toBe(64);
		expect(stderr).toMatch(/secret\.yaml: .*(permission|may not be read)/);
	});
});

/** Still root, so that it can read a checkout wherever it lies, but without what root may do beyond its own files. */
function unprivileged(...args: string[]) {
	return runToEnd('setpriv', ['--bounding-set=-all', '--inh-caps=-all', OUTRIGGER, ...args], { cwd: folder });
}

describe('run, told a port that it cannot have', () => {
	let other: Server;
	let taken = 0;
	beforeAll(async () => {
		other = createServer();
		await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
		taken = (other.address() as { port: number }).port;
	});
	afterAll(() => new Promise((resolve) => other.close(resolve)));

	const KEYS: [key: string, blocks: object][] = [
		['inbound.listen', { inbound: { listen: 'TAKEN' } }],
		['admin.listen', { admin: { listen: 'TAKEN' } }],
		['probes.listen', { probes: { listen: 'TAKEN' } }],
		['telemetry.logIntake.listen', { telemetry: { logIntake: { listen: 'TAKEN' } } }],
	];
	it.each(KEYS)('%s: names the key and the port, and ends with 70 before the app is started', async (key, blocks) => {
		const base = { app: { port: 1 }, inbound: { listen: '127.0.0.1:0' }, admin: { listen: '127.0.0.1:0' } };
		const text = JSON.stringify({ ...base, ...blocks }).replace('TAKEN', `127.0.0.1:${taken}`);
		const { code, stderr } = await outrigger('run', write('taken.yaml', text), '--', 'touch', join(folder, 'ran'));
		expect(stderr).toContain(`${key}: cannot listen on 127.0.0.1:${taken}: another process has it (EADDRINUSE)`);
		expect(stderr).not.toMatch(/ at .*\.[tj]s:\d/);
		expect(code).toBe(70);
		expect((await runToEnd('ls', [folder])).stdout).not.toMatch(/^ran$/m);
	});

	it.runIf(process.getuid?.() === 0)('without permission for it, ends with 77', async () => {
		const text = 'app: { port: 8080 }\ninbound: { listen: 127.0.0.1:80 }\nadmin: { listen: 127.0.0.1:0 }\n';
		const file = write('low.yaml', text);
		chmodSync(file, 0o644);
		const { code, stderr } = await unprivileged('run', file);
		expect(stderr).toContain('inbound.listen: cannot listen on 127.0.0.1:80: no permission for this port (EACCES)');
		expect(code).toBe(77);
	});
});

describe('usage', () => {
	it.each([
		[[]],
		[['frobnicate']],
		[['--frobnicate']],
		[['run']],
		[['run', '--frobnicate', 'a.yaml']],
		[['run', 'a.yaml', '--frobnicate']],
		[['run', 'a.yaml', 'b.yaml']],
		[['check']],
		[['check', '--frobnicate', 'a.yaml']],
		[['config']],
		[['config', 'a.yaml', 'b.yaml']],
		[['schema', 'a.yaml']],
	])('%j is refused with 64 and points at the help', async (args) => {
		const { code, stdout, stderr } = await outrigger(...args);
		expect({ code, stdout }).toEqual({ code: 64, stdout: '' });
		expect(stderr).toMatch(/--help|Usage:/);
	});

	it('says its version', async () => {
		const { code, stdout, stderr } = await outrigger('--version');
		expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
		expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
	});
});

describe('--help', () => {
	const COMMANDS = ['run', 'check', 'config', 'schema'];

	it('lists every command', async () => {
		const { code, stdout } = await outrigger('--help');
		expect(code).toBe(0);
		for (const command of COMMANDS) expect(stdout).toMatch(new RegExp(`^ {2}${command} `, 'm'));
	});

	it.each(COMMANDS)('of %s shows examples, and they work as they stand', async (command) => {
		const { code, stdout } = await outrigger(command, '--help');
		expect(code).toBe(0);
		const examples = [...stdout.matchAll(/^ {2}(outrigger .+?)(?: {3,}.*)?$/gm)].map((match) => match[1] as string);
		expect(examples.length).toBeGreaterThan(0);
		for (const example of examples) await tryOut(example);
	});

	/** As it stands, but on ports that are free here; `run` is stopped once its ports are open. */
	async function tryOut(example: string): Promise<void> {
		const ports = await Promise.all([freePort(), freePort(), freePort()]);
		const names = ['SHOP_PORT', 'SHOP_INBOUND_PORT', 'SHOP_ADMIN_PORT'];
		const env = Object.fromEntries(names.map((name, index) => [name, String(ports[index])]));
		const line = example
			.replace(/^outrigger/, `exec ${OUTRIGGER}`)
			.replace(/> \S+$/, '> /dev/null')
			.replaceAll(/\brun (\S+\.yaml)/g, (_, file: string) => `run ${onFreePorts(file, ports)}`);
		const program = new Program('sh', ['-c', line], { cwd: ROOT, env });
		if (example.startsWith('outrigger run ')) {
			await waitFor(
				`${example} to run or end`,
				() => program.hasExited || / inbound :\d+, admin /.test(program.stderr),
				15_000,
			);
			program.signal('SIGINT');
			await waitFor(`the end of ${example}`, () => program.hasExited, 15_000);
		}
		expect(await program.ended(), `${example}\n${program.printed}`).toBe(0);
	}

	/** A copy of a route file of the package, with other ports than those everybody uses. */
	function onFreePorts(file: string, [app = 0, inbound = 0, admin = 0]: number[]): string {
		const text = readFileSync(join(ROOT, file), 'utf8').replace('8080', String(app)).replace('8000', String(inbound));
		const adminBlock = /^admin:/m.test(text) ? '' : `admin: { listen: 127.0.0.1:${admin} }\n`;
		return write('example.yaml', `${text}\n${adminBlock}`);
	}
});
