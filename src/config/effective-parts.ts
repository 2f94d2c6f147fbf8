/**
 * The effective configuration of a running sidecar. What there may be thousands of (rules, services, tests) stays what it
 * came as: the JSON text of each, made into values when somebody asks for that one. Long lists within one of them, such as the
 * endpoints of a service, are texts of their own, a few items each.
 */
import type { Effective } from './effective.ts';

type Path = readonly (string | number)[];

/** The parts by their place, in the order in which they stand in the configuration. */
const PLACES = {
	inbound: ['inbound', 'routes'],
	outbound: ['outbound', 'routes'],
	services: ['services'],
	tests: ['tests'],
} as const satisfies Readonly<Record<string, readonly string[]>>;
export type PartName = keyof typeof PLACES;
export const PART_NAMES = Object.keys(PLACES) as readonly PartName[];

/** JSON texts of lists of `ITEMS_A_TEXT` items (the last: of what is left), by the key of the list they make together. */
export type LongLists = Readonly<Record<string, readonly string[]>>;
/** Key and JSON text of one entry; of a list, in whose order they stand, the key is `''`. */
export type PartEntry = readonly [key: string, text: string, long?: LongLists];
/** Absent: there are none. */
export type Parts = Readonly<Partial<Record<PartName, readonly PartEntry[]>>>;

/** What takes the place of a part in the rest, and of a long list in its entry; no value of a route file has a NUL. */
const ELSEWHERE = '\0elsewhere';
/** Of a long list: a quarter of a millisecond. */
const ITEMS_A_TEXT = 20;
/** Entries of one piece of the whole text: half a millisecond. */
const ENTRIES_A_PIECE = 20;
const INDENT = '\t';

export class EffectiveParts {
	/** Everything but the parts, as `config/effective.ts` makes it. */
	readonly rest: unknown;
	readonly parts: Parts;
	/** Entries by their keys, made when they are first asked for. */
	readonly #byKey = new Map<PartName, ReadonlyMap<string, PartEntry>>();

	constructor(rest: unknown, parts: Parts) {
		this.rest = rest;
		this.parts = parts;
	}

	static of(whole: Effective): EffectiveParts {
		const parts: Partial<Record<PartName, readonly PartEntry[]>> = {};
		let rest: unknown = whole;
		for (const name of PART_NAMES) {
			const entries = entriesOf(follow(whole, PLACES[name]));
			if (entries.length === 0) continue;
			parts[name] = entries;
			rest = replaced(rest, PLACES[name]);
		}
		return new EffectiveParts(rest, parts);
	}

	/** Follows keys and indexes; `null` when they lead nowhere. Long lists of an entry are empty, unless the path leads there. */
	at(path: Path): Effective | null {
		for (const name of PART_NAMES) {
			const place = PLACES[name];
			const key = path[place.length];
			if (this.parts[name] === undefined || !place.every((segment, i) => path[i] === segment)) continue;
			const entry = key === undefined ? undefined : this.#entryOf(name, key);
			return entry === undefined ? null : within(entry, path.slice(place.length + 1));
		}
		return follow(this.rest, path);
	}

	#entryOf(name: PartName, key: string | number): PartEntry | undefined {
		const entries = this.parts[name] ?? [];
		if (typeof key === 'number') return entries[key];
		let known = this.#byKey.get(name);
		if (known === undefined) {
			known = new Map(entries.map((entry) => [entry[0], entry]));
			this.#byKey.set(name, known);
		}
		return known.get(key);
	}

	/**
	 * The whole as JSON text for people, in pieces that take less than a millisecond each. `wrap` puts the effective
	 * configuration under a key of an object.
	 */
	*text(wrap: (effective: unknown) => object): Generator<string> {
		const around = JSON.stringify(wrap(this.rest), null, INDENT).split(JSON.stringify(ELSEWHERE));
		const names = PART_NAMES.filter((name) => this.parts[name] !== undefined);
		for (const [i, text] of around.entries()) {
			const name = names[i - 1];
			// What wraps the configuration and the configuration itself are a level each.
			if (name !== undefined) yield* partText(this.parts[name] ?? [], INDENT.repeat(PLACES[name].length + 1));
			yield text;
		}
	}
}

/** `indent`: of the bracket that closes the part. */
function* partText(entries: readonly PartEntry[], indent: string): Generator<string> {
	const isList = entries[0]?.[0] === '';
	const inner = indent + INDENT;
	let text = isList ? '[' : '{';
	for (const [index, [key, json, long = {}]] of entries.entries()) {
		text += `${index === 0 ? '' : ','}\n${inner}${isList ? '' : `${JSON.stringify(key)}: `}`;
		const around = JSON.stringify(JSON.parse(json), null, INDENT).split(JSON.stringify(ELSEWHERE));
		const lists = Object.values(long);
		for (const [i, piece] of around.entries()) {
			const list = lists[i - 1];
			if (list !== undefined) {
				yield text;
				yield* listText(list, inner + INDENT);
				text = '';
			}
			text += piece.replaceAll('\n', `\n${inner}`);
		}
		if (index % ENTRIES_A_PIECE !== ENTRIES_A_PIECE - 1) continue;
		yield text;
		text = '';
	}
	yield `${text}\n${indent}${isList ? ']' : '}'}`;
}

/** A long list. `indent`: of the bracket that closes it. */
function* listText(texts: readonly string[], indent: string): Generator<string> {
	const inner = indent + INDENT;
	for (const [index, json] of texts.entries()) {
		const items = (JSON.parse(json) as unknown[]).map(
			(item) => inner + JSON.stringify(item, null, INDENT).replaceAll('\n', `\n${inner}`),
		);
		yield `${index === 0 ? '[' : ','}\n${items.join(',\n')}`;
	}
	yield `\n${indent}]`;
}

/** Of an empty list, which is one value, there are none. */
function entriesOf(part: Effective | null): PartEntry[] {
	if (part === null) return [];
	if (Array.isArray(part)) return part.map((item) => entryOf('', item));
	if ('from' in part && typeof part['from'] === 'string') return [];
	return Object.entries(part).map(([key, value]) => entryOf(key, value));
}

function entryOf(key: string, value: Effective): PartEntry {
	const long: Record<string, readonly string[]> = {};
	const rest: Record<string, unknown> = {};
	for (const [name, child] of Object.entries(value)) {
		const isLong = Array.isArray(child) && child.length > ITEMS_A_TEXT;
		rest[name] = isLong ? ELSEWHERE : child;
		if (isLong) long[name] = textsOf(child);
	}
	return Object.keys(long).length === 0 ? [key, JSON.stringify(value)] : [key, JSON.stringify(rest), long];
}

function textsOf(items: readonly unknown[]): string[] {
	const texts: string[] = [];
	for (let from = 0; from < items.length; from += ITEMS_A_TEXT) {
		texts.push(JSON.stringify(items.slice(from, from + ITEMS_A_TEXT)));
	}
	return texts;
}

/** `path`: from the entry down. */
function within([, text, long = {}]: PartEntry, path: Path): Effective | null {
	const [key = '', index, ...more] = path;
	const texts = Object.hasOwn(long, key) ? long[key] : undefined;
	if (texts !== undefined && typeof index === 'number') {
		const items = texts[Math.floor(index / ITEMS_A_TEXT)];
		return items === undefined ? null : follow(JSON.parse(items), [index % ITEMS_A_TEXT, ...more]);
	}
	if (texts !== undefined)
		return index === undefined ? texts.flatMap((items) => JSON.parse(items) as Effective[]) : null;
	const entry = JSON.parse(text) as Record<string, unknown>;
	for (const name of Object.keys(long)) entry[name] = [];
	return follow(entry, path);
}

/** A copy in which a mark stands at a path. */
function replaced(value: unknown, [first, ...more]: readonly string[]): unknown {
	if (first === undefined || !isRecord(value)) return ELSEWHERE;
	return { ...value, [first]: replaced(value[first], more) };
}

/** Not `effective.ts`'s own: that one stands beside the schemas, which must stay out of the data plane. */
function follow(root: unknown, path: Path): Effective | null {
	let node = root;
	for (const segment of path) {
		if (!isRecord(node)) return null;
		node = node[segment];
	}
	return isRecord(node) ? (node as unknown as Effective) : null;
}

function isRecord(value: unknown): value is Record<string | number, unknown> {
	return typeof value === 'object' && value !== null;
}
