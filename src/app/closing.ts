/** Closes connections that nobody is to use any more: with thousands of endpoints a few at a time. */
import type { Http1Pool } from '../upstream/pool.ts';
import type { InSlices } from './slices.ts';

/** Pools looked at between two pauses: a fraction of a microsecond each. */
const POOLS_A_SLICE = 2000;
/** Closed between two pauses: up to 20 µs each for every connection that they have. */
const CLOSED_A_SLICE = 50;

/** Closes the pools that were there `before` and are not among the `kept`. Nobody may be sent to them by now. */
export function* closingOthers(before: readonly Http1Pool[], kept: readonly Http1Pool[]): InSlices<void> {
	const staying = new Set<Http1Pool>();
	for (const [index, pool] of kept.entries()) {
		staying.add(pool);
		if (index % POOLS_A_SLICE === POOLS_A_SLICE - 1) yield;
	}
	let closed = 0;
	for (const [index, pool] of before.entries()) {
		const isGone = !staying.has(pool);
		if (isGone) {
			pool.close();
			closed++;
		}
		if (isGone ? closed % CLOSED_A_SLICE === 0 : index % POOLS_A_SLICE === POOLS_A_SLICE - 1) yield;
	}
}
