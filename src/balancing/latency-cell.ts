/**
 * How long an endpoint takes to answer: a moving average that follows a rise at once and forgets a peak slowly (Finagle's
 * and Linkerd's peak EWMA). Lives on with its endpoint.
 *
 * What is not observed again fades towards nothing, what is only assumed included: so an endpoint that was slow, or has never
 * been asked beside faster ones, is asked now and then.
 */

/**
 * Time in which an old observation loses all but 1/e of its weight: Finagle's and Linkerd's 10 s. Anything from 5 to 20 s does
 * as well; with 2 s, an endpoint that is ten times slower gets half as much again.
 */
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
const NEVER = Number.NEGATIVE_INFINITY;

export class LatencyCell {
	private average = DEFAULT_LATENCY_MS;
	/** When it was observed last or, before that, first compared. */
	private at = NEVER;
	private isAssumed = true;
	/** Logarithm of what the average would have been at the clock's zero: comparing needs no exponential then. */
	private key = 0;

	/** An attempt was answered after so many milliseconds. */
	observe(latencyMs: number, now: number): void {
		if (this.isAssumed || latencyMs > this.average) this.average = latencyMs;
		else {
			const old = Math.exp((this.at - now) / DECAY_MS);
			this.average = this.average * old + latencyMs * (1 - old);
		}
		this.isAssumed = false;
		this.at = now;
		this.key = Math.log(Math.max(this.average, MIN_LATENCY_MS)) + now / DECAY_MS;
	}

	/** An attempt failed after so many milliseconds. */
	failed(elapsedMs: number, now: number): void {
		this.observe(Math.min(MAX_LATENCY_MS, Math.max(elapsedMs, FAILURE_FACTOR * this.average)), now);
	}

	/** Orders cells as `valueAt` does at the same `now`: by the logarithm of the value, and more the later it is. */
	orderAt(now: number): number {
		if (this.at === NEVER) {
			this.at = now;
			this.key = DEFAULT_KEY + now / DECAY_MS;
		}
		return this.key;
	}

	/** Milliseconds, above 0. */
	valueAt(now: number): number {
		return this.at === NEVER ? this.average : this.average * Math.exp((this.at - now) / DECAY_MS);
	}
}
