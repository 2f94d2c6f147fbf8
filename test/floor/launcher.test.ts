import { spawn, spawnSync } from 'node:child_process';
import {
	chmodSync,
	cpSync,
	mkdirSync,
	mkdtempSync,
	realpathSync,
	rmSync,
	symlinkSync,
	utimesSync,
	writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** `bin/outrigger` in packages made for the test: which Node it takes, from where, and that it becomes it. */

const ROOT = resolve(import.meta.dirname, '../..');
const PINNED = `node_modules/node-linux-${process.arch}/bin/node`;
/** What the launcher needs from the system, and no Node. */
const SYSTEM_TOOLS = ['sh', 'uname', 'readlink', 'dirname', 'find', 'head', 'env'];
const REPORT = 'console.log(JSON.stringify({ pid: process.pid, file: import.meta.url, args: process.argv.slice(2) }))';

let scratch = '';
let tools = '';

beforeAll(() => {
	scratch = realpathSync(mkdtempSync(join(tmpdir(), 'outrigger-launcher-')));
	tools = join(scratch, 'tools');
	mkdirSync(tools);
	for (const tool of SYSTEM_TOOLS) {
		const found = spawnSync('sh', ['-c', `command -v ${tool}`], { encoding: 'utf8' }).stdout.trim();
		symlinkSync(found, join(tools, tool));
	}
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** A package folder with the launcher and a compiled main that reports; `dist` may be left out. */
function makePackage(at: string, parts: readonly ('dist' | 'src')[] = ['dist']): string {
	const root = join(scratch, at);
	cpSync(join(ROOT, 'bin'), join(root, 'bin'), { recursive: true });
	writeFileSync(join(root, 'package.json'), '{"type":"module"}');
	for (const part of parts) {
		mkdirSync(join(root, part));
		writeFileSync(join(root, part, part === 'dist' ? 'main.js' : 'main.ts'), REPORT);
	}
	return root;
}

function addPinned(folder: string): void {
	const target = join(folder, PINNED);
	mkdirSync(resolve(target, '..'), { recursive: true });
	symlinkSync(join(ROOT, PINNED), target);
}

/** A folder with a `node` that only knows its version; run, it says so and exits with 9. */
function fakeNode(version: string): string {
	const folder = mkdtempSync(join(scratch, 'fake-'));
	const file = join(folder, 'node');
	writeFileSync(
		file,
		`#!/bin/sh\n[ "$1" = --version ] && { echo ${version}; exit 0; }\necho "fake ${version}"; exit 9\n`,
	);
	chmodSync(file, 0o755);
	return folder;
}

function run(command: string, path: string, options: { cwd?: string; env?: Record<string, string> } = {}) {
	const result = spawnSync(command, ['a', 'b c'], {
		encoding: 'utf8',
		cwd: options.cwd ?? '/',
		env: { PATH: path, ...options.env },
	});
	return { status: result.status, stdout: result.stdout.trim(), stderr: result.stderr.trim() };
}

describe('which Node the launcher takes', () => {
	it('takes the pinned one when the one on the PATH is too old', () => {
		const root = makePackage('old-on-path');
		addPinned(root);
		const result = run(join(root, 'bin/outrigger'), `${fakeNode('v20.20.2')}:${tools}`);
		expect(result.stderr).toBe('');
		expect(JSON.parse(result.stdout).args).toEqual(['a', 'b c']);
	});

	it('takes the one on the PATH when it is newer than the pinned one', () => {
		const root = makePackage('new-on-path');
		addPinned(root);
		const result = run(join(root, 'bin/outrigger'), `${fakeNode('v99.0.0')}:${tools}`);
		expect(result).toMatchObject({ status: 9, stdout: 'fake v99.0.0' });
	});

	it('takes the one on the PATH when there is no pinned one and it fits', () => {
		const root = makePackage('no-pinned');
		const result = run(join(root, 'bin/outrigger'), `${fakeNode('v24.0.0')}:${tools}`);
		expect(result).toMatchObject({ status: 9, stdout: 'fake v24.0.0' });
	});

	it.each([['v23.11.1'], ['v20.0.0'], ['nonsense']])('refuses %s as the only one, with what to do', (version) => {
		const root = makePackage(`only-${version}`);
		const result = run(join(root, 'bin/outrigger'), `${fakeNode(version)}:${tools}`);
		expect(result.status).toBe(70);
		expect(result.stderr).toContain('needs Node.js 24 or newer');
	});

	it('refuses to run with no Node at all', () => {
		expect(run(join(makePackage('none'), 'bin/outrigger'), tools).status).toBe(70);
	});

	it('finds a pinned one that an install elsewhere has hoisted', () => {
		const root = makePackage('elsewhere/node_modules/outrigger');
		addPinned(join(scratch, 'elsewhere'));
		expect(run(join(root, 'bin/outrigger'), tools).status).toBe(0);
	});
});

describe('how the launcher starts it', () => {
	it('works through chains of relative and absolute symlinks and from any folder', () => {
		const root = makePackage('linked/node_modules/outrigger');
		addPinned(root);
		const bin = join(scratch, 'linked/node_modules/.bin');
		mkdirSync(bin);
		symlinkSync('../outrigger/bin/outrigger', join(bin, 'outrigger'));
		symlinkSync(join(bin, 'outrigger'), join(scratch, 'again'));
		for (const cwd of ['/', scratch, root]) expect(run(join(scratch, 'again'), tools, { cwd }).status).toBe(0);
		expect(run('./outrigger', tools, { cwd: bin }).status).toBe(0);
	});

	it('works in a folder with spaces in its name', () => {
		const root = makePackage('a folder/with spaces');
		addPinned(root);
		expect(run(join(root, 'bin/outrigger'), tools).status).toBe(0);
	});

	it('becomes Node: the process that was started is the one that runs', async () => {
		const root = makePackage('exec');
		addPinned(root);
		const child = spawn(join(root, 'bin/outrigger'), { env: { PATH: tools }, stdio: ['ignore', 'pipe', 'inherit'] });
		let printed = '';
		for await (const chunk of child.stdout) printed += String(chunk);
		expect(JSON.parse(printed).pid).toBe(child.pid);
	});

	it('passes NODE_OPTIONS through', () => {
		const root = makePackage('options');
		addPinned(root);
		const preload = join(scratch, 'preload.cjs');
		writeFileSync(preload, 'console.log("preloaded")');
		const result = run(join(root, 'bin/outrigger'), tools, { env: { NODE_OPTIONS: `--require=${preload}` } });
		expect(result.stdout).toMatch(/^preloaded\n/);
	});

	it('runs the sources until they are built, and again once one of them is newer', () => {
		const root = makePackage('checkout', ['src']);
		addPinned(root);
		const main = () => JSON.parse(run(join(root, 'bin/outrigger'), tools).stdout).file as string;
		expect(main()).toMatch(/src\/main\.ts$/);
		mkdirSync(join(root, 'dist'));
		writeFileSync(join(root, 'dist/main.js'), REPORT);
		utimesSync(join(root, 'src/main.ts'), 1_000, 1_000);
		expect(main()).toMatch(/dist\/main\.js$/);
		utimesSync(join(root, 'dist/main.js'), 1_000, 1_000);
		utimesSync(join(root, 'src/main.ts'), 2_000, 2_000);
		expect(main()).toMatch(/src\/main\.ts$/);
	});
});
