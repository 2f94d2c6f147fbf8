/** A YAML document as plain values that know where they stand. */
import type { Position } from './position.ts';

export type PathSegment = string | number;

/** A stretch of one line. */
export interface Span extends Position {
	readonly length: number;
}

export function startOf(file: string): Span {
	return { file, line: 1, column: 1, length: 1 };
}

/** `line 4`, with the file when that is another one than where it is said. */
export function lineText({ file, line }: Position, saidIn: string): string {
	return file === saidIn ? `line ${line}` : `line ${line} of ${file}`;
}

export interface Located {
	readonly kind: 'map' | 'list' | 'scalar';
	/** The plain value, children included. Keys without a value are left out: they mean the default. */
	readonly value: unknown;
	readonly span: Span;
	/** Where the key stands that this is the value of. */
	readonly key: Span | null;
	/** Entries of a map, those without a value included. */
	readonly entries: ReadonlyMap<string, Located>;
	readonly items: readonly Located[];
	/** A scalar in which environment variables were resolved: their names, and the text that may be shown. */
	readonly env: { readonly names: readonly string[]; readonly masked: string } | null;
	/** Nodes from here down, repeated ones counted each time. */
	readonly size: number;
	/** Where it was written when that is no place of the route file. Holds for what is below as well. */
	readonly origin?: Origin;
	/** Of a reference to a backend: why nothing can be sent there although it is known. Completes "`x` …". */
	readonly invalid?: string;
	/** Of the name of a document: the certificates that stand in it, as PEM. */
	readonly pem?: string;
}

/** A place in a document of another kind. */
export interface Origin {
	/** `HTTPRoute shop/orders`. */
	readonly document: string;
	/** Never empty. */
	readonly path: readonly PathSegment[];
}

/** The value at a path as far as the file spells it out, and how many segments of the path led there. */
export interface Found {
	readonly node: Located;
	readonly depth: number;
}

/** An index into a map finds its entry of that number: the short form of a list. */
export function childOf(node: Located, segment: PathSegment): Located | undefined {
	if (typeof segment !== 'number') return node.entries.get(segment);
	if (node.kind !== 'map') return node.items[segment];
	// In the order of the plain value, where names that are numbers come first.
	const name = Object.keys(node.value ?? {})[segment];
	return name === undefined ? undefined : node.entries.get(name);
}

/** Follows a path as far as it goes. A short form ends it early: `listen: 8000` stands for `listen.port`, too. */
export function locate(root: Located, path: readonly PathSegment[]): Found {
	let node = root;
	let depth = 0;
	for (const segment of path) {
		const child = childOf(node, segment);
		if (child === undefined) break;
		node = child;
		depth++;
	}
	return { node, depth };
}

/** A scalar as text; `''` for everything else, which need not be what is expected of it yet. */
export function scalarText(value: unknown): string {
	return typeof value === 'object' || value === undefined ? '' : String(value);
}

/** The path as the file spells it: an entry of a short form is called by its key. */
export function asWritten(root: Located, path: readonly PathSegment[]): PathSegment[] {
	let node: Located | undefined = root;
	return path.map((segment) => {
		const parent = node;
		node = parent === undefined ? undefined : childOf(parent, segment);
		if (typeof segment !== 'number' || parent?.kind !== 'map' || node === undefined) return segment;
		return Object.keys(parent.value ?? {})[segment] ?? segment;
	});
}

/** Whether the file itself says something at a path. */
export function isWritten(root: Located, path: readonly PathSegment[]): boolean {
	const { node, depth } = locate(root, path);
	return depth === path.length && node.value !== null;
}

/** Where a path stands, or the nearest thing above it that does. */
export function positionOf(root: Located, path: readonly PathSegment[]): Position {
	const { node } = locate(root, path);
	const { file, line, column } = node.key ?? node.span;
	return { file, line, column };
}

/**
 * The path as whoever wrote it knows it: that of the document of another kind if the value came from one. `spelled`: the
 * same path as it is to be shown.
 */
export function writtenPath(
	root: Located,
	path: readonly PathSegment[],
	spelled: readonly PathSegment[] = path,
): readonly PathSegment[] {
	let node = root;
	let origin: Origin | undefined;
	let below = 0;
	for (const [index, segment] of path.entries()) {
		const child = childOf(node, segment);
		if (child === undefined) break;
		node = child;
		if (node.origin === undefined) continue;
		origin = node.origin;
		below = index + 1;
	}
	return origin === undefined ? spelled : [...pathOf(origin), ...spelled.slice(below)];
}

/** `HTTPRoute shop/orders: spec.rules[0]`, in segments. */
export function pathOf({ document, path }: Origin): PathSegment[] {
	const [first = '', ...rest] = path;
	return [`${document}: ${first}`, ...rest];
}

/** `inbound.routes[0].name`. */
export function formatPath(path: readonly PathSegment[]): string {
	let text = '';
	for (const segment of path) {
		if (typeof segment === 'number') text += `[${segment}]`;
		else text += text === '' ? segment : `.${segment}`;
	}
	return text;
}
