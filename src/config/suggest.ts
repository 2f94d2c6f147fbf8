/** "Did you mean": the nearest known word. */

/** Typing errors: one in short words, up to a third of longer ones. */
const LETTERS_PER_EDIT = 3;

/** Fewer are the beginning of too much. */
const MIN_BEGINNING = 3;

/** The known word that was probably meant: by the fewest edits when they are few, else by its beginning; `''`: none. */
export function nearest(word: string, known: Iterable<string>): string {
	const all = [...known];
	return nearestByEdits(word, all) || shortestThatBegins(word, all);
}

function shortestThatBegins(word: string, known: readonly string[]): string {
	if (word.length < MIN_BEGINNING) return '';
	const begun = known.filter((candidate) => candidate.toLowerCase().startsWith(word.toLowerCase()));
	return begun.sort((a, b) => a.length - b.length)[0] ?? '';
}

function nearestByEdits(word: string, known: readonly string[]): string {
	const lower = word.toLowerCase();
	let best = '';
	let bestDistance = Math.max(1, Math.floor(word.length / LETTERS_PER_EDIT)) + 1;
	for (const candidate of known) {
		const distance = editDistance(lower, candidate.toLowerCase(), bestDistance);
		if (distance < bestDistance) {
			best = candidate;
			bestDistance = distance;
		}
	}
	return best;
}

/** Insertions, deletions, replacements and swaps of neighbours (optimal string alignment); `limit` when it is no less. */
function editDistance(a: string, b: string, limit: number): number {
	if (Math.abs(a.length - b.length) >= limit) return limit;
	let beforePrevious: number[] = [];
	let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
	for (let i = 1; i <= a.length; i++) {
		const current = [i];
		for (let j = 1; j <= b.length; j++) {
			const cost = a[i - 1] === b[j - 1] ? 0 : 1;
			let least = Math.min(cell(previous, j) + 1, cell(current, j - 1) + 1, cell(previous, j - 1) + cost);
			const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
			if (isSwap) least = Math.min(least, cell(beforePrevious, j - 2) + 1);
			current.push(least);
		}
		beforePrevious = previous;
		previous = current;
	}
	return Math.min(limit, cell(previous, b.length));
}

function cell(row: readonly number[], index: number): number {
	return row[index] ?? Number.POSITIVE_INFINITY;
}
