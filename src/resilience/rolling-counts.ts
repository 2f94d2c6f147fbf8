/**
 * How many attempts there were in the last while, and how many of them failed.
 *
 * Theory of operation. A ring of buckets in two typed arrays with running sums. Nothing runs in the background: each call
 * brings `now`, and what has left the window is dropped first. The edges of buckets lie at multiples of a bucket's width
 * from construction, so the window is up to one bucket shorter than it is long. Where `now` goes back the window stands still.
 */

/** opossum's default: what is dropped at once is a tenth of the window. */
const BUCKETS = 10;

export class RollingCounts {
	/** As of the last call, here and below. */
	total = 0;
	failed = 0;
	/** As given. */
	readonly windowMs: number;
	private readonly bucketCount: number;
	private readonly bucketMs: number;
	private readonly totals: Uint32Array;
	private readonly failures: Uint32Array;
	private bucket = 0;
	private bucketEnd: number;

	constructor(windowMs: number, now: number, buckets = BUCKETS) {
		this.windowMs = windowMs;
		this.bucketCount = buckets;
		this.bucketMs = Math.max(1, Math.floor(windowMs / buckets));
		this.totals = new Uint32Array(buckets);
		this.failures = new Uint32Array(buckets);
		this.bucketEnd = now + this.bucketMs;
	}

	succeed(now: number): void {
		if (now >= this.bucketEnd) this.rotate(now);
		this.totals[this.bucket] = (this.totals[this.bucket] as number) + 1;
		this.total++;
	}

	fail(now: number): void {
		this.succeed(now);
		this.failures[this.bucket] = (this.failures[this.bucket] as number) + 1;
		this.failed++;
	}

	/** Drops what has left the window. */
	advance(now: number): void {
		if (now >= this.bucketEnd) this.rotate(now);
	}

	clear(): void {
		this.totals.fill(0);
		this.failures.fill(0);
		this.total = 0;
		this.failed = 0;
	}

	/** A gap longer than the window empties it. */
	private rotate(now: number): void {
		const steps = Math.floor((now - this.bucketEnd) / this.bucketMs) + 1;
		this.bucketEnd += steps * this.bucketMs;
		for (let i = Math.min(steps, this.bucketCount); i > 0; i--) {
			this.bucket = this.bucket + 1 === this.bucketCount ? 0 : this.bucket + 1;
			this.total -= this.totals[this.bucket] as number;
			this.failed -= this.failures[this.bucket] as number;
			this.totals[this.bucket] = 0;
			this.failures[this.bucket] = 0;
		}
	}
}
