/**
 * `npm test` and `npm run check`: runs the checks one after the other, all of them even when one fails, and says at the
 * end what held. Arguments name the steps to run (none: all); an argument that names no step goes to the test runner.
 *
 * The last line is `N passed, N failed`, where each check before the tests counts as one.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '..');
const REPORT_FOLDER = mkdtempSync(join(tmpdir(), 'outrigger-verify-'));
const REPORT = join(REPORT_FOLDER, 'vitest.json');

/** Biome colours its output even in a pipe, letter by letter, and so makes it unreadable in a log. */
const COLOURS = `--colors=${process.stdout.isTTY ? 'force' : 'off'}`;

interface Step {
	readonly name: string;
	readonly checks: string;
	readonly command: readonly string[];
}

interface Outcome {
	readonly passed: number;
	readonly failed: number;
	readonly skipped: number;
}

const STEPS: readonly Step[] = [
	{ name: 'types', checks: 'TypeScript, strict', command: ['tsc', '-p', '.'] },
	{ name: 'lint', checks: 'Biome: rules and format', command: ['biome', 'ci', '--error-on-warnings', COLOURS] },
	{
		name: 'edges',
		checks: 'dependency-cruiser: who may import whom, no cycles',
		command: [
			'node',
			'--import',
			'./scripts/typescript-6.mjs',
			'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs',
			'src',
		],
	},
	{ name: 'unused', checks: 'knip: files, exports and dependencies nobody uses', command: ['knip'] },
	{
		name: 'tests',
		checks: 'Vitest',
		command: ['vitest', 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${REPORT}`],
	},
];

/** The runner's own count. A run that left no readable report counts as one failure. */
function countTests(exitedWell: boolean): Outcome {
	try {
		const report = JSON.parse(readFileSync(REPORT, 'utf8')) as Record<string, unknown>;
		const count = (key: string): number => Number(report[key] ?? 0);
		const passed = count('numPassedTests');
		const failed = count('numFailedTests');
		// A file that cannot be loaded and an error outside any test fail the run without failing a test; a run of no
		// tests shows nothing.
		const isUncounted = failed === 0 && (!exitedWell || passed === 0);
		return {
			passed,
			failed: failed + (isUncounted ? 1 : 0),
			skipped: count('numPendingTests') + count('numTodoTests'),
		};
	} catch {
		return { passed: 0, failed: 1, skipped: 0 };
	}
}

function runStep(step: Step, extra: readonly string[]): Outcome {
	console.log(`\n── ${step.name}: ${step.checks}`);
	const [program = '', ...args] = [...step.command, ...extra];
	const started = process.hrtime.bigint();
	const result = spawnSync(program, args, { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] });
	const seconds = Number(process.hrtime.bigint() - started) / 1e9;
	if (result.error !== undefined) console.error(`${program}: ${result.error.message}`);
	const exitedWell = result.status === 0;
	console.log(`${exitedWell ? 'ok    ' : 'FAILED'} ${step.name} (${seconds.toFixed(1)} s)`);
	if (step.name === 'tests') return countTests(exitedWell);
	return exitedWell ? { passed: 1, failed: 0, skipped: 0 } : { passed: 0, failed: 1, skipped: 0 };
}

function main(): void {
	const asked = process.argv.slice(2);
	const names = asked.filter((word) => STEPS.some((step) => step.name === word));
	const filters = asked.filter((word) => !names.includes(word));
	const steps = names.length > 0 ? STEPS.filter((step) => names.includes(step.name)) : STEPS;

	const outcomes = steps.map((step) => ({ step, ...runStep(step, step.name === 'tests' ? filters : []) }));
	rmSync(REPORT_FOLDER, { recursive: true, force: true });

	console.log('\n── summary');
	for (const { step, passed, failed } of outcomes) {
		const count = step.name === 'tests' ? ` (${passed} passed, ${failed} failed)` : '';
		console.log(`${failed === 0 ? 'ok    ' : 'FAILED'} ${step.name}${count}`);
	}
	const sum = (key: keyof Outcome): number => outcomes.reduce((total, outcome) => total + outcome[key], 0);
	const skipped = sum('skipped') > 0 ? `, ${sum('skipped')} skipped` : '';
	console.log(`\n${sum('passed')} passed, ${sum('failed')} failed${skipped}`);
	process.exitCode = sum('failed') > 0 ? 1 : 0;
}

main();
