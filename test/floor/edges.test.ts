import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** The folder edges, tried on planted sources: a check that cannot fail is worth nothing. */

const ROOT = resolve(import.meta.dirname, '../..');
let scratch = '';

beforeAll(() => {
	scratch = mkdtempSync(join(tmpdir(), 'outrigger-edges-'));
	for (const file of ['.dependency-cruiser.cjs', 'tsconfig.json', 'package.json', 'scripts']) {
		cpSync(join(ROOT, file), join(scratch, file), { recursive: true });
	}
	symlinkSync(join(ROOT, 'node_modules'), join(scratch, 'node_modules'));
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** A tree that holds to every rule; each plant adds to it. */
const GOOD: Record<string, string> = {
	'error.ts': 'export const a = 1;',
	'http/head.ts': "import { a } from '../error.ts'; export const head = a;",
	'http1/parser.ts': "import { head } from '../http/head.ts'; export const parser = head;",
	'config/schema.ts': "import { z } from 'zod'; import { parse } from 'yaml'; export const schema = [z, parse];",
	'ports/stream.ts': "import type { head } from '../http/head.ts'; export type Stream = typeof head;",
	'io/wheel.ts': "import { setTimeout } from 'node:timers'; export const wheel = setTimeout;",
	'proxy/forward.ts': "import type { Stream } from '../ports/stream.ts'; export type F = Stream;",
	'upstream/pool.ts':
		"import { connect } from 'node:net'; import { wheel } from '../io/wheel.ts'; export const p = [connect, wheel];",
	'app.ts':
		"import { p } from './upstream/pool.ts'; export type { F } from './proxy/forward.ts'; export const app = p;",
	'cli/run.ts': "import { app } from '../app.ts'; export const run = app;",
	'main.ts': "import { run } from './cli/run.ts'; run.length;",
};

function cruise(plants: Record<string, string>): { status: number | null; output: string } {
	rmSync(join(scratch, 'src'), { recursive: true, force: true });
	for (const [name, text] of Object.entries({ ...GOOD, ...plants })) {
		const file = join(scratch, 'src', name);
		mkdirSync(dirname(file), { recursive: true });
		writeFileSync(file, text);
	}
	const result = spawnSync(
		process.execPath,
		[
			'--import',
			'./scripts/typescript-6.mjs',
			'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs',
			'--output-type',
			'err',
			'src',
		],
		{ cwd: scratch, encoding: 'utf8', env: { ...process.env, NO_COLOR: '1' } },
	);
	return { status: result.status, output: result.stdout + result.stderr };
}

describe('folder edges', () => {
	it('accepts a tree that holds to the table, and reads all of it', () => {
		const { status, output } = cruise({});
		expect(output).toContain('no dependency violations found');
		expect(output).toMatch(/\b1[4-9] modules\b/);
		expect(status).toBe(0);
	});

	it.each([
		['an upper folder imports a lower one', 'row-http', { 'http/bad.ts': "import '../http1/parser.ts';" }],
		[
			'… by type only',
			'row-http',
			{ 'http/bad.ts': "import type { F } from '../proxy/forward.ts'; export type G = F;" },
		],
		['… by re-export', 'row-ports', { 'ports/bad.ts': "export { wheel } from '../io/wheel.ts';" }],
		['… by dynamic import', 'row-io', { 'io/bad.ts': "export const late = () => import('../proxy/forward.ts');" }],
		['an I/O folder imports its neighbour', 'row-proxy', { 'proxy/bad.ts': "import '../upstream/pool.ts';" }],
		[
			'… the other way',
			'row-upstream',
			{ 'upstream/bad.ts': "import type { F } from '../proxy/forward.ts'; export type G = F;" },
		],
		['the composition root imports the command line', 'row-app.ts', { 'app.ts': "import './cli/run.ts';" }],
		['a pure folder imports a node: module', 'pure-no-node', { 'routing/bad.ts': "import 'node:fs';" }],
		['a pure folder imports a package that does I/O', 'pure-no-package', { 'config/bad.ts': "import 'undici';" }],
		['two files import each other', 'no-cycle', { 'io/a.ts': "import './b.ts';", 'io/b.ts': "import './a.ts';" }],
		[
			'… by types only',
			'no-cycle',
			{
				'io/a.ts': "import type { B } from './b.ts'; export type A = B;",
				'io/b.ts': "import type { A } from './a.ts'; export type B = A | 1;",
			},
		],
		[
			'a source file lies outside the table',
			'known-place',
			{ 'utils/bad.ts': '', 'main.ts': "import './utils/bad.ts';" },
		],
		['an import leads nowhere', 'unresolvable', { 'io/bad.ts': "import './gone.ts';" }],
	])('refuses it when %s', (_what, rule, plants) => {
		const { status, output } = cruise(plants as unknown as Record<string, string>);
		expect(output).toContain(`error ${rule}:`);
		expect(status).not.toBe(0);
	});
});
