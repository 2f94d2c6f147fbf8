import { describe, expect, it } from 'vitest';
import { runCheck } from '../../src/cli/check-command.ts';
import { compileText } from '../../src/cli/compile-text.ts';
import { runTestCommand } from '../../src/cli/test-command.ts';
import { loadRegexCompiler } from '../../src/routing/regex.ts';
import { memoryIo } from './memory-io.ts';

const ROUTES = `app: { port: 8080 }
inbound:
  listen: 8000
  unmatched: reject
  routes:
    - { name: reads, matches: [{ path: /a, method: GET }], backendRefs: [{ name: app, weight: 1 }, { name: b, weight: 0 }] }
    - { name: numbers, matches: [{ path: "~ /[0-9]+" }], directResponse: { status: 204 } }
    - { name: "\${NAME}", matches: [{ path: "\${PATH}" }], backendRefs: [{ name: "\${BACKEND}" }] }
services:
  b: { hostnames: [b], endpoints: [{ address: "127.0.0.1:1" }] }
`;
const ENV = { NAME: 'hidden', PATH: '/hidden', BACKEND: 'b' };
const GOOD = `tests:
  - { name: reads, request: { path: /a/1 }, expect: { route: reads, backend: app } }
  - { request: { path: /7 }, expect: { route: numbers, status: 204 } }
  - { request: { path: /none }, expect: { route: "", status: 404 } }
  - { request: { path: /hidden }, expect: { route: hidden, backend: b } }
`;

/** One test, and why it fails: what happens, what was expected, and the reason. */
const BAD: [string, string, string, string, string][] = [
	[
		'another rule',
		'{ request: { path: /7 }, expect: { route: reads } }',
		'rule `numbers` gets it',
		'rule `reads`',
		'`reads` (a.yaml:6): path /7 is not under /a',
	],
	[
		'no rule',
		'{ request: { method: POST, path: /a }, expect: { route: reads } }',
		'no rule takes it, and `inbound.unmatched` is `reject`',
		'rule `reads`',
		'`reads` (a.yaml:6): method POST is not GET',
	],
	[
		'a rule where none was expected',
		'{ request: { path: /a }, expect: { route: "" } }',
		'rule `reads` gets it',
		'that no rule takes it',
		'',
	],
	['a backend without a share', '{ request: { path: /a }, expect: { backend: b } }', 'to app', 'backend `b`', ''],
	[
		'an answer where a backend was expected',
		'{ request: { path: /7 }, expect: { backend: app } }',
		'answered with 204',
		'backend `app`',
		'',
	],
	[
		'a backend where a status was expected',
		'{ request: { path: /a }, expect: { status: 200 } }',
		'to app',
		'status 200',
		'',
	],
	[
		'a request that no listener takes',
		'{ request: { path: /%zz }, expect: { route: reads } }',
		'bad escape in the path',
		'rule `reads`',
		'',
	],
	[
		'a side that is not there',
		'{ request: { side: outbound, path: /a }, expect: { backend: app } }',
		'refused',
		'backend `app`',
		'',
	],
	[
		'what came from the environment, masked',
		'{ request: { path: /a }, expect: { route: hidden } }',
		'rule `reads` gets it',
		'rule `hidden`',
		'`hidden` (a.yaml:8): path /a is not under ${PATH}',
	],
];

async function test(tests: string, json = false) {
	const io = memoryIo({ 'a.yaml': ROUTES + tests, 'b.yaml': 'app: { port: 1 }\n' }, ENV);
	const code = await runTestCommand({ files: ['a.yaml'], json }, io);
	return { code, ...io.said };
}

describe('outrigger test', () => {
	it('says of each test what happens, and exits with 0 when all hold', async () => {
		const { code, stdout, stderr } = await test(GOOD);
		expect({ code, stderr }).toEqual({ code: 0, stderr: '4 tests, 0 failed\n' });
		expect(stdout).toContain('ok    a.yaml:12  reads: GET http://localhost/a/1  → rule reads, to app\n');
		expect(stdout).toContain('→ rule numbers, answered with 204\n');
		expect(stdout).toContain('→ no rule, refused with 404 no_route\n');
	});

	it.each(BAD)('says why one fails: %s', async (_, entry, happens, expected, because) => {
		const { code, stdout, stderr } = await test(`tests:\n  - ${entry}\n`);
		expect({ code, stderr }).toEqual({ code: 1, stderr: '1 test, 1 failed\n' });
		expect(stdout).toMatch(/^FAIL {2}a\.yaml:12 {2}/);
		expect(stdout).toContain(`      expected ${expected}\n${because === '' ? '' : `      ${because}\n`}`);
		const [result] = JSON.parse((await test(`tests:\n  - ${entry}\n`, true)).stdout) as { failures: unknown[] }[];
		expect(result?.failures).toEqual([{ happens, expected, because }]);
	});

	it('is content with a file that has none', async () => {
		expect(await test('')).toEqual({ code: 0, stdout: '', stderr: '0 tests, 0 failed\n' });
	});

	it('tells no value of the environment, of rules or of tests', async () => {
		const tests = `tests:
  - name: "\${NAME}"
    request: { host: "\${NAME}", path: "\${PATH}/x", headers: { x-a: "\${NAME}" } }
    expect: { route: numbers, backend: "x-\${NAME}" }
  - { request: { path: /none }, expect: { route: "\${NAME}" } }
  - { request: { path: "\${PATH}" }, expect: { status: 404 } }
`;
		for (const json of [false, true]) {
			const { code, stdout, stderr } = await test(tests, json);
			expect(code).toBe(1);
			expect(stdout + stderr).not.toContain('hidden');
		}
		const io = memoryIo({ 'a.yaml': ROUTES + tests }, ENV);
		await runCheck({ files: ['a.yaml'] }, io);
		expect(io.said.stderr).not.toContain('hidden');
		expect(io.said.stderr).toContain(
			'`tests[0]` (`${NAME}`) does not hold for GET http://${NAME}${PATH}/x: rule `${NAME}` gets it',
		);
		expect(io.said.stderr).toContain('`tests[1]` does not hold for GET http://localhost/none: no rule takes it');
	});

	it('exits with 64 for a file that is not valid, and runs the others all the same', async () => {
		const io = memoryIo({ 'a.yaml': ROUTES + GOOD, 'b.yaml': 'app: { port: 1 }\n' }, ENV);
		expect(await runTestCommand({ files: ['b.yaml', 'a.yaml'] }, io)).toBe(64);
		expect(io.said.stderr).toContain('b.yaml:1:1: ');
		expect(io.said.stdout).toContain('rule reads, to app\n');
	});
});

describe('a file whose tests do not hold', () => {
	const compileRegex = loadRegexCompiler();
	const compile = async (tests: string) =>
		compileText('a.yaml', [{ file: 'a.yaml', bytes: Buffer.from(ROUTES + tests) }], {
			env: (name) => ENV[name as keyof typeof ENV],
			newHash: () => ({ update: () => undefined, digest: () => 'abc' }),
			compileRegex: await compileRegex,
		});

	it.each(BAD)('is rejected at the start and at a reload: %s', async (_, entry, happens, expected, because) => {
		const compiled = await compile(`tests:\n  - ${entry}\n`);
		expect(compiled).toMatchObject({
			ok: false,
			issues: [
				{
					file: 'a.yaml',
					line: 12,
					column: 5,
					severity: 'error',
					path: 'tests[0]',
					message: expect.stringContaining(happens),
					expected,
					hint: because,
				},
			],
		});
	});

	it('is taken when they do', async () => {
		expect(await compile(GOOD)).toMatchObject({ ok: true });
	});

	it('is rejected by check', async () => {
		const tests = 'tests:\n  - { name: mine, request: { path: /7 }, expect: { route: reads } }\n';
		const io = memoryIo({ 'a.yaml': ROUTES + tests }, ENV);
		expect(await runCheck({ files: ['a.yaml'] }, io)).toBe(64);
		expect(io.said.stderr).toContain(
			'a.yaml:12:5: `tests[0]` (`mine`) does not hold for GET http://localhost/7: rule `numbers` gets it\n' +
				'  expected rule `reads`\n' +
				'  `reads` (a.yaml:6): path /7 is not under /a\n' +
				'a.yaml: 1 issue\n',
		);
	});
});
