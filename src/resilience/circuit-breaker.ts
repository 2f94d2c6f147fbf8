/**
 * The circuit breaker of a service: opossum's words and transitions, without its timers, events and promises.
 *
 * Theory of operation.
 *
 *   closed ──(a failure, volume reached, error rate above the threshold)──▶ open
 *   open ──(resetTimeout has passed)──▶ halfOpen
 *   halfOpen ──(a success)──▶ closed          halfOpen ──(a failure)──▶ open
 *
 * Outcomes are counted in a rolling window, whose buckets change where opossum's interval fires. Nothing runs in the
 * background: each call brings `now`, and what time has changed meanwhile (buckets to drop, open to half-open) is done
 * first.
 *
 * As in opossum, the window lives on when the circuit closes, and any outcome counts for the state at its time: an
 * attempt admitted before the circuit opened is evidence like the probe (its failure while open changes no state). Unlike
 * opossum, only completed attempts make the volume (it counts calls, refused and running ones included), an attempt may
 * end as neither, and a probe that is silent for too long does not lock everybody else out.
 *
 * `now` should not go back; where it does, the window stands still and an opening is taken as having happened at `now`.
 */

import { RollingCounts } from './rolling-counts.ts';

export type CircuitState = 'closed' | 'open' | 'halfOpen';

export interface CircuitBreakerOptions {
	readonly errorThresholdPercentage: number;
	readonly volumeThreshold: number;
	readonly rollingCountTimeout: number;
	readonly rollingCountBuckets?: number;
	readonly resetTimeout: number;
}

/** How long a probe holds its place without an outcome: opossum's default timeout of a call. A long poll may be the probe. */
const PROBE_LEASE_MS = 10_000;

export class CircuitBreaker {
	/** How often each state was entered; for metrics. */
	readonly transitions = { open: 0, halfOpen: 0, close: 0 };
	private readonly threshold: number;
	private readonly volume: number;
	private readonly resetTimeout: number;
	private readonly counts: RollingCounts;
	private current: CircuitState = 'closed';
	private openedAt = 0;
	/** When the probe was let through; -Infinity when none is on its way. */
	private probedAt = Number.NEGATIVE_INFINITY;

	constructor(options: CircuitBreakerOptions, now: number) {
		this.threshold = options.errorThresholdPercentage;
		this.volume = options.volumeThreshold;
		this.resetTimeout = options.resetTimeout;
		this.counts = new RollingCounts(options.rollingCountTimeout, now, options.rollingCountBuckets);
	}

	/** As of the last call; time alone does not change it. */
	get state(): CircuitState {
		return this.current;
	}

	/** Whether an attempt may start. Whoever is let through owes exactly one `succeed`, `fail` or `release`. */
	allow(now: number): boolean {
		if (this.current === 'closed') return true;
		this.recover(now);
		if (this.current === 'open' || now - this.probedAt < PROBE_LEASE_MS) return false;
		this.probedAt = now;
		return true;
	}

	succeed(now: number): void {
		this.counts.succeed(now);
		if (this.current === 'closed') return;
		this.recover(now);
		if (this.current === 'halfOpen') {
			this.current = 'closed';
			this.transitions.close++;
		}
	}

	fail(now: number): void {
		const { counts } = this;
		counts.fail(now);
		if (this.current === 'closed') {
			if (counts.total >= this.volume && (counts.failed / counts.total) * 100 > this.threshold) this.open(now);
			return;
		}
		this.recover(now);
		if (this.current === 'halfOpen') this.open(now);
	}

	/**
	 * The attempt ended as neither (its client left, or it was refused for another reason): it is not counted, and the
	 * next attempt may be the probe. One that was admitted before the circuit opened frees the probe's place as well: the
	 * cost is one probe more.
	 */
	release(now: number): void {
		if (this.current === 'closed') return;
		this.recover(now);
		this.probedAt = Number.NEGATIVE_INFINITY;
	}

	/** The service is known to be back (a health check passed): the next attempt is the probe, whatever time is left. */
	hasten(now: number): void {
		if (this.current !== 'open') return;
		this.openedAt = now - this.resetTimeout;
		this.recover(now);
	}

	/** Milliseconds until a probe may pass if nothing else happens; 0 when closed. */
	retryAfterMs(now: number): number {
		if (this.current === 'closed') return 0;
		this.recover(now);
		if (this.current === 'open') return this.openedAt + this.resetTimeout - now;
		return Math.max(0, this.probedAt + PROBE_LEASE_MS - now);
	}

	private open(now: number): void {
		this.current = 'open';
		this.openedAt = now;
		this.transitions.open++;
	}

	private recover(now: number): void {
		if (now < this.probedAt) this.probedAt = now;
		if (this.current !== 'open') return;
		if (now < this.openedAt) this.openedAt = now;
		if (now - this.openedAt < this.resetTimeout) return;
		this.current = 'halfOpen';
		this.probedAt = Number.NEGATIVE_INFINITY;
		this.transitions.halfOpen++;
	}
}
