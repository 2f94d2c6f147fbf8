/**
 * How long an endpoint takes to answer: a moving average that follows a rise at once and forgets a peak slowly (Finagle's
 * and Linkerd's peak EWMA). Lives on with its endpoint.
 */

/** Time in which an old observation loses all but 1/e of its weight: Finagle's and Linkerd's 10 s. */
export const DECAY_MS = 10_000;
/** What is assumed of an endpoint that has not answered yet: Linkerd's 30 ms. */
const DEFAULT_LATENCY_MS = 30;
/** Below this an answer is as good as none: the clock's own grain. */
const MIN_LATENCY_MS = 0.001;
const DEFAULT_KEY = Math.log(DEFAULT_LATENCY_MS);
/** A failure counts as this many times what is known of the endpoint: that it failed fast makes it no better. */
const FAILURE_FACTOR = 2;
/** So that an endpoint that fails for long is asked again within a few decays of its mending. */
const MAX_LATENCY_MS = 10_000;

export class LatencyCell {
	private average = DEFAULT_LATENCY_MS;
	private observedAt = Number.NEGATIVE_INFINITY;
	/** Logarithm of what the average would have been at the clock's zero: comparing needs no exponential then. */
	private key = 0;

	/** An attempt was answered after so many milliseconds. */
	observe(latencyMs: number, now: number): void {
		if (latencyMs > this.average) this.average = latencyMs;
		else {
			const old = this.observedAt === Number.NEGATIVE_INFINITY ? 0 : Math.exp((this.observedAt - now) / DECAY_MS);
			this.average = this.average * old + latencyMs * (1 - old);
		}
		this.observedAt = now;
		this.key = Math.log(Math.max(this.average, MIN_LATENCY_MS)) + now / DECAY_MS;
	}

	/** An attempt failed after so many milliseconds. */
	failed(elapsedMs: number, now: number): void {
		this.observe(Math.min(MAX_LATENCY_MS, Math.max(elapsedMs, FAILURE_FACTOR * this.average)), now);
	}

	/** Orders cells as `valueAt` does at the same `now`: by the logarithm of the value, and more the later it is. */
	orderAt(now: number): number {
		return this.observedAt === Number.NEGATIVE_INFINITY ? DEFAULT_KEY + now / DECAY_MS : this.key;
	}

	/** Milliseconds, above 0. What has not been asked for long is forgotten, so that somebody asks it again. */
	valueAt(now: number): number {
		if (this.observedAt === Number.NEGATIVE_INFINITY) return this.average;
		return this.average * Math.exp((this.observedAt - now) / DECAY_MS);
	}
}
