import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** The lint rules that the design leans on, tried on planted sources in a copy of the project's configuration. */

const ROOT = resolve(import.meta.dirname, '../..');
let scratch = '';

beforeAll(() => {
	scratch = mkdtempSync(join(tmpdir(), 'outrigger-bans-'));
	for (const file of ['biome.json', '.gitignore', 'package.json', 'tsconfig.json'])
		cpSync(join(ROOT, file), join(scratch, file));
	symlinkSync(join(ROOT, 'node_modules'), join(scratch, 'node_modules'));
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Names of the rules that a source breaks when it stands at `path`. */
function rulesBroken(path: string, text: string): string[] {
	const file = join(scratch, path);
	mkdirSync(dirname(file), { recursive: true });
	writeFileSync(file, text);
	const result = spawnSync(join(ROOT, 'node_modules/.bin/biome'), ['lint', '--reporter=json', path], {
		cwd: scratch,
		encoding: 'utf8',
	});
	rmSync(file);
	const report = JSON.parse(result.stdout) as { diagnostics: { category: string }[] };
	return report.diagnostics.map((diagnostic) => diagnostic.category.split('/').at(-1) ?? '');
}

const inFunction = (statement: string): string => `export function planted(): unknown {\n\treturn ${statement};\n}\n`;

const AMBIENT: [statement: string, rule: string][] = [
	['Date.now()', 'noJsRestrictedProperties'],
	['Math.random()', 'noJsRestrictedProperties'],
	['globalThis.setTimeout', 'noJsRestrictedProperties'],
	['performance.now()', 'noRestrictedGlobals'],
	['setTimeout(planted, 1)', 'noRestrictedGlobals'],
	['setInterval(planted, 1)', 'noRestrictedGlobals'],
	['setImmediate(planted)', 'noRestrictedGlobals'],
	['process.pid', 'noRestrictedGlobals'],
	['crypto.randomUUID()', 'noRestrictedGlobals'],
];

describe('ambient time, randomness and process', () => {
	it.each(AMBIENT)('%s is refused in the pure folders and on the data path', (statement, rule) => {
		for (const folder of ['http', 'routing', 'proxy', 'upstream']) {
			expect(rulesBroken(`src/${folder}/planted.ts`, inFunction(statement))).toEqual([rule]);
		}
	});

	it.each(['src/io/planted.ts', 'src/cli/planted.ts', 'src/app.ts', 'src/main.ts'])(
		'all of it is allowed in %s',
		(path) => {
			for (const [statement] of AMBIENT) {
				if (statement.startsWith('globalThis')) continue;
				expect(rulesBroken(path, inFunction(statement))).toEqual([]);
			}
		},
	);

	it.each(['node:process', 'node:timers', 'node:timers/promises', 'node:perf_hooks'])(
		'importing %s is refused too',
		(name) => {
			const text = `import * as planted from '${name}';\nexport const used = planted;\n`;
			expect(rulesBroken('src/proxy/planted.ts', text)).toContain('noRestrictedImports');
			expect(rulesBroken('src/io/planted.ts', text)).toEqual([]);
		},
	);
});

describe('the rules of taste', () => {
	const lines = (count: number, line: string): string => `${line}\n`.repeat(count);

	// Biome counts what stands between the lines of the two braces, hence 48 in biome.json.
	it('a function of 50 lines is accepted, one of 51 is refused', () => {
		const body = (count: number): string =>
			`export function planted(n: number): void {\n${lines(count - 2, '\tn += 1;')}}\n`;
		expect(rulesBroken('src/http/planted.ts', body(50))).toEqual([]);
		expect(rulesBroken('src/http/planted.ts', body(51))).toEqual(['noExcessiveLinesPerFunction']);
	});

	it('a file of 400 lines is accepted, one of 401 is refused', () => {
		expect(rulesBroken('src/http/planted.ts', lines(400, 'export {};'))).not.toContain('noExcessiveLinesPerFile');
		expect(rulesBroken('src/http/planted.ts', lines(401, 'export {};'))).toContain('noExcessiveLinesPerFile');
	});

	it.each([
		[
			'a promise left alone',
			'noFloatingPromises',
			'const f = async () => await Promise.resolve(1);\nexport function g(): void {\n\tf();\n}\n',
		],
		[
			'a switch that forgets a case',
			'useExhaustiveSwitchCases',
			"export function f(a: 'x' | 'y'): number {\n\tswitch (a) {\n\t\tcase 'x':\n\t\t\treturn 1;\n\t}\n\treturn 2;\n}\n",
		],
		['any', 'noExplicitAny', 'export const f = (a: any): unknown => a;\n'],
		['a non-null assertion', 'noNonNullAssertion', 'export const f = (a: string | null): string => a!;\n'],
		['an import without its ending', 'useImportExtensions', "import { f } from './other';\nexport const g = f;\n"],
		['a default export', 'noDefaultExport', 'export default 1;\n'],
		['console', 'noConsole', 'export const f = (): void => console.log(1);\n'],
		[
			'a dev dependency that is not declared',
			'noUndeclaredDependencies',
			"import x from 'left-pad';\nexport const y = x;\n",
		],
	])('%s is refused', (_what, rule, text) => {
		writeFileSync(join(scratch, 'src/http/other.ts'), 'export const f = 1;\n');
		expect(rulesBroken('src/http/planted.ts', text)).toContain(rule);
	});

	it.each([
		['a test singled out', 'noFocusedTests', 'it.only'],
		['a test switched off', 'noSkippedTests', 'it.skip'],
	])('%s is refused', (_what, rule, call) => {
		const text = `import { it } from 'vitest';\n\n${call}('x', () => {});\n`;
		expect(rulesBroken('test/planted.test.ts', text)).toContain(rule);
	});
});
