/**
 * What the two processes tell each other about a compiled route file: a line for what there is one of, then a line for each
 * few entries of the lists that may be long, such as thousands of rules, or of mistakes (`answer-lines.ts`). An entry with a
 * long list of its own, such as the endpoints of a service, comes without, and the list follows it in the same way.
 */
import { EffectiveParts, PART_NAMES, type PartEntry, type PartName } from '../config/effective-parts.ts';
import { answerLines, LAST_LINE, lineOf } from './answer-lines.ts';
import type { CompiledFile } from './compiled-file.ts';

/** An entry is a kilobyte or two. */
const ENTRIES_A_LINE = 25;
/** Of a list within an entry: a hundred bytes or two each. */
const ITEMS_A_LINE = 50;
/** Of a long list of the effective configuration: some kilobytes each. */
const TEXTS_A_LINE = 5;

/** Lists that may be long, by their place in a `CompiledFile`. */
const LISTS: readonly (readonly string[])[] = [
	['issues'],
	['warnings'],
	['notes'],
	['masked'],
	['config', 'inbound', 'routes'],
	['config', 'outbound', 'routes'],
	['config', 'services'],
	['config', 'tests'],
];

type Line =
	| { readonly list: number; readonly items: readonly unknown[] }
	/** More of the list `of` the last entry. */
	| { readonly list: number; readonly of: string; readonly more: readonly unknown[] }
	| { readonly part: PartName; readonly entries: readonly PartEntry[] }
	| { readonly part: PartName; readonly of: string; readonly more: readonly string[] };

/** An entry as it comes first, and the lists that come after it. */
interface Parted<T, U> {
	readonly entry: T;
	readonly long: Readonly<Record<string, readonly U[]>>;
}

export function* compiledLines(compiled: CompiledFile): Generator<string> {
	const effective = compiled.ok ? compiled.effective : null;
	let first: unknown = effective === null ? compiled : { ...compiled, effective: effective.rest };
	for (const path of LISTS) if (listAt(first, path) !== null) first = withList(first, path, []);
	yield lineOf(first);
	for (const [list, path] of LISTS.entries()) {
		yield* linesOf((listAt(compiled, path) ?? []).map(parted), ITEMS_A_LINE, {
			first: (items) => ({ list, items }),
			then: (of, more) => ({ list, of, more }),
		});
	}
	for (const part of PART_NAMES) {
		yield* linesOf((effective?.parts[part] ?? []).map(partedTexts), TEXTS_A_LINE, {
			first: (entries) => ({ part, entries }),
			then: (of, more) => ({ part, of, more }),
		});
	}
	yield LAST_LINE;
}

function parted(entry: unknown): Parted<unknown, unknown> {
	if (!isRecord(entry)) return { entry, long: {} };
	const long = Object.fromEntries(
		Object.entries(entry).filter((field): field is [string, unknown[]] => isLong(field[1])),
	);
	const emptied = Object.fromEntries(Object.keys(long).map((key) => [key, []]));
	return { entry: { ...entry, ...emptied }, long };
}

function isLong(value: unknown): boolean {
	return Array.isArray(value) && value.length > ITEMS_A_LINE;
}

function partedTexts(entry: PartEntry): Parted<PartEntry, string> {
	const [key, text, long] = entry;
	if (long === undefined) return { entry, long: {} };
	return { entry: [key, text, Object.fromEntries(Object.keys(long).map((name) => [name, []]))], long };
}

function* linesOf<T, U>(
	all: readonly Parted<T, U>[],
	itemsALine: number,
	line: { first(some: readonly T[]): Line; then(of: string, more: readonly U[]): Line },
): Generator<string> {
	let entries: T[] = [];
	for (const { entry, long } of all) {
		entries.push(entry);
		const lists = Object.entries(long);
		if (entries.length < ENTRIES_A_LINE && lists.length === 0) continue;
		yield lineOf(line.first(entries));
		entries = [];
		for (const [of, items] of lists) {
			for (let from = 0; from < items.length; from += itemsALine) {
				yield lineOf(line.then(of, items.slice(from, from + itemsALine)));
			}
		}
	}
	if (entries.length > 0) yield lineOf(line.first(entries));
}

/** Of the other process's output, as it comes. `breathe` lets the event loop turn. */
export async function readCompiledLines(
	output: AsyncIterable<string>,
	breathe: () => Promise<void>,
): Promise<CompiledFile> {
	const assembly = new Assembly();
	for await (const line of answerLines(output, breathe)) assembly.add(line);
	return assembly.finish();
}

class Assembly {
	/** What came in the first line. */
	private first: Readonly<Record<string, unknown>> | null = null;
	private readonly lists = LISTS.map((): unknown[] => []);
	private readonly parts = new Map(PART_NAMES.map((name): [PartName, PartEntry[]] => [name, []]));

	add(text: string): void {
		if (this.first === null) {
			this.first = JSON.parse(text) as Readonly<Record<string, unknown>>;
			return;
		}
		const line = JSON.parse(text) as Line;
		if ('items' in line) this.lists[line.list]?.push(...line.items);
		else if ('entries' in line) this.parts.get(line.part)?.push(...line.entries);
		else if ('list' in line) append(line.of, line.more, this.lists[line.list]?.at(-1));
		else append(line.of, line.more, this.parts.get(line.part)?.at(-1)?.[2]);
	}

	finish(): CompiledFile {
		let compiled: unknown = this.first;
		for (const [index, path] of LISTS.entries()) {
			if (listAt(compiled, path) !== null) compiled = withList(compiled, path, this.lists[index] ?? []);
		}
		const { ok, effective, ...rest } = compiled as { ok: boolean; effective: unknown };
		if (!ok) return compiled as CompiledFile;
		const written = Object.fromEntries([...this.parts].filter(([, entries]) => entries.length > 0));
		return { ok, ...rest, effective: new EffectiveParts(effective, written) } as CompiledFile;
	}
}

/** What is read here belongs to nobody else yet. */
function append(key: string, more: readonly unknown[], owner: unknown): void {
	const list = isRecord(owner) ? owner[key] : undefined;
	if (!Array.isArray(list)) throw new Error(`a list of ${key} without its owner`);
	list.push(...more);
}

/** `null`: there is no such list. */
function listAt(value: unknown, path: readonly string[]): readonly unknown[] | null {
	let node = value;
	for (const key of path) {
		if (!isRecord(node)) return null;
		node = node[key];
	}
	return Array.isArray(node) ? node : null;
}

/** A copy with another list at a path. */
function withList(value: unknown, [first, ...more]: readonly string[], list: readonly unknown[]): unknown {
	if (first === undefined || !isRecord(value)) return list;
	return { ...value, [first]: withList(value[first], more, list) };
}

function isRecord(value: unknown): value is Record<string, unknown> {
	return typeof value === 'object' && value !== null;
}
