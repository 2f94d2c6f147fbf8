/** One document of another kind: what it is called, what is in it, and what is wrong with it, in its own words. */
import type { IssueList } from '../issue-list.ts';
import { formatPath, type Located, type Origin, type PathSegment, pathOf, type Span, scalarText } from '../located.ts';
import { nearest } from '../suggest.ts';

export type Path = readonly PathSegment[];

export interface Metadata {
	readonly kind: string;
	readonly namespace: string;
	readonly name: string;
	/** `HTTPRoute shop/orders`, without values of the environment. */
	readonly title: string;
}

/** What is said of a value, beside where. */
export interface Remark {
	readonly expected?: string;
	readonly hint?: string;
}

const MAX_PORT = 65_535;

export class GatewayDocument implements Metadata {
	readonly kind: string;
	readonly namespace: string;
	readonly name: string;
	readonly title: string;
	readonly node: Located;
	/** As Kubernetes writes it, so that texts are ordered as times are; `''`: not said. */
	readonly created: string;
	readonly #issues: IssueList;

	constructor(node: Located, { kind, namespace, name, title }: Metadata, issues: IssueList) {
		this.node = node;
		this.kind = kind;
		this.namespace = namespace;
		this.name = name;
		this.title = title;
		const created = this.at(['metadata', 'creationTimestamp'])?.value;
		this.created = typeof created === 'string' ? created : '';
		this.#issues = issues;
	}

	origin(path: Path): Origin {
		return { document: this.title, path };
	}

	/** The value at a path; `null` when there is none. */
	at(path: Path, start = this.node): Located | null {
		let node: Located | undefined = start;
		for (const segment of path) {
			node = typeof segment === 'number' ? node.items[segment] : node.entries.get(segment);
			if (node === undefined) return null;
		}
		return node.value === null ? null : node;
	}

	/** The entries of a list; none when there is no list, which is an error unless there is nothing. */
	list(path: Path, max = Number.POSITIVE_INFINITY): readonly Located[] {
		const node = this.at(path);
		if (node === null) return [];
		if (node.kind !== 'list') {
			this.error(node, path, 'is not a list');
			return [];
		}
		if (node.items.length > max) this.error(node, path, 'has too many entries', { expected: `at most ${max}` });
		return node.items;
	}

	/** `null` when there is none, which is an error unless there is nothing. */
	text(path: Path): string | null {
		const node = this.at(path);
		if (node === null) return null;
		if (typeof node.value === 'string') return node.value;
		this.error(node, path, 'is not text', typeof node.value === 'number' ? { hint: 'a number needs quotes' } : {});
		return null;
	}

	/** 0 when there is none, which is an error unless there is nothing. */
	port(path: Path): number {
		const node = this.at(path);
		if (node === null) return 0;
		const port = Number(scalarText(node.value));
		if (Number.isInteger(port) && port >= 1 && port <= MAX_PORT && node.kind === 'scalar') return port;
		this.error(node, path, 'is not a port', { expected: `a port from 1 to ${MAX_PORT}` });
		return 0;
	}

	/** Says which keys of a mapping are none; `false` when it is no mapping at all, which is an error as well. */
	checkKeys(path: Path, known: readonly string[]): boolean {
		const node = this.at(path);
		if (node === null) return true;
		const expected = `one of ${known.map((name) => `\`${name}\``).join(', ')}`;
		if (node.kind !== 'map') {
			this.error(node, path, 'is not a mapping', { expected: `a mapping with ${expected}` });
			return false;
		}
		for (const [name, child] of node.entries) {
			if (known.includes(name)) continue;
			const guess = nearest(name, known);
			const message = `unknown key \`${name}\` in \`${this.shown(path)}\``;
			const hint = guess === '' ? '' : `did you mean \`${guess}\`?`;
			this.#issues.error(child.key ?? child.span, {
				path: pathOf(this.origin([...path, name])),
				message,
				expected,
				hint,
			});
		}
		return true;
	}

	/** `message` completes "`HTTPRoute shop/orders: spec.hostnames` …". */
	error(node: Located, path: Path, message: string, remark: Remark = {}): void {
		this.#issues.error(spanOf(node), this.#fault(path, message, remark));
	}

	warning(node: Located, path: Path, message: string, remark: Remark = {}): void {
		this.#issues.warning(spanOf(node), this.#fault(path, message, remark));
	}

	note(node: Located, path: Path, message: string): void {
		this.#issues.note(spanOf(node), this.#fault(path, message, {}));
	}

	#fault(path: Path, message: string, remark: Remark) {
		const written = path.length === 0 ? [this.title] : pathOf(this.origin(path));
		return { path: written, message: `\`${this.shown(path)}\` ${message}`, ...remark };
	}

	shown(path: Path): string {
		return path.length === 0 ? this.title : formatPath(pathOf(this.origin(path)));
	}
}

/** A mapping or a list is shown by its key. */
function spanOf(node: Located): Span {
	return node.kind === 'scalar' ? node.span : (node.key ?? { ...node.span, length: 1 });
}
