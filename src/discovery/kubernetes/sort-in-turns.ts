/** Sorting of what may be a hundred thousand items, in turns of the event loop. */
import type { Breathe } from '../../ports/control.ts';

/** Items of a turn: each costs some ten comparisons while pieces are sorted, one while they are merged. */
const SORTED_A_TURN = 500;
const MERGED_A_TURN = 5000;

/** A sorted copy; equal items stay in their order. */
export async function sortedInTurns<T>(
	items: readonly T[],
	compare: (a: T, b: T) => number,
	breathe: Breathe,
): Promise<T[]> {
	let runs: T[][] = [];
	for (let from = 0; from < items.length; from += SORTED_A_TURN) {
		runs.push(items.slice(from, from + SORTED_A_TURN).sort(compare));
		await breathe();
	}
	while (runs.length > 1) {
		const merged: T[][] = [];
		for (let i = 0; i < runs.length; i += 2) {
			const [one = [], other = []] = runs.slice(i, i + 2);
			merged.push(other.length === 0 ? one : await mergedInTurns(one, other, compare, breathe));
		}
		runs = merged;
	}
	return runs[0] ?? [];
}

async function mergedInTurns<T>(
	one: readonly T[],
	other: readonly T[],
	compare: (a: T, b: T) => number,
	breathe: Breathe,
): Promise<T[]> {
	const merged: T[] = [];
	let i = 0;
	let j = 0;
	while (i < one.length && j < other.length) {
		const isFirst = compare(one[i] as T, other[j] as T) <= 0;
		merged.push((isFirst ? one[i++] : other[j++]) as T);
		if (merged.length % MERGED_A_TURN === 0) await breathe();
	}
	while (i < one.length) merged.push(one[i++] as T);
	while (j < other.length) merged.push(other[j++] as T);
	await breathe();
	return merged;
}
