/**
 * How many retries a service may have under way: a share of its active requests, so that retries cannot multiply an
 * outage, plus a few a second, so that a service with little traffic still gets some.
 *
 * Theory of operation. `active` counts the retries between `tryTake` and `release`. One more is admitted while it stays
 * within the share; above it, a token of the bucket pays for it. The bucket holds what one second yields.
 */
export class RetryBudget {
	private readonly share: number;
	private readonly perMs: number;
	private readonly capacity: number;
	private tokens: number;
	private filledAt: number;
	private running = 0;

	constructor(percent: number, minPerSecond: number, now: number) {
		this.share = percent / 100;
		this.perMs = minPerSecond / 1000;
		// Less than one a second still has to add up to a whole one.
		this.capacity = minPerSecond > 0 ? Math.max(1, minPerSecond) : 0;
		this.tokens = this.capacity;
		this.filledAt = now;
	}

	/** Retries under way; what `limits.retries` bounds. */
	get active(): number {
		return this.running;
	}

	/** Takes a place for one retry. `activeRequests` are the service's exchanges under way, the asking one included. */
	tryTake(now: number, activeRequests: number): boolean {
		if (this.running + 1 > this.share * activeRequests && !this.takeToken(now)) return false;
		this.running++;
		return true;
	}

	/** The retry has ended, however. */
	release(): void {
		if (this.running > 0) this.running--;
	}

	private takeToken(now: number): boolean {
		const elapsed = now - this.filledAt;
		this.filledAt = now;
		if (elapsed > 0) this.tokens = Math.min(this.capacity, this.tokens + elapsed * this.perMs);
		if (this.tokens < 1) return false;
		this.tokens--;
		return true;
	}
}
