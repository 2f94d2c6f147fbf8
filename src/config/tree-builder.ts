/**
 * YAML nodes → located values: aliases and merge keys resolved, references to the environment substituted.
 *
 * Theory of operation. Nodes are visited in the order of the file, so an anchor is known before its aliases. What an
 * alias stands for is shared, not copied; its size is counted each time all the same, because whoever walks the plain
 * value later walks it each time. That count is what stops a "billion laughs" file.
 */
import { type Alias, isAlias, isMap, isScalar, isSeq, type LineCounter, type Node, type Pair, Scalar } from 'yaml';
import { type EnvironmentLookup, reveal, substitute } from './environment.ts';
import type { IssueList } from './issue-list.ts';
import { type Located, type PathSegment, type Span, startOf } from './located.ts';

/** Nodes that aliases may add. A file of 10,000 rules that all share one anchored policy stays below. */
const MAX_ALIASED_NODES = 500_000;
const MERGE_KEY = '<<';
const NO_ENTRIES: ReadonlyMap<string, Located> = new Map();

export class TreeBuilder {
	readonly #issues: IssueList;
	readonly #lines: LineCounter;
	readonly #env: EnvironmentLookup;
	readonly #file: string;
	readonly #anchors = new Map<string, Located | 'open'>();
	#aliasedNodes = 0;
	#isFull = false;
	/** What stands in place of aliases that could not be resolved. */
	readonly #unresolved = new WeakSet<Located>();

	constructor(issues: IssueList, lines: LineCounter, env: EnvironmentLookup, file: string) {
		this.#issues = issues;
		this.#lines = lines;
		this.#env = env;
		this.#file = file;
	}

	build(node: Node | null): Located {
		return this.#visit(node, [], null);
	}

	#visit(node: Node | null, path: readonly PathSegment[], key: Span | null): Located {
		if (isAlias(node)) return this.#alias(node, path, key);
		const anchor = isMap(node) || isSeq(node) || isScalar(node) ? node.anchor : undefined;
		if (anchor !== undefined) this.#anchors.set(anchor, 'open');
		const located = this.#visitOwn(node, path, key);
		if (anchor !== undefined) this.#anchors.set(anchor, located);
		return located;
	}

	#visitOwn(node: Node | null, path: readonly PathSegment[], key: Span | null): Located {
		const span = this.#spanOf(node) ?? key ?? startOf(this.#file);
		if (isMap(node)) return this.#map(node.items as Pair[], path, span, key);
		if (isSeq(node)) {
			const items = node.items.map((item, i) => this.#visit(item as Node | null, [...path, i], null));
			const size = items.reduce((sum, item) => sum + item.size, 1);
			const value = items.map((item) => item.value);
			return { kind: 'list', value, span, key, entries: NO_ENTRIES, items, env: null, size };
		}
		return this.#scalar(isScalar(node) ? node : null, path, span, key);
	}

	#scalar(node: Scalar | null, path: readonly PathSegment[], span: Span, key: Span | null): Located {
		const scalar = { kind: 'scalar', span, key, entries: NO_ENTRIES, items: [], size: 1 } as const;
		const value: unknown = node?.value ?? null;
		if (typeof value !== 'string') return { ...scalar, value, env: null };
		const source = reveal(value);
		if (!source.includes('${')) return { ...scalar, value: source, env: null };
		const { text, masked, names, unset, malformed } = substitute(source, this.#env);
		for (const name of unset) {
			const message = `the environment variable \`${name}\` is not set`;
			this.#issues.noValue(span, { path, message, hint: `\`\${${name}:-default}\` gives it a default` });
		}
		if (malformed !== '') {
			const message = `\`${malformed}\` is no reference to the environment`;
			this.#issues.noValue(span, { path, message, expected: '`${NAME}` or `${NAME:-default}`' });
		}
		// An empty plain scalar is no value in YAML, wherever the emptiness comes from.
		const isAbsent = text === '' && node?.type === Scalar.PLAIN && unset.length === 0;
		return { ...scalar, value: isAbsent ? null : text, env: names.length > 0 ? { names, masked } : null };
	}

	#map(pairs: readonly Pair[], path: readonly PathSegment[], span: Span, key: Span | null): Located {
		const own = new Map<string, Located>();
		const merged = new Map<string, Located>();
		let size = 1;
		for (const pair of pairs) {
			const keySpan = this.#spanOf(pair.key as Node | null) ?? span;
			const name = keyText(pair.key);
			if (name === null) {
				this.#issues.error(keySpan, { path, message: 'a key must be plain text' });
				continue;
			}
			const isMerge = name === MERGE_KEY;
			const child = this.#visit(pair.value as Node | null, isMerge ? path : [...path, name], keySpan);
			size += child.size;
			if (isMerge) this.#merge(child, merged, path);
			else if (own.has(name)) this.#duplicate(name, keySpan, own.get(name)?.key ?? span, path);
			else own.set(name, child);
		}
		for (const [name, child] of merged) {
			if (!own.has(name)) own.set(name, child);
		}
		return { kind: 'map', value: plainMap(own), span, key, entries: own, items: [], env: null, size };
	}

	/** YAML 1.1's merge key: own keys win, then the first of several maps. */
	#merge(source: Located, into: Map<string, Located>, path: readonly PathSegment[]): void {
		const maps = source.kind === 'list' ? source.items : [source];
		for (const map of maps) {
			if (map.kind !== 'map' && !this.#unresolved.has(map)) {
				const message = '`<<` takes a mapping or a list of mappings';
				this.#issues.error(map.span, { path, message, expected: 'an alias such as `*defaults`' });
			}
			for (const [name, child] of map.entries) {
				if (!into.has(name)) into.set(name, child);
			}
		}
	}

	#duplicate(name: string, at: Span, first: Span, path: readonly PathSegment[]): void {
		const message = `\`${name}\` is given twice; first on line ${first.line}`;
		this.#issues.error(at, { path: [...path, name], message });
	}

	#alias(alias: Alias, path: readonly PathSegment[], key: Span | null): Located {
		const span = this.#spanOf(alias) ?? startOf(this.#file);
		const target = this.#anchors.get(alias.source);
		if (target !== undefined && target !== 'open') {
			this.#aliasedNodes += target.size;
			if (this.#aliasedNodes <= MAX_ALIASED_NODES) return { ...target, key };
		}
		this.#reportAlias(alias, target, { span, path });
		// Something was meant to stand here: not `null`, which would be nothing.
		const text = { kind: 'scalar', value: '', entries: NO_ENTRIES, items: [], env: null, size: 1 } as const;
		const unresolved: Located = { ...text, span, key };
		this.#unresolved.add(unresolved);
		return unresolved;
	}

	#reportAlias(
		{ source }: Alias,
		target: Located | 'open' | undefined,
		{ span, path }: { readonly span: Span; readonly path: readonly PathSegment[] },
	): void {
		if (target === 'open') {
			const message = `\`*${source}\` stands inside its own anchor`;
			return this.#issues.noValue(span, { path, message });
		}
		if (target === undefined) {
			const message = `\`*${source}\` has no anchor \`&${source}\` before it`;
			const hint = 'text that starts with `*` needs quotes';
			return this.#issues.noValue(span, { path, message, hint });
		}
		// One is enough to tell: all that come after it are too many as well.
		if (this.#isFull) return this.#issues.unknown(span);
		this.#isFull = true;
		this.#issues.noValue(span, { path, message: `aliases expand to more than ${MAX_ALIASED_NODES} values` });
	}

	#spanOf(node: Node | null): Span | null {
		const range = node?.range;
		if (range === undefined || range === null) return null;
		const start = this.#lines.linePos(range[0]);
		const end = this.#lines.linePos(range[1]);
		const isOneLine = start.line === end.line;
		const length = isOneLine ? Math.max(1, end.col - start.col) : 1;
		return { file: this.#file, line: start.line, column: start.col, length };
	}
}

function keyText(key: unknown): string | null {
	if (!isScalar(key)) return null;
	return typeof key.value === 'object' ? null : reveal(String(key.value));
}

/** Without a prototype, so that no key can mean more than itself. Keys without a value mean their default. */
function plainMap(entries: ReadonlyMap<string, Located>): object {
	const plain: Record<string, unknown> = Object.create(null);
	for (const [name, child] of entries) {
		if (child.value !== null) plain[name] = child.value;
	}
	return plain;
}
