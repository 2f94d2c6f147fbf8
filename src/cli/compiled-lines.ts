/**
 * What the two processes tell each other about a compiled route file: a line for what there is one of, then a line for each
 * few entries of the lists that may be long, such as thousands of rules, or of mistakes (`answer-lines.ts`).
 */
import { EffectiveParts, PART_NAMES, type PartEntry, type PartName } from '../config/effective-parts.ts';
import { answerLines, LAST_LINE, lineOf } from './answer-lines.ts';
import type { CompiledFile } from './compiled-file.ts';

/** An entry is a kilobyte or two. */
const ENTRIES_A_LINE = 25;

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
	| { readonly part: PartName; readonly entries: readonly PartEntry[] };

export function* compiledLines(compiled: CompiledFile): Generator<string> {
	const effective = compiled.ok ? compiled.effective : null;
	let first: unknown = effective === null ? compiled : { ...compiled, effective: effective.rest };
	for (const path of LISTS) if (listAt(first, path) !== null) first = withList(first, path, []);
	yield lineOf(first);
	for (const [list, path] of LISTS.entries()) {
		yield* linesOf(listAt(compiled, path) ?? [], (items) => ({ list, items }));
	}
	for (const part of PART_NAMES) yield* linesOf(effective?.parts[part] ?? [], (entries) => ({ part, entries }));
	yield LAST_LINE;
}

function* linesOf<T>(all: readonly T[], line: (some: readonly T[]) => Line): Generator<string> {
	for (let from = 0; from < all.length; from += ENTRIES_A_LINE) {
		yield lineOf(line(all.slice(from, from + ENTRIES_A_LINE)));
	}
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
		if ('list' in line) this.lists[line.list]?.push(...line.items);
		else this.parts.get(line.part)?.push(...line.entries);
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
