/**
 * A token bucket: `requests` tokens flow in evenly in each `per` milliseconds, at most `requests + burst` are kept, and it
 * begins full.
 *
 * Theory of operation. Nothing is added up as time passes, so no rounding adds up either: `fullAt` is when the bucket was
 * last full, `taken` counts the tokens that have left since, and what is inside follows from both. A bucket that is never
 * full again moves `fullAt` on by whole periods, each of which brings exactly `requests` tokens, so that the numbers stay
 * small and exact over years. A clock that goes back takes `fullAt` along: what is inside stays the same.
 */

/** What several buckets share. A `RateLimit` is one. */
export interface TokenFlow {
	/** At least 1. */
	readonly requests: number;
	/** Milliseconds, more than 0. */
	readonly per: number;
	readonly burst: number;
}

/** Part of a token by which it may look incomplete to whoever has waited exactly as long as told: rounding, no more. */
const ROUNDING = 1e-9;

export class TokenBucket {
	private readonly flow: TokenFlow;
	private fullAt: number;
	private taken = 0;
	private lastNow: number;

	/** `now` is monotonic milliseconds, here and below. */
	constructor(flow: TokenFlow, now: number) {
		this.flow = flow;
		this.fullAt = now;
		this.lastNow = now;
	}

	/** 0 when a token was taken, else the milliseconds until there is one. */
	take(now: number): number {
		const inside = this.tokens(now);
		if (inside >= 1 - ROUNDING) {
			this.taken++;
			return 0;
		}
		return ((1 - inside) * this.flow.per) / this.flow.requests;
	}

	/** Milliseconds until nothing is missing; 0 when full. */
	msUntilFull(now: number): number {
		const missing = this.flow.requests + this.flow.burst - this.tokens(now);
		return (missing * this.flow.per) / this.flow.requests;
	}

	/** From 0 to `requests + burst`, parts of tokens included. */
	private tokens(now: number): number {
		const { requests, per, burst } = this.flow;
		if (now < this.lastNow) this.fullAt -= this.lastNow - now;
		this.lastNow = now;
		const capacity = requests + burst;
		const periods = Math.floor((now - this.fullAt) / per);
		if (periods > 0) {
			this.fullAt += periods * per;
			this.taken -= periods * requests;
		}
		const inside = capacity - this.taken + ((now - this.fullAt) * requests) / per;
		if (inside < capacity) return Math.max(0, inside);
		this.fullAt = now;
		this.taken = 0;
		return capacity;
	}
}
