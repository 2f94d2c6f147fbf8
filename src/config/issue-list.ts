/** Gathers the issues of one file: knows its name and its lines, so that whoever finds a fault gives the place only. */
import type { Issue } from './issue.ts';
import { formatPath, type PathSegment, type Span } from './located.ts';

export interface Fault {
	readonly path: readonly PathSegment[];
	readonly message: string;
	readonly expected?: string;
	readonly hint?: string;
}

export class IssueList {
	readonly file: string;
	readonly errors: Issue[] = [];
	readonly warnings: Issue[] = [];
	readonly #lines: readonly string[];
	/** A fault inside an anchor is found once for each alias; it is told once. */
	readonly #seen = new Set<string>();
	/** Places whose value is unknown: what it would be wrong for is not told as well. */
	readonly #unknown = new Set<string>();

	constructor(file: string, text: string) {
		this.file = file;
		this.#lines = text.split(/\r?\n/);
	}

	error(span: Span, fault: Fault): void {
		this.#add('error', span, fault);
	}

	/** An error because of which there is no value at this place. */
	noValue(span: Span, fault: Fault): void {
		this.#add('error', span, fault);
		this.#unknown.add(`${span.line}:${span.column}`);
	}

	warning(span: Span, fault: Fault): void {
		this.#add('warning', span, fault);
	}

	#add(severity: Issue['severity'], span: Span, fault: Fault): void {
		const { path, message, expected = '', hint = '' } = fault;
		const lastSegment = String(path.at(-1) ?? '');
		const identity = [severity, span.line, span.column, lastSegment, expected, hint].join('\0');
		if (this.#seen.has(identity) || this.#unknown.has(`${span.line}:${span.column}`)) return;
		this.#seen.add(identity);
		const list = severity === 'error' ? this.errors : this.warnings;
		const excerpt = this.#lines[span.line - 1] ?? '';
		list.push({ file: this.file, ...span, severity, path: formatPath(path), message, excerpt, expected, hint });
	}

	/** In the order of the file. */
	sort(): void {
		const inOrder = (a: Issue, b: Issue): number => a.line - b.line || a.column - b.column;
		this.errors.sort(inOrder);
		this.warnings.sort(inOrder);
	}
}
