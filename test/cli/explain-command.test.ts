import { describe, expect, it } from 'vitest';
import { type ExplainArguments, runExplain } from '../../src/cli/explain-command.ts';
import type { Explanation } from '../../src/explain/explain.ts';
import { memoryIo } from './memory-io.ts';

const FILES: Readonly<Record<string, string>> = {
	'a.yaml': `app: { port: 8080 }
inbound:
  listen: 8000
  routes:
${Array.from({ length: 30 }, (_, i) => `    - { name: r${i}, matches: [{ path: /r${i}, headers: { x-a: "1" } }] }\n`).join('')}`,
	'bad.yaml': 'app: { port: 8080 }\n',
	'ports.yaml': `app: { port: 8080 }
inbound: { listen: 8000 }
services:
  stock: { listen: 127.0.0.1:7001, endpoints: [{ address: "127.0.0.1:1" }] }
  pay: { endpoints: [{ address: "127.0.0.1:1" }] }
`,
	'warned.yaml': 'app: { port: 8080 }\ninbound: { listen: 8000 }\nadmin: { listen: 9000 }\n',
};

async function explain(args: Partial<ExplainArguments> = {}) {
	const io = memoryIo(FILES);
	const code = await runExplain({ file: 'a.yaml', request: '/r7', header: [], ...args }, io);
	return { code, ...io.said };
}

describe('outrigger explain', () => {
	it('prints the explanation on stdout', async () => {
		const { code, stdout, stderr } = await explain({ header: ['X-A: 1'] });
		expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
		expect(stdout).toContain('→ rule r7 (a.yaml:12)\n→ app\n');
		expect(stdout).toContain('header x-a  is 1\n');
		expect(stdout).toContain('and 19 more: 19 by path (--all lists them)\n');
	});

	it('tells every loser with --all', async () => {
		const { stdout } = await explain({ header: ['x-a: 1'], all: true });
		expect(stdout.match(/^ {2}r\d+ .*is not under/gm)).toHaveLength(29);
		expect(stdout).not.toContain(' more: ');
	});

	it('prints JSON with --json', async () => {
		const { stdout } = await explain({ json: true });
		const explanation = JSON.parse(stdout) as Explanation;
		expect(explanation).toMatchObject({
			winner: null,
			outcome: { kind: 'backends', backends: [{ label: 'app', percent: 100 }] },
			losers: { others: { path: 20 } },
		});
		expect(explanation.losers.nearest[0]).toMatchObject({
			name: 'r7',
			at: 'a.yaml:12',
			kinds: ['header'],
			why: ['header x-a is missing'],
		});
	});

	it('takes a request that comes by the port of a service', async () => {
		const { code, stdout } = await explain({ file: 'ports.yaml', service: 'stock', request: 'http://a/' });
		expect(code).toBe(0);
		expect(stdout).toContain('GET http://a/ (outbound, by the port of stock)\n');
		expect(stdout).toContain('→ stock: it comes by its port\n');
	});

	it.each([
		[
			{ service: 'stok' },
			'which is no service\n  expected a service with `listen`, such as `stock`; did you mean `stock`?',
		],
		[{ service: 'pay' }, 'which has no `listen`\n  expected a service with `listen`, such as `stock`'],
		[{ file: 'a.yaml', service: 'x' }, 'which is no service\n  expected a service with `listen`; the file has none'],
		[{ service: 'stock', side: 'inbound' }, '--service with --side inbound\n  expected outbound: only calls'],
	])('refuses the port of a service with 64 where there is none: %j', async (args, said) => {
		const { code, stdout, stderr } = await explain({ file: 'ports.yaml', ...args });
		expect({ code, stdout }).toEqual({ code: 64, stdout: '' });
		expect(stderr).toContain(said);
	});

	it.each([
		['a side that is none', { side: 'left' }, '--side is `left`\n  expected inbound or outbound\n'],
		['a header that is none', { header: ['x-a'] }, "`x-a` is no header\n  expected a line such as 'x-a: 1'\n"],
		[
			'a request that is none',
			{ request: 'r7' },
			"`r7` is no request\n  expected a request such as 'GET http://orders/x'",
		],
	])('refuses %s with 64', async (_, args, said) => {
		const { code, stdout, stderr } = await explain(args);
		expect({ code, stdout }).toEqual({ code: 64, stdout: '' });
		expect(stderr).toContain(said);
	});

	it('says what is wrong with the file, and exits with 64', async () => {
		const { code, stdout, stderr } = await explain({ file: 'bad.yaml' });
		expect({ code, stdout }).toEqual({ code: 64, stdout: '' });
		expect(stderr).toContain('bad.yaml:1:1: ');
		expect((await explain({ file: 'none.yaml' })).stderr).toContain('there is no such file');
	});

	it('says warnings on stderr', async () => {
		const { code, stderr } = await explain({ file: 'warned.yaml' });
		expect(code).toBe(0);
		expect(stderr).toContain('warned.yaml:3:18: warning: ');
	});
});
