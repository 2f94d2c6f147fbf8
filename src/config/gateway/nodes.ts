/** Makes nodes of the route file's tree out of what stands in another document. Each keeps its place there. */
import type { Located, Origin, Span } from '../located.ts';

const NO_ENTRIES: ReadonlyMap<string, Located> = new Map();

/** Where a node that nobody wrote comes from. */
export interface Place {
	readonly span: Span;
	readonly key: Span | null;
	readonly origin: Origin;
}

export function placeOf({ span, key }: Located, origin: Origin): Place {
	return { span, key, origin };
}

/** `source`: what the value was made of, which may have come from the environment. */
export function scalarNode(
	value: string | number,
	{ span, key, origin }: Place,
	source: Located | null = null,
): Located {
	const env = source?.env ?? null;
	return { kind: 'scalar', value, span, key, entries: NO_ENTRIES, items: [], env, size: 1, origin };
}

export function listNode(items: readonly Located[], { span, key, origin }: Place): Located {
	const value = items.map((item) => item.value);
	return { kind: 'list', value, span, key, entries: NO_ENTRIES, items, env: null, size: sizeOf(items), origin };
}

export function mapNode(entries: ReadonlyMap<string, Located>, { span, key, origin }: Place): Located {
	return { ...withEntries(entries, { span, key }), origin };
}

/** The same value, said to come from there. */
export function from(node: Located, origin: Origin): Located {
	return { ...node, origin };
}

/** A mapping with some of its entries replaced or added; `null` takes one away. */
export function replaced(map: Located, changes: Readonly<Record<string, Located | null>>): Located {
	const entries = new Map(map.entries);
	for (const [name, node] of Object.entries(changes)) {
		if (node === null) entries.delete(name);
		else entries.set(name, node);
	}
	return { ...map, ...withEntries(entries, map) };
}

/** A list with more at its end. */
export function extended(list: Located, more: readonly Located[]): Located {
	const items = [...list.items, ...more];
	return { ...list, items, value: items.map((item) => item.value), size: sizeOf(items) };
}

function withEntries(entries: ReadonlyMap<string, Located>, { span, key }: Pick<Located, 'span' | 'key'>): Located {
	const value: Record<string, unknown> = Object.create(null);
	for (const [name, node] of entries) {
		if (node.value !== null) value[name] = node.value;
	}
	return { kind: 'map', value, span, key, entries, items: [], env: null, size: sizeOf([...entries.values()]) };
}

function sizeOf(children: readonly Located[]): number {
	return children.reduce((sum, { size }) => sum + size, 1);
}
