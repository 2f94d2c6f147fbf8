/** What is wrong with a route file, said so that it can be mended without looking anything up. */
import { forTerminal } from './for-terminal.ts';
import type { Position } from './position.ts';

export interface Issue extends Position {
	/** Warnings do not keep a file from running. A note tells what has no meaning here and is left out on purpose. */
	readonly severity: 'error' | 'warning' | 'note';
	/** Dotted path of the key or value, after the document's name if it is of another kind; `''` for the whole file. */
	readonly path: string;
	readonly message: string;
	/** Characters that are wrong, from `column` on; at least 1. */
	readonly length: number;
	/** The offending line, or the part of it around the fault. A reference to the environment is not resolved in it. */
	readonly excerpt: string;
	/** Column at which the excerpt begins. */
	readonly excerptColumn: number;
	/** What would be right; `''` when the message says it all. */
	readonly expected: string;
	/** A complete sentence part such as "did you mean `hostnames`?"; `''` without. */
	readonly hint: string;
}

/** Marks parts for a terminal; the default marks nothing. */
export interface IssueStyle {
	severity(text: string): string;
	caret(text: string): string;
}

const PLAIN: IssueStyle = { severity: (text) => text, caret: (text) => text };

/** Longer lines are cut around the fault: a file on one line would be told whole with each of its mistakes. */
const MAX_EXCERPT_COLUMNS = 160;
const INDENT = '  ';

export function excerptOf(line: string, column: number): Pick<Issue, 'excerpt' | 'excerptColumn'> {
	const cut = line.length <= MAX_EXCERPT_COLUMNS ? 0 : Math.max(0, column - 1 - MAX_EXCERPT_COLUMNS / 2);
	return { excerpt: line.slice(cut, cut + MAX_EXCERPT_COLUMNS).trimEnd(), excerptColumn: cut + 1 };
}

/** `file:line:column: message`, the line with a caret, what was expected, and a hint. Ends without a newline. */
export function formatIssue(issue: Issue, style: IssueStyle = PLAIN): string {
	const { file, line, column } = issue;
	const severity = issue.severity === 'error' ? '' : `${style.severity(`${issue.severity}:`)} `;
	const lines = [`${forTerminal(file)}:${line}:${column}: ${severity}${forTerminal(issue.message)}`];
	if (issue.excerpt.trim() !== '') lines.push(...pointAt(issue, style));
	if (issue.expected !== '') lines.push(`${INDENT}expected ${forTerminal(issue.expected)}`);
	if (issue.hint !== '') lines.push(`${INDENT}${forTerminal(issue.hint)}`);
	return lines.join('\n');
}

function pointAt({ excerpt, excerptColumn, column, length }: Issue, style: IssueStyle): string[] {
	const before = column - excerptColumn;
	// Tabs stay tabs, so that the caret stands under its character at any tab width.
	const padding = excerpt.slice(0, before).replace(/[^\t]/g, ' ').padEnd(before, ' ');
	const width = Math.max(1, Math.min(length, excerpt.length - before));
	return [`${INDENT}${forTerminal(excerpt)}`, `${INDENT}${padding}${style.caret('^'.repeat(width))}`];
}
