/** Makes a failing input smaller while it fails in the same way. */
import { SeededRandom } from '../support/seeded-random.ts';
import { check } from './check.ts';
import type { FuzzInput } from './grammar.ts';

/** The same kind of failure: numbers in the text do not count. */
function sameFailure(a: string, b: string): boolean {
	return a.replace(/\d+/g, '') === b.replace(/\d+/g, '');
}

export function shrink(input: FuzzInput, what: string): FuzzInput {
	let best = input;
	for (let size = Math.ceil(input.bytes.length / 2); size >= 1; size = Math.floor(size / 2)) {
		for (let at = 0; at + size <= best.bytes.length; ) {
			const smaller = { ...best, bytes: best.bytes.slice(0, at) + best.bytes.slice(at + size) };
			const outcome = check(smaller, new SeededRandom(1));
			if (outcome.kind === 'failure' && sameFailure(outcome.what, what)) best = smaller;
			else at += size;
		}
	}
	return best;
}
