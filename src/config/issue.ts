/** What is wrong with a route file, said so that it can be mended without looking anything up. */
import type { Position } from './position.ts';

export interface Issue extends Position {
	/** Warnings do not keep a file from running. A note tells what has no meaning here and is left out on purpose. */
	readonly severity: 'error' | 'warning' | 'note';
	/** Dotted path of the key or value, after the document's name if it is of another kind; `''` for the whole file. */
	readonly path: string;
	readonly message: string;
	/** Characters that are wrong, from `column` on; at least 1. */
	readonly length: number;
	/** The offending line as it stands in the file: a reference to the environment is not resolved in it. */
	readonly excerpt: string;
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

/** Longer lines are cut around the fault, so that minified YAML does not flood a terminal. */
const MAX_EXCERPT_COLUMNS = 160;
const INDENT = '  ';

/** `file:line:column: message`, the line with a caret, what was expected, and a hint. Ends without a newline. */
export function formatIssue(issue: Issue, style: IssueStyle = PLAIN): string {
	const severity = issue.severity === 'error' ? '' : `${style.severity(`${issue.severity}:`)} `;
	const lines = [`${issue.file}:${issue.line}:${issue.column}: ${severity}${issue.message}`];
	if (issue.excerpt.trim() !== '') lines.push(...pointAt(issue, style));
	if (issue.expected !== '') lines.push(`${INDENT}expected ${issue.expected}`);
	if (issue.hint !== '') lines.push(`${INDENT}${issue.hint}`);
	return lines.join('\n');
}

function pointAt(issue: Issue, style: IssueStyle): string[] {
	const cut = Math.max(0, issue.column - 1 - MAX_EXCERPT_COLUMNS / 2);
	const shown = issue.excerpt.slice(cut, cut + MAX_EXCERPT_COLUMNS).trimEnd();
	const before = issue.column - 1 - cut;
	// Tabs stay tabs, so that the caret stands under its character at any tab width.
	const padding = shown.slice(0, before).replace(/[^\t]/g, ' ').padEnd(before, ' ');
	const width = Math.max(1, Math.min(issue.length, shown.length - before));
	return [`${INDENT}${shown}`, `${INDENT}${padding}${style.caret('^'.repeat(width))}`];
}
