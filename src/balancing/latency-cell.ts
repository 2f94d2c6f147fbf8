/**
 * How long an endpoint takes to answer: a moving average that follows a rise at once and forgets a peak slowly (Finagle's
 * and Linkerd's peak EWMA). Lives on with its endpoint.
 *
 * What is not observed again fades towards nothing, what is only assumed included: so an endpoint that was slow, or has never
 * been asked beside faster ones, is asked now and then.
 *
 * Theory of operation. All averages fade at the same rate, so which of two is less does not depend on when it is asked. A
 * cell remembers what its average would have been at the beginning of an epoch: two of the same epoch are compared as they
 * are, without an exponential. Epochs are as short as a double needs.
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
/** A failure counts as this many times what is known of the endpoint: that it failed fast makes it no better. */
const FAILURE_FACTOR = 2;
/** So that an endpoint that fails for long is asked again within a few decays of its mending. */
const MAX_LATENCY_MS = 10_000;
/** What fades meanwhile is within the range of a double, some e^±700, by far. */
const DECAYS_AN_EPOCH = 200;
const EPOCH_MS = DECAYS_AN_EPOCH * DECAY_MS;
/** Neither observed nor compared yet. */
const NEVER = -1;

export class LatencyCell {
	/** In which it was observed last or, before that, first compared; whole. */
	private epoch = NEVER;
	/** What the average would have been at the beginning of `epoch`: above 0. */
	private atEpoch = DEFAULT_LATENCY_MS;
	private average = DEFAULT_LATENCY_MS;
	/** Of the last observation. */
	private at = 0;
	private isAssumed = true;

	/** An attempt was answered after so many milliseconds. `now`: from 0 on. */
	observe(latencyMs: number, now: number): void {
		if (this.isAssumed || latencyMs > this.average) this.average = latencyMs;
		else {
			const old = Math.exp((this.at - now) / DECAY_MS);
			this.average = this.average * old + latencyMs * (1 - old);
		}
		this.isAssumed = false;
		this.remember(now);
	}

	/** An attempt failed after so many milliseconds. */
	failed(elapsedMs: number, now: number): void {
		this.observe(Math.min(MAX_LATENCY_MS, Math.max(elapsedMs, FAILURE_FACTOR * this.average)), now);
	}

	/** Milliseconds, above 0. */
	valueAt(now: number): number {
		return this.epoch === NEVER ? this.average : this.average * Math.exp((this.at - now) / DECAY_MS);
	}

	/** Whether its value times `load` is below that of another one times `itsLoad`; loads are above 0. */
	isBelow(load: number, other: LatencyCell, itsLoad: number, now: number): boolean {
		const { epoch } = other;
		if (this.epoch === epoch && epoch !== NEVER) return this.atEpoch * load < other.atEpoch * itsLoad;
		if (this.epoch === NEVER) this.remember(now);
		if (epoch === NEVER) other.remember(now);
		const later = Math.exp((this.epoch - other.epoch) * DECAYS_AN_EPOCH);
		return this.atEpoch * later * load < other.atEpoch * itsLoad;
	}

	private remember(now: number): void {
		this.epoch = Math.floor(now / EPOCH_MS);
		this.at = now;
		this.atEpoch = Math.max(this.average, MIN_LATENCY_MS) * Math.exp(now / DECAY_MS - this.epoch * DECAYS_AN_EPOCH);
	}
}
