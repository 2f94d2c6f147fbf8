/** The arithmetic behind every figure: percentiles, medians with their range, and comparisons of paired runs. */

/** Repeated measurements of one thing; `values` keeps the order of the runs, so that two of them can be paired. */
export interface Summary {
	readonly median: number;
	readonly min: number;
	readonly max: number;
	readonly values: readonly number[];
}

export interface Interval {
	readonly low: number;
	readonly high: number;
	/** How sure it is that the true median lies between `low` and `high`: 0.9785 for ten values. */
	readonly confidence: number;
}

/** Below this confidence an interval says too little to print. */
const MIN_CONFIDENCE = 0.95;

/** Nearest rank: the smallest value with at least `q` of all values at or below it. `sorted` ascends. */
export function percentile(sorted: ArrayLike<number>, q: number): number {
	if (sorted.length === 0) return Number.NaN;
	const rank = Math.ceil(q * sorted.length) - 1;
	return sorted[Math.min(Math.max(rank, 0), sorted.length - 1)] ?? Number.NaN;
}

/** The middle value, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
	if (values.length === 0) return Number.NaN;
	const sorted = values.toSorted((a, b) => a - b);
	const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
	const lower = sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
	return (lower + upper) / 2;
}

export function summarize(values: readonly number[]): Summary {
	return { median: median(values), min: Math.min(...values), max: Math.max(...values), values };
}

/**
 * Confidence interval of the median from order statistics (the sign test turned around): it assumes nothing about the
 * distribution. The narrowest symmetric pair of ranks with at least 95 %, or null when there are too few values (< 6).
 */
export function medianInterval(values: readonly number[]): Interval | null {
	const sorted = values.toSorted((a, b) => a - b);
	const n = sorted.length;
	let best: Interval | null = null;
	let outside = 0;
	for (let k = 0; k < Math.floor(n / 2); k++) {
		outside += binomialHalf(n, k);
		const confidence = 1 - 2 * outside;
		if (confidence < MIN_CONFIDENCE) break;
		best = { low: sorted[k] ?? Number.NaN, high: sorted[n - 1 - k] ?? Number.NaN, confidence };
	}
	return best;
}

/** Probability of exactly k heads in n fair tosses. */
function binomialHalf(n: number, k: number): number {
	let p = 0.5 ** n;
	for (let i = 0; i < k; i++) p = (p * (n - i)) / (i + 1);
	return p;
}

/** Ratio a/b of each pair of runs made next to each other; slow drift of the machine cancels out. */
export function pairedRatios(a: readonly number[], b: readonly number[]): number[] {
	const pairs = Math.min(a.length, b.length);
	return Array.from({ length: pairs }, (_, i) => (a[i] ?? Number.NaN) / (b[i] ?? Number.NaN));
}
