/**
 * The effective configuration of a running sidecar. What there may be thousands of (rules, services, tests) stays what it
 * came as: the JSON text of each, made into values when somebody asks for that one.
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

/** Key and JSON text of one entry; of a list, in whose order they stand, the key is `''`. */
export type PartEntry = readonly [key: string, text: string];
/** Absent: there are none. */
export type Parts = Readonly<Partial<Record<PartName, readonly PartEntry[]>>>;

/** What takes the place of a part in the rest; no value of a route file has a NUL. */
const ELSEWHERE = '\0elsewhere';
/** Entries of one piece of the whole text: half a millisecond. */
const ENTRIES_A_PIECE = 20;
const INDENT = '\t';

export class EffectiveParts {
	/** Everything but the parts, as `config/effective.ts` makes it. */
	readonly rest: unknown;
	readonly parts: Parts;
	/** Texts by their keys, made when they are first asked for. */
	readonly #byKey = new Map<PartName, ReadonlyMap<string, string>>();

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

	/** Follows keys and indexes; `null` when they lead nowhere. */
	at(path: Path): Effective | null {
		for (const name of PART_NAMES) {
			const place = PLACES[name];
			const key = path[place.length];
			if (this.parts[name] === undefined || !place.every((segment, i) => path[i] === segment)) continue;
			const text = key === undefined ? undefined : this.#textOf(name, key);
			return text === undefined ? null : follow(JSON.parse(text), path.slice(place.length + 1));
		}
		return follow(this.rest, path);
	}

	#textOf(name: PartName, key: string | number): string | undefined {
		const entries = this.parts[name] ?? [];
		if (typeof key === 'number') return entries[key]?.[1];
		let known = this.#byKey.get(name);
		if (known === undefined) {
			known = new Map(entries);
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
	for (let from = 0; from < entries.length; from += ENTRIES_A_PIECE) {
		const shown = entries.slice(from, from + ENTRIES_A_PIECE).map(([key, json]) => {
			const text = JSON.stringify(JSON.parse(json), null, INDENT).replaceAll('\n', `\n${inner}`);
			return isList ? inner + text : `${inner}${JSON.stringify(key)}: ${text}`;
		});
		const start = from > 0 ? ',' : isList ? '[' : '{';
		yield `${start}\n${shown.join(',\n')}`;
	}
	yield `\n${indent}${isList ? ']' : '}'}`;
}

/** Of an empty list, which is one value, there are none. */
function entriesOf(part: Effective | null): PartEntry[] {
	if (part === null) return [];
	if (Array.isArray(part)) return part.map((item) => ['', JSON.stringify(item)]);
	if ('from' in part && typeof part['from'] === 'string') return [];
	return Object.entries(part).map(([key, value]) => [key, JSON.stringify(value)]);
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
