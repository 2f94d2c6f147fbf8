/**
 * How far the heap may grow before V8 looks at all of it.
 *
 * By its own rule V8 waits until a small heap is up to four times as large. What connections leave behind when they end fills that,
 * and native memory hangs on it: some 20 MB where many connections come and go. So a small heap is collected when it has grown by
 * half, in a pause of 3 to 8 ms. That of a large one is longer, and what changes there (thousands of endpoints) is spread over short
 * turns with care: V8's rule stays.
 */
import v8 from 'node:v8';

/** Garbage included. A sidecar with a small file has 11 to 18 MB, one with 10,000 endpoints 28. */
const SMALL_BYTES = 24 * 1024 * 1024;
const SMALL_PERCENT = 50;
const OWN_RULE = 0;

let percent: number = OWN_RULE;

/** By how much a heap of this size may grow, in percent; 0: as V8 likes. */
export function growthPercent(usedBytes: number): number {
	return usedBytes < SMALL_BYTES ? SMALL_PERCENT : OWN_RULE;
}

/** To be called when much has been made that stays. */
export function fitHeapGrowth(): void {
	const fitting = growthPercent(v8.getHeapStatistics().used_heap_size);
	if (fitting === percent) return;
	percent = fitting;
	v8.setFlagsFromString(`--heap-growing-percent=${fitting}`);
}
