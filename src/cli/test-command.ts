/** `outrigger test FILE…`: runs the `tests` that stand in route files. Exit 1 when one fails. */
import type { Command } from 'commander';
import { forTerminal } from '../config/for-terminal.ts';
import { formatIssue } from '../config/issue.ts';
import type { TestResult } from '../explain/run-tests.ts';
import type { CommandIo } from './command-io.ts';
import { EXIT } from './exit-codes.ts';
import { loadRouteFile } from './load-route-file.ts';

export interface TestArguments {
	readonly files: readonly string[];
	readonly json?: boolean;
}

const HELP = `
Example:
  outrigger test routes/full.yaml

Exit status 0: all hold. 1: one fails. 64: a file is not valid.`;

export function registerTest(program: Command, io: CommandIo, finish: (exitCode: number) => void): void {
	program
		.command('test')
		.summary('run the tests that stand in route files')
		.description('Run the `tests` that stand in route files; says of each what happens, and why when it fails.')
		.argument('<file...>', 'route files, or folders of YAML files')
		.option('--json', 'print JSON')
		.addHelpText('after', HELP)
		.action(async (files: string[], options: Omit<TestArguments, 'files'>) => {
			finish(await runTestCommand({ ...options, files }, io));
		});
}

export async function runTestCommand({ files, json }: TestArguments, io: CommandIo): Promise<number> {
	const results: TestResult[] = [];
	let areValid = true;
	for (const file of files) {
		const found = await resultsOf(file, io);
		areValid &&= found !== null;
		results.push(...(found ?? []));
	}
	if (json === true) io.stdout(`${JSON.stringify(results, null, 2)}\n`);
	else for (const result of results) io.stdout(resultText(result));
	const failed = results.filter(({ ok }) => !ok).length;
	io.stderr(`${results.length} ${results.length === 1 ? 'test' : 'tests'}, ${failed} failed\n`);
	if (!areValid) return EXIT.badConfig;
	return failed === 0 ? EXIT.done : EXIT.checkFailed;
}

/** `null`: the file is not valid, which has been said. */
async function resultsOf(file: string, io: CommandIo): Promise<TestResult[] | null> {
	const loaded = await loadRouteFile(file, io);
	for (const issue of loaded.ok ? loaded.warnings : loaded.issues) io.stderr(`${formatIssue(issue)}\n`);
	if (!loaded.ok) return null;
	const { explainedFile } = await import('./explained-file.ts');
	const { Explainer } = await import('../explain/explain.ts');
	const { runTests } = await import('../explain/run-tests.ts');
	return runTests(loaded.config, new Explainer(await explainedFile(loaded)));
}

function resultText({ name, at, request, ok, happens, failures }: TestResult): string {
	const title = name === '' ? request : `${name}: ${request}`;
	const lines = [`${ok ? 'ok  ' : 'FAIL'}  ${at.file}:${at.line}  ${title}  → ${happens}`];
	for (const { expected, because } of failures) {
		lines.push(`      expected ${expected}`);
		if (because !== '') lines.push(`      ${because}`);
	}
	return forTerminal(`${lines.join('\n')}\n`);
}
