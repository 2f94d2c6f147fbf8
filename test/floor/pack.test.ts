import { spawnSync } from 'node:child_process';
import {
	cpSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/**
 * `npm pack`, and what comes out of it put where an install would put it: the package beside its runtime dependencies,
 * hoisted, with nothing else in reach. No registry is asked.
 */

const ROOT = resolve(import.meta.dirname, '../..');
const PACK_TIMEOUT_MS = 60_000;
/** What `npm pack` needs of a checkout; `dist` is built by `prepack`. */
const PARTS = [
	'bin',
	'src',
	'scripts',
	'routes',
	'schema',
	'docs',
	'package.json',
	'tsconfig.json',
	'tsconfig.build.json',
	'README.md',
	'LICENSE',
	'CHANGELOG.md',
];

let scratch = '';
let installed = '';
let command = '';

function run(
	program: string,
	args: readonly string[],
	cwd: string,
): { status: number | null; stdout: string; stderr: string } {
	return spawnSync(program, args, { cwd, encoding: 'utf8', timeout: PACK_TIMEOUT_MS });
}

/** Folders of the packages that an install without dev dependencies brings, hoisted or nested. */
function runtimePackages(): string[] {
	const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
		packages: Record<string, { dev?: boolean; devOptional?: boolean }>;
	};
	return Object.entries(lock.packages)
		.filter(([path, entry]) => /^node_modules\/(@[^/]+\/)?[^/]+$/.test(path) && !entry.dev && !entry.devOptional)
		.map(([path]) => path);
}

beforeAll(() => {
	scratch = mkdtempSync(join(tmpdir(), 'outrigger-pack-'));
	const checkout = join(scratch, 'checkout');
	for (const part of PARTS) {
		if (existsSync(join(ROOT, part))) cpSync(join(ROOT, part), join(checkout, part), { recursive: true });
	}
	symlinkSync(join(ROOT, 'node_modules'), join(checkout, 'node_modules'));
	const packed = run('npm', ['pack', '--offline', '--pack-destination', scratch], checkout);
	if (packed.status !== 0) throw new Error(`npm pack failed: ${packed.stdout}${packed.stderr}`);

	const home = join(scratch, 'elsewhere');
	installed = join(home, 'node_modules/outrigger');
	mkdirSync(installed, { recursive: true });
	const tarball = readdirSync(scratch).find((name) => name.endsWith('.tgz')) ?? '';
	run('tar', ['-xzf', join(scratch, tarball), '--strip-components=1', '-C', installed], scratch);
	for (const path of runtimePackages()) {
		if (!existsSync(join(ROOT, path))) continue;
		mkdirSync(dirname(join(home, path)), { recursive: true });
		symlinkSync(join(ROOT, path), join(home, path));
	}
	mkdirSync(join(home, 'node_modules/.bin'));
	command = join(home, 'node_modules/.bin/outrigger');
	symlinkSync('../outrigger/bin/outrigger', command);
}, PACK_TIMEOUT_MS);
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe('the package', () => {
	it('holds what runs and what explains it, and no sources, tests or keys', () => {
		const top = readdirSync(installed);
		expect(top).toEqual(expect.arrayContaining(['bin', 'dist', 'routes', 'README.md', 'LICENSE', 'package.json']));
		for (const absent of ['src', 'test', 'bench', 'node_modules', 'certs', 'scripts'])
			expect(top).not.toContain(absent);
		const compiled = readdirSync(join(installed, 'dist'), { recursive: true }).map(String);
		expect(compiled).toContain('main.js');
		expect(compiled.filter((name) => /\.test\.|\.ts$/.test(name))).toEqual([]);
	});

	it('runs from any folder through the link that an install makes', () => {
		const help = run(command, ['run', '--help'], '/');
		expect(help.stderr).toBe('');
		expect(help.status).toBe(0);
		expect(help.stdout).toContain('outrigger run');
	});

	it('checks a route file, and refuses a bad one with status 64', () => {
		const folder = join(scratch, 'files');
		mkdirSync(folder);
		writeFileSync(join(folder, 'good.yaml'), 'app: { port: 8080 }\ninbound: { listen: 8000 }\n');
		writeFileSync(join(folder, 'bad.yaml'), 'app: { prot: 8080 }\ninbound: { listen: 8000 }\n');
		expect(run(command, ['check', 'good.yaml'], folder).status).toBe(0);
		const bad = run(command, ['check', 'bad.yaml'], folder);
		expect(bad.status).toBe(64);
		expect(bad.stderr + bad.stdout).toContain('bad.yaml:1');
	});
});
