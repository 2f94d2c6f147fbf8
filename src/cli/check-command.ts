/** `outrigger check FILE…`: validates route files, their `tests` included. Exit 0, or 64 with issues (`--strict`: with warnings, too). */
import type { Command } from 'commander';
import type { Config } from '../config/config.ts';
import { formatIssue, type Issue, type IssueStyle } from '../config/issue.ts';
import type { CommandIo } from './command-io.ts';
import { EXIT } from './exit-codes.ts';
import { loadRouteFile } from './load-route-file.ts';
import { withTests } from './test-gate.ts';

export interface CheckArguments {
	readonly files: readonly string[];
	/** Warnings count as issues. */
	readonly strict?: boolean;
	/** Issues as JSON on stdout. */
	readonly json?: boolean;
	/** Issues as workflow annotations of GitHub on stdout. */
	readonly github?: boolean;
}

const HELP = `
Example:
  outrigger check routes/example.yaml routes/full.yaml

Exit status 0: valid, perhaps with warnings. 64: not valid.`;

export function registerCheck(program: Command, io: CommandIo, finish: (exitCode: number) => void): void {
	program
		.command('check')
		.summary('validate route files')
		.description('Validate route files: every issue at once, each with file, line and column.')
		.argument('<file...>', 'route files, or folders of YAML files')
		.option('--strict', 'fail on warnings, too')
		.option('--json', 'print the issues as JSON')
		.option('--github', 'print the issues as GitHub workflow annotations')
		.addHelpText('after', HELP)
		.action(async (files: string[], options: Omit<CheckArguments, 'files'>) => {
			finish(await runCheck({ ...options, files }, io));
		});
}

export async function runCheck(args: CheckArguments, io: CommandIo): Promise<number> {
	const issues: Issue[] = [];
	const isText = args.json !== true && args.github !== true;
	for (const file of args.files) {
		const result = await withTests(await loadRouteFile(file, io));
		const found = result.ok ? [...result.warnings, ...result.notes] : result.issues;
		issues.push(...found);
		if (isText) sayText(file, found, result.ok ? countRules(result.config) : null, io);
	}
	const errors = issues.filter((issue) => issue.severity === 'error');
	const faults = issues.filter((issue) => issue.severity !== 'note');
	const isValid = errors.length === 0 && (args.strict !== true || faults.length === 0);
	if (args.json === true) io.stdout(`${JSON.stringify({ ok: isValid, issues }, null, 2)}\n`);
	if (args.github === true) for (const issue of issues) io.stdout(`${annotation(issue)}\n`);
	return isValid ? EXIT.done : EXIT.badConfig;
}

function sayText(file: string, issues: readonly Issue[], rules: number | null, io: CommandIo): void {
	const style = io.isTTY && !hasValue(io.env('NO_COLOR')) ? COLOURS : undefined;
	for (const issue of issues) io.stderr(`${formatIssue(issue, style)}\n`);
	const faults = issues.filter((issue) => issue.severity !== 'note').length;
	const count = plural(faults, rules === null ? 'issue' : 'warning');
	const verdict = rules === null ? count : `valid, ${plural(rules, 'rule')}${faults > 0 ? `, ${count}` : ''}`;
	io.stderr(`${file}: ${verdict}\n`);
}

function countRules({ inbound, outbound }: Config): number {
	return inbound.routes.length + (outbound?.routes.length ?? 0);
}

function plural(count: number, noun: string): string {
	return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** no-color.org: any value but the empty one. */
function hasValue(text: string | undefined): boolean {
	return text !== undefined && text !== '';
}

const YELLOW = '\x1b[33m';
const RED = '\x1b[31m';
const RESET = '\x1b[0m';
const COLOURS: IssueStyle = {
	severity: (text) => `${YELLOW}${text}${RESET}`,
	caret: (text) => `${RED}${text}${RESET}`,
};

/** https://docs.github.com/actions/reference/workflow-commands-for-github-actions */
function annotation(issue: Issue): string {
	const { severity, file, line, column, length } = issue;
	const place = `file=${escapeProperty(file)},line=${line},col=${column},endColumn=${column + length}`;
	const expected = issue.expected === '' ? '' : `\nexpected ${issue.expected}`;
	const hint = issue.hint === '' ? '' : `\n${issue.hint}`;
	return `::${severity === 'note' ? 'notice' : severity} ${place}::${escapeData(`${issue.message}${expected}${hint}`)}`;
}

function escapeData(text: string): string {
	return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapeProperty(text: string): string {
	return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
