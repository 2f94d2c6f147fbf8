import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

/** `scripts/verify.ts` over stand-ins for the tools: what it counts, what it says last, what it exits with. */

const ROOT = resolve(import.meta.dirname, '../..');
let scratch = '';

beforeEach(() => {
	scratch = mkdtempSync(join(tmpdir(), 'outrigger-verify-test-'));
	mkdirSync(join(scratch, 'scripts'));
	mkdirSync(join(scratch, 'tools'));
	cpSync(join(ROOT, 'scripts/verify.ts'), join(scratch, 'scripts/verify.ts'));
	for (const name of ['tsc', 'biome', 'node', 'knip']) tool(name, 'exit 0');
	runner({ numPassedTests: 7, numFailedTests: 0 }, 0);
});
afterEach(() => rmSync(scratch, { recursive: true, force: true }));

function tool(name: string, script: string): void {
	const file = join(scratch, 'tools', name);
	writeFileSync(file, `#!/bin/sh\necho "ran ${name} $*"\n${script}\n`);
	chmodSync(file, 0o755);
}

/** A test runner that writes this report and exits with this status. */
function runner(report: unknown, status: number): void {
	const write = `for a in "$@"; do case "$a" in --outputFile.json=*) cat > "\${a#*=}" <<'R'\n${JSON.stringify(report)}\nR\n;; esac; done`;
	tool('vitest', `${write}\nexit ${status}`);
}

function verify(...args: string[]): { status: number | null; last: string; output: string } {
	const result = spawnSync(process.execPath, [join(scratch, 'scripts/verify.ts'), ...args], {
		encoding: 'utf8',
		env: { PATH: `${join(scratch, 'tools')}:/usr/bin:/bin` },
	});
	return { status: result.status, last: result.stdout.trimEnd().split('\n').at(-1) ?? '', output: result.stdout };
}

describe('verify', () => {
	it('counts the four checks and the tests', () => {
		expect(verify()).toMatchObject({ status: 0, last: '11 passed, 0 failed' });
	});

	it.each(['tsc', 'biome', 'node', 'knip'])('fails when %s fails, and still runs everything after it', (name) => {
		tool(name, 'exit 1');
		const { status, last, output } = verify();
		expect({ status, last }).toEqual({ status: 1, last: '10 passed, 1 failed' });
		expect(output).toContain('ran vitest');
	});

	it('fails when a tool is missing', () => {
		rmSync(join(scratch, 'tools/knip'));
		expect(verify()).toMatchObject({ status: 1, last: '10 passed, 1 failed' });
	});

	it('fails with the tests, and says how many were skipped', () => {
		runner({ numPassedTests: 5, numFailedTests: 2, numPendingTests: 1 }, 1);
		expect(verify()).toMatchObject({ status: 1, last: '9 passed, 2 failed, 1 skipped' });
	});

	it('fails when the runner fails outside any test', () => {
		runner({ numPassedTests: 7, numFailedTests: 0 }, 1);
		expect(verify()).toMatchObject({ status: 1, last: '11 passed, 1 failed' });
	});

	it('fails when the runner leaves no report', () => {
		tool('vitest', 'exit 0');
		expect(verify()).toMatchObject({ status: 1, last: '4 passed, 1 failed' });
	});

	it('fails when not one test ran', () => {
		runner({ numPassedTests: 0, numFailedTests: 0 }, 0);
		expect(verify().status).toBe(1);
	});

	it('runs only the steps that are named, and hands other words to the test runner', () => {
		const some = verify('types', 'lint');
		expect(some).toMatchObject({ status: 0, last: '2 passed, 0 failed' });
		expect(some.output).not.toContain('ran vitest');
		expect(verify('tests', 'test/http1').output).toMatch(/ran vitest .* test\/http1/);
	});
});
