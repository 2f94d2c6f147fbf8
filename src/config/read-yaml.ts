/** The files of a configuration → trees of values that know where they stand, and every fault of the YAML at once. */
import { type Document, isMap, isScalar, isSeq, LineCounter, parseAllDocuments, type YAMLMap } from 'yaml';
import { conceal, type EnvironmentLookup } from './environment.ts';
import { CA_KEY } from './gateway/ca-certificates.ts';
import { isWorthReading, LIST } from './gateway/kinds.ts';
import { IssueList } from './issue-list.ts';
import { type Located, lineText, type Span, startOf } from './located.ts';
import { formatSize } from './size.ts';
import type { SourceFile } from './source-file.ts';
import { NESTED_TOO_DEEPLY, reportSyntax } from './syntax-faults.ts';
import { TreeBuilder } from './tree-builder.ts';

export interface YamlReading {
	readonly issues: IssueList;
	/** The one document that is a route file; `null` when there is none, or the text cannot be made sense of. */
	readonly native: Located | null;
	/** The documents that say what they are by a `kind`, in the order of the files. */
	readonly documents: readonly Located[];
}

/** One document of a file. Anchors hold within it. */
interface Part {
	readonly file: string;
	readonly lines: LineCounter;
	readonly contents: NonNullable<Document.Parsed['contents']>;
}

/** Without a route file there is at least one error. */
export function readYaml(files: readonly SourceFile[], env: EnvironmentLookup): YamlReading {
	const issues = new IssueList(files);
	const parts = areTooLarge(files, issues) ? [] : files.flatMap((source) => partsOf(source, issues));
	if (issues.errors.length > 0) return { issues, native: null, documents: [] };
	const build = (part: Part): Located => new TreeBuilder(issues, part.lines, env, part.file).build(readPart(part));
	const native = pickNative(parts, files, issues);
	const documents = parts.filter(hasKind).map(build);
	return { issues, native: native === null ? null : build(native), documents };
}

/** The one document of a file of another kind than a route file; `null`: there is at least one error. */
export function readDocument(source: SourceFile, env: EnvironmentLookup, issues: IssueList): Located | null {
	const [part, second] = areTooLarge([source], issues) ? [] : partsOf(source, issues);
	if (second !== undefined) {
		issues.error(placeOf(second), { path: [], message: 'this is a second document', expected: 'one in the file' });
	}
	if (part === undefined && issues.errors.length === 0) {
		// Whoever empties it may be about to write it.
		issues.error(startOf(source.file), { path: [], message: 'the file is empty', expected: '`[]` for nothing' });
	}
	if (part === undefined || issues.errors.length > 0) return null;
	return new TreeBuilder(issues, part.lines, env, part.file).build(part.contents);
}

/** Five times what 20,000 rules take: beyond it something else was named than a route file, and parsing takes GB. */
const MAX_CHARACTERS = 32 * 2 ** 20;

function areTooLarge(files: readonly SourceFile[], issues: IssueList): boolean {
	let characters = 0;
	for (const { file, text } of files) {
		characters += text.length;
		if (characters <= MAX_CHARACTERS) continue;
		const what = files.length === 1 ? 'the file is' : 'this file and those before it are';
		issues.error(startOf(file), {
			path: [],
			message: `${what} too large`,
			expected: `at most ${formatSize(MAX_CHARACTERS)}`,
		});
		return true;
	}
	return false;
}

function partsOf({ file, text }: SourceFile, issues: IssueList): Part[] {
	const lines = new LineCounter();
	const parts: Part[] = [];
	if (reportBytes(text, file, issues)) return parts;
	for (const document of parse(conceal(text), lines, file, issues)) {
		reportSyntax(document, lines, file, issues);
		const { contents } = document;
		// Templates leave documents in which nothing is left.
		const isEmpty = contents === null || (isScalar(contents) && contents.value === null);
		if (!isEmpty) parts.push({ file, lines, contents });
	}
	return parts;
}

/** What no text has, or what bytes that are no UTF-8 were read as. */
const NO_TEXT = /[\0\ufffd]/;

/** Values would be silently damaged, and the parser's own faults say nothing about it. */
function reportBytes(text: string, file: string, issues: IssueList): boolean {
	const at = text.search(NO_TEXT);
	if (at < 0) return false;
	const before = text.slice(0, at).split('\n');
	const span = { file, line: before.length, column: (before.at(-1) ?? '').length + 1, length: 1 };
	// Its byte order mark is two bytes that no UTF-8 has.
	const isUtf16 = text.startsWith('\ufffd\ufffd');
	const message = isUtf16 ? 'the file is UTF-16' : 'there are bytes here that are no UTF-8 text';
	issues.error(span, { path: [], message, expected: 'a file that is saved as UTF-8' });
	return true;
}

function parse(text: string, lines: LineCounter, file: string, issues: IssueList): readonly Document.Parsed[] {
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
		issues.error(startOf(file), { path: [], message: NESTED_TOO_DEEPLY });
		return [];
	}
}

function hasKind({ contents }: Part): boolean {
	return isMap(contents) && (contents.has('kind') || contents.has('apiVersion'));
}

/**
 * Without what means nothing here, because scripts in it may look like references: all but what it is of a document of no
 * interest, and of the others what tools note down in them.
 */
function readPart({ contents }: Part): Part['contents'] {
	if (isMap(contents)) trim(contents);
	return contents;
}

function trim(document: YAMLMap): void {
	const [apiVersion, kind] = [document.get('apiVersion'), document.get('kind')];
	if (typeof apiVersion !== 'string' || typeof kind !== 'string') return;
	if (!isWorthReading(apiVersion, kind)) {
		keep(document, IDENTITY);
		return;
	}
	if (kind === 'ConfigMap') return trimConfigMap(document);
	const [metadata, items] = [document.get('metadata'), document.get('items')];
	if (isMap(metadata)) for (const key of NOTED_DOWN) metadata.delete(key);
	if (document.has('status')) document.set('status', null);
	// What `kubectl get -o yaml` prints.
	if (kind === LIST && isSeq(items)) for (const item of items.items) if (isMap(item)) trim(item);
}
const IDENTITY = ['apiVersion', 'kind'];
const NOTED_DOWN = ['annotations', 'managedFields'];

/** Of what it may hold only certificates are read. */
function trimConfigMap(document: YAMLMap): void {
	keep(document, [...IDENTITY, 'metadata', 'data']);
	const [metadata, data] = [document.get('metadata'), document.get('data')];
	if (isMap(metadata)) keep(metadata, ['name', 'namespace']);
	if (isMap(data)) keep(data, [CA_KEY]);
}

function keep(map: YAMLMap, keys: readonly string[]): void {
	map.items = map.items.filter(({ key }) => isScalar(key) && keys.includes(String(key.value)));
}

function pickNative(parts: readonly Part[], files: readonly SourceFile[], issues: IssueList): Part | null {
	const [native, ...others] = parts.filter((part) => !hasKind(part));
	for (const other of others) {
		const at = placeOf(other);
		const message = `this is a second route file; the first is on ${lineText(placeOf(native ?? other), at.file)}`;
		issues.error(at, { path: [], message, expected: 'one route file in all, and documents with a `kind`' });
	}
	if (native !== undefined) return native;
	const [first] = files;
	issues.error(startOf(first?.file ?? ''), {
		path: [],
		message: parts.length === 0 ? 'the file is empty' : 'there is no route file: each document has a `kind`',
		expected: 'at least `app: { port: 8080 }` and `inbound: { listen: 8000 }`',
	});
	return null;
}

function placeOf({ file, lines, contents }: Part): Span {
	const { line, col } = lines.linePos(contents.range[0]);
	return { file, line, column: col, length: 1 };
}
