/**
 * How long the slow ones among recent attempts took: a quantile over a moving window, in bounded memory.
 *
 * Theory of operation. Two log-linear histograms (as HdrHistogram's): an octave is cut into 32 buckets, so a value is known to
 * one part in 32. One is being filled; when its time is over it takes the place of the older one, which begins anew. Both
 * together are the window, between one and two spans long. Nothing runs in the background: each call brings `now`. The
 * quantile is counted from above, where few samples are, and kept for a moment, so that asking for it costs next to nothing.
 *
 * The upper end of the bucket is told: who waits for the quantile never waits less than it.
 */

/** The window is between 15 and 30 s: long enough for 100 samples of a quiet service, short enough to follow a change. */
const SPAN_MS = 15_000;
/** Fewer say little about a quantile of 95 %: five of a hundred lie above it. */
export const MIN_SAMPLES = 100;
/** How long an answer is kept: far less than what the window moves in that time. */
const KEEP_MS = 100;
/** A sample is counted in these: about a microsecond. */
const UNITS_PER_MS = 1024;
/** Half an hour; what took longer counts as that. */
const MOST_UNITS = 2 ** 31 - 1;
const BITS = 5;
const BUCKETS_PER_OCTAVE = 1 << BITS;
/** Up to and with the octave of `MOST_UNITS`. */
const BUCKETS = (31 - BITS + 1) << BITS;
/** Not known: too few samples. */
export const UNKNOWN = -1;

export class LatencyQuantile {
	/** Share of the samples that lies above the quantile. */
	private readonly above: number;
	private current = new Uint32Array(BUCKETS);
	private previous = new Uint32Array(BUCKETS);
	private currentCount = 0;
	private previousCount = 0;
	private spanEnd: number;
	private kept = UNKNOWN;
	private keptUntil = Number.NEGATIVE_INFINITY;

	/** `quantile` between 0 and 1. `now` is monotonic milliseconds, here and below. */
	constructor(quantile: number, now: number) {
		this.above = 1 - quantile;
		this.spanEnd = now + SPAN_MS;
	}

	observe(latencyMs: number, now: number): void {
		if (now >= this.spanEnd) this.rotate(now);
		const bucket = bucketOf(latencyMs);
		this.current[bucket] = (this.current[bucket] as number) + 1;
		this.currentCount++;
	}

	/** Milliseconds; `UNKNOWN` with fewer than `MIN_SAMPLES` in the window. At most one part in 32 too long, never too short. */
	valueAt(now: number): number {
		if (now >= this.spanEnd) this.rotate(now);
		if (now < this.keptUntil) return this.kept;
		const count = this.currentCount + this.previousCount;
		if (count < MIN_SAMPLES) return UNKNOWN;
		this.kept = this.find(Math.floor(count * this.above + ROUNDING));
		this.keptUntil = now + KEEP_MS;
		return this.kept;
	}

	/** The smallest end of a bucket with at most so many samples above it. */
	private find(mostAbove: number): number {
		const { current, previous } = this;
		let above = 0;
		for (let bucket = BUCKETS - 1; bucket > 0; bucket--) {
			above += (current[bucket] as number) + (previous[bucket] as number);
			if (above > mostAbove) return endOf(bucket);
		}
		return endOf(0);
	}

	private rotate(now: number): void {
		const isAllOld = now >= this.spanEnd + SPAN_MS;
		const next = this.previous.fill(0);
		this.previous = isAllOld ? this.current.fill(0) : this.current;
		this.previousCount = isAllOld ? 0 : this.currentCount;
		this.current = next;
		this.currentCount = 0;
		this.spanEnd = isAllOld ? now + SPAN_MS : this.spanEnd + SPAN_MS;
		this.keptUntil = Number.NEGATIVE_INFINITY;
	}
}

/** A share such as 1 − 0.95 is not exact in binary. */
const ROUNDING = 1e-9;

function bucketOf(latencyMs: number): number {
	const units = Math.min(latencyMs * UNITS_PER_MS, MOST_UNITS) | 0;
	if (units < BUCKETS_PER_OCTAVE) return units < 0 ? 0 : units;
	const shift = 31 - BITS - Math.clz32(units);
	return (shift << BITS) + (units >>> shift);
}

/** Milliseconds below which all of a bucket's samples are. */
function endOf(bucket: number): number {
	const shift = Math.max(0, (bucket >> BITS) - 1);
	return ((bucket - (shift << BITS) + 1) * 2 ** shift) / UNITS_PER_MS;
}
