/** Gathers the issues of a configuration: knows the lines of its files, so that whoever finds a fault gives the place only. */
import { hideKeys } from './hidden-keys.ts';
import { excerptOf, type Issue } from './issue.ts';
import { formatPath, type PathSegment, type Span } from './located.ts';
import type { SourceFile } from './source-file.ts';

export interface Fault {
	readonly path: readonly PathSegment[];
	readonly message: string;
	readonly expected?: string;
	readonly hint?: string;
}

export class IssueList {
	readonly errors: Issue[] = [];
	readonly warnings: Issue[] = [];
	readonly notes: Issue[] = [];
	readonly #files: readonly SourceFile[];
	/** Lines of the files that have issues. */
	readonly #lines = new Map<string, readonly string[]>();
	/** A fault inside an anchor is found once for each alias; it is told once. */
	readonly #seen = new Set<string>();
	/** Places whose value is unknown: what it would be wrong for is not told as well. */
	readonly #unknown = new Set<string>();

	constructor(files: readonly SourceFile[]) {
		this.#files = files;
	}

	error(span: Span, fault: Fault): void {
		this.#add('error', span, fault);
	}

	/** An error because of which there is no value at this place. */
	noValue(span: Span, fault: Fault): void {
		this.#add('error', span, fault);
		this.#unknown.add(placeOf(span));
	}

	/** The same of a place that needs no word of its own. */
	unknown(span: Span): void {
		this.#unknown.add(placeOf(span));
	}

	warning(span: Span, fault: Fault): void {
		this.#add('warning', span, fault);
	}

	note(span: Span, fault: Fault): void {
		this.#add('note', span, fault);
	}

	#add(severity: Issue['severity'], span: Span, fault: Fault): void {
		const { path, message, expected = '', hint = '' } = fault;
		const lastSegment = String(path.at(-1) ?? '');
		const place = placeOf(span);
		const identity = [severity, place, lastSegment, expected, hint].join('\0');
		if (this.#seen.has(identity) || this.#unknown.has(place)) return;
		this.#seen.add(identity);
		const list = { error: this.errors, warning: this.warnings, note: this.notes }[severity];
		const excerpt = excerptOf(this.#linesOf(span.file)[span.line - 1] ?? '', span.column);
		const words = { path: hideKeys(formatPath(path)), message: hideKeys(message), hint: hideKeys(hint) };
		list.push({ ...span, severity, ...words, expected, ...excerpt });
	}

	#linesOf(file: string): readonly string[] {
		let lines = this.#lines.get(file);
		if (lines === undefined) {
			const text = this.#files.find((source) => source.file === file)?.text ?? '';
			lines = hideKeys(text).split(/\r?\n/);
			this.#lines.set(file, lines);
		}
		return lines;
	}

	/** In the order of the files. */
	sort(): void {
		const order = new Map(this.#files.map(({ file }, index) => [file, index]));
		const rank = ({ file }: Issue): number => order.get(file) ?? 0;
		const inOrder = (a: Issue, b: Issue): number => rank(a) - rank(b) || a.line - b.line || a.column - b.column;
		for (const list of [this.errors, this.warnings, this.notes]) list.sort(inOrder);
	}
}

function placeOf({ file, line, column }: Span): string {
	return `${file}:${line}:${column}`;
}
