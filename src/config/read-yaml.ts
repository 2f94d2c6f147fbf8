/** The text of a route file → a tree of values that know where they stand, and every fault of the YAML at once. */
import { type Document, LineCounter, parseAllDocuments, type YAMLError } from 'yaml';
import { conceal, type EnvironmentLookup, reveal } from './environment.ts';
import { IssueList } from './issue-list.ts';
import type { Located } from './located.ts';
import { TreeBuilder } from './tree-builder.ts';

const FILE_START = { line: 1, column: 1, length: 1 } as const;

export interface YamlReading {
	readonly issues: IssueList;
	/** `null` when the text cannot be made sense of. Then there is at least one error. */
	readonly root: Located | null;
}

export function readYaml(text: string, file: string, env: EnvironmentLookup): YamlReading {
	const issues = new IssueList(file, text);
	const lines = new LineCounter();
	const documents = parse(conceal(text), lines, issues);
	if (documents === null) return { issues, root: null };
	for (const document of documents) reportSyntax(document, lines, issues);
	const native = pickNative(documents, lines, issues);
	if (native === null || issues.errors.length > 0) return { issues, root: null };
	return { issues, root: new TreeBuilder(issues, lines, env).build(native.contents) };
}

function parse(text: string, lines: LineCounter, issues: IssueList): Document.Parsed[] | null {
	try {
		// Duplicate keys are found by the tree builder: the library compares each key with every other.
		const parsed = parseAllDocuments(text, {
			lineCounter: lines,
			prettyErrors: false,
			uniqueKeys: false,
			merge: false,
			resolveKnownTags: false,
			logLevel: 'silent',
		});
		return Array.isArray(parsed) ? parsed : [];
	} catch (cause) {
		if (!(cause instanceof RangeError)) throw cause;
		// The parser recurses; a legitimate file is some ten levels deep.
		issues.error(FILE_START, { path: [], message: 'the YAML is nested too deeply' });
		return null;
	}
}

/** A file with more is not a route file at all. */
const MAX_SYNTAX_ERRORS = 20;

function reportSyntax(document: Document.Parsed, lines: LineCounter, issues: IssueList): void {
	const faults: YAMLError[] = [...document.errors];
	for (const warning of document.warnings) {
		if (warning.code === 'TAG_RESOLVE_FAILED') faults.push(warning);
	}
	let lastLine = 0;
	for (const fault of faults.slice(0, MAX_SYNTAX_ERRORS)) {
		const [start, end] = fault.pos;
		const { line, col } = lines.linePos(start);
		// Further faults of the same line are echoes of its first one.
		if (line === lastLine) continue;
		lastLine = line;
		const message = reveal(fault.message);
		issues.error(
			{ line: Math.max(1, line), column: Math.max(1, col), length: Math.max(1, end - start) },
			{
				path: [],
				message: `not valid YAML: ${message.charAt(0).toLowerCase()}${message.slice(1)}`,
				hint: hintFor(fault),
			},
		);
	}
}

function hintFor(fault: YAMLError): string {
	if (fault.code === 'TAB_AS_INDENT') return 'indent with spaces';
	if (fault.code === 'BLOCK_AS_IMPLICIT_KEY') return 'text that contains `: ` needs quotes';
	if (fault.code === 'BAD_SCALAR_START') return 'text that starts with a special character needs quotes';
	return '';
}

/** The one document that is a route file. Documents of other kinds are a later version's. */
function pickNative(
	documents: readonly Document.Parsed[],
	lines: LineCounter,
	issues: IssueList,
): Document.Parsed | null {
	let native: Document.Parsed | null = null;
	for (const document of documents) {
		if (document.contents === null) continue;
		if (native === null) {
			native = document;
			continue;
		}
		const { line, col } = lines.linePos(document.contents.range[0]);
		const kind = document.get('kind');
		const message =
			typeof kind === 'string'
				? `\`kind: ${kind}\` documents are not supported by this version`
				: 'a file holds one route file; this is a second one';
		issues.error({ line, column: col, length: 1 }, { path: [], message });
	}
	if (native === null && issues.errors.length === 0) {
		issues.error(FILE_START, {
			path: [],
			message: 'the file is empty',
			expected: 'at least `app: { port: 8080 }` and `inbound: { listen: 8000 }`',
		});
	}
	return native;
}
