/**
 * Which endpoints of a service are left out for a while because their attempts fail (Envoy's outlier detection).
 *
 * Theory of operation. What is known of an endpoint is in its cell, which lives as long as the endpoint; the detector has
 * the policy of the service and counts who is out.
 *
 *   in ──(consecutiveErrors failures without a success between them: at once)──▶ out
 *   in ──(the success rate is too low: at the next look, `interval` apart)──▶ out
 *   out ──(baseEjection × ejections in a row, at most maxEjection, have passed)──▶ in, with nothing held against it
 *
 * Each whole `interval` that an endpoint has been in takes one off its ejections in a row; that is reckoned when it is
 * ejected again, so nothing has to run for it. What ends while the endpoint is out is not counted, since it began before;
 * nor what ends when the service has the endpoint no longer.
 *
 * At most `maxEjectionPercent` of the endpoints are out, rounded down, and never all. Who should go and may not is `kept`,
 * and must fail anew to be thought of again. Unlike Envoy, an endpoint comes back when its time is over, not at the next
 * look; of several with a low success rate the worst go first; and the rate is held to a fixed share, since a deviation
 * from the mean says nothing of three endpoints.
 *
 * Nothing runs in the background: each call brings `now`, monotonic milliseconds, and `nextChangeAt` says when time alone
 * may change something. Without failures that is never.
 */
import type { OutlierDetection } from '../config/service-config.ts';
import { RollingCounts } from './rolling-counts.ts';

export type EjectionCause = 'consecutive-errors' | 'success-rate';

/** What the detector remembers of one endpoint. */
export class OutlierCell {
	/** The detector that judges it; `null` while no service has the endpoint. */
	judge: object | null = null;
	isEjected = false;
	/** Meaningful while it is ejected. */
	ejectedUntil = 0;
	/** Failures since the last success. */
	errors = 0;
	/** Ejections in a row, as of the last one. */
	ejections = 0;
	returnedAt = Number.NEGATIVE_INFINITY;
	/** `null` until the first attempt, and where the success rate does not count. */
	counts: RollingCounts | null = null;
}

/** An endpoint as the detector sees it. */
export interface Judged {
	readonly outlier: OutlierCell;
}

export type EjectionVerdict<E extends Judged> =
	/** `until`: clock time. */
	| { readonly is: 'ejected'; readonly endpoint: E; readonly reason: EjectionCause; readonly until: number }
	/** It has deserved it, but as many as may be are out already. */
	| { readonly is: 'kept'; readonly endpoint: E; readonly reason: 'cap'; readonly cause: EjectionCause };

type Return = 'time' | 'cap' | 'health-check';

export type EjectionChange<E extends Judged> =
	| EjectionVerdict<E>
	/**
	 * `time`: its ejection is over. `cap`: there are fewer endpoints now, and too many of them would be out. `health-check`:
	 * see `pardon`.
	 */
	| { readonly is: 'returned'; readonly endpoint: E; readonly reason: Return };

const NEVER = Number.POSITIVE_INFINITY;
const CELLS_A_SLICE = 1000;

export class OutlierDetector<E extends Judged> {
	private readonly policy: OutlierDetection;
	private endpoints: readonly E[] = [];
	/** Of a resize that is under way, or was overtaken: it may have begun to judge them. */
	private coming: readonly E[] = [];
	private resizes = 0;
	/** More ejections in a row make none of them longer. */
	private readonly mostInRow: number;
	private mostEjected = 0;
	private ejectedCount = 0;
	/** When the first of those that are out comes back. */
	private nextReturnAt = NEVER;
	/** When the success rates are looked at next. */
	private nextLookAt = NEVER;

	/** It knows of no endpoint until `resize`. */
	constructor(policy: OutlierDetection) {
		this.policy = policy;
		this.mostInRow = Math.max(1, Math.ceil(policy.maxEjection / Math.max(1, policy.baseEjection)));
	}

	/** How many are out. */
	get ejected(): number {
		return this.ejectedCount;
	}

	/** Clock time at which `sweep` may have something to say; Infinity: not before another failure. */
	get nextChangeAt(): number {
		return Math.min(this.nextReturnAt, this.nextLookAt);
	}

	succeed({ outlier }: E, now: number): void {
		if (outlier.isEjected || outlier.judge !== this) return;
		outlier.errors = 0;
		if (this.policy.successRate !== null) this.countsOf(outlier, this.policy.successRate.window, now).succeed(now);
	}

	fail(endpoint: E, now: number): EjectionVerdict<E> | null {
		const { outlier } = endpoint;
		const { consecutiveErrors, successRate, interval } = this.policy;
		if (outlier.isEjected || outlier.judge !== this) return null;
		if (successRate !== null) {
			this.countsOf(outlier, successRate.window, now).fail(now);
			if (this.nextLookAt === NEVER) this.nextLookAt = now + interval;
		}
		outlier.errors++;
		if (consecutiveErrors === 0 || outlier.errors < consecutiveErrors) return null;
		outlier.errors = 0;
		return this.eject(endpoint, 'consecutive-errors', now);
	}

	/** Who comes back, and who goes for its success rate. To be called at `nextChangeAt`. */
	sweep(now: number): readonly EjectionChange<E>[] {
		const changes: EjectionChange<E>[] = [];
		this.takeStock(now, changes);
		if (now >= this.nextLookAt) this.look(now, changes);
		return changes;
	}

	/** These are the endpoints from now on. A cell that was ejected before stays so, as far as the cap allows. */
	resize(endpoints: readonly E[], now: number): readonly EjectionChange<E>[] {
		const slices = this.resizeInSlices(endpoints, now);
		let slice = slices.next();
		while (slice.done !== true) slice = slices.next();
		return slice.value;
	}

	/**
	 * The same with pauses, each after some tens of microseconds. What ends meanwhile is not counted. When it is asked for again before its
	 * end, the first one gives up, and has nothing to say.
	 */
	*resizeInSlices(endpoints: readonly E[], now: number): Generator<undefined, readonly EjectionChange<E>[], undefined> {
		this.resizes++;
		const { resizes } = this;
		const before = [this.endpoints, this.coming];
		this.coming = endpoints;
		let work = 0;
		for (const { outlier } of before.flat()) {
			// Another detector may judge some of them by now.
			if (outlier.judge === this) outlier.judge = null;
			if (++work % CELLS_A_SLICE === 0) yield;
			if (resizes !== this.resizes) return [];
		}
		for (const { outlier } of endpoints) {
			outlier.judge = this;
			if (++work % CELLS_A_SLICE === 0) yield;
			if (resizes !== this.resizes) return [];
		}
		return this.take(endpoints, now);
	}

	private take(endpoints: readonly E[], now: number): readonly EjectionChange<E>[] {
		const changes: EjectionChange<E>[] = [];
		this.endpoints = endpoints;
		this.coming = [];
		const share = Math.floor((endpoints.length * this.policy.maxEjectionPercent) / 100);
		this.mostEjected = Math.max(0, Math.min(share, endpoints.length - 1));
		this.takeStock(now, changes);
		const excess = this.ejectedCount - this.mostEjected;
		if (excess <= 0) return changes;
		const out = endpoints.filter(({ outlier }) => outlier.isEjected);
		out.sort((a, b) => a.outlier.ejectedUntil - b.outlier.ejectedUntil);
		for (const endpoint of out.slice(0, excess)) changes.push(this.giveBack(endpoint, 'cap', now));
		this.takeStock(now, changes);
		return changes;
	}

	/** Its health checks have found it well again: that is newer than its failures. `null`: it was not out. */
	pardon(endpoint: E, now: number): EjectionChange<E> | null {
		const { outlier } = endpoint;
		return outlier.judge === this && outlier.isEjected ? this.giveBack(endpoint, 'health-check', now) : null;
	}

	/** Judges nobody from now on. Who is out comes back, unless another detector has the endpoint by now. */
	release(now: number): void {
		for (const endpoint of this.endpoints) {
			const { outlier } = endpoint;
			// A resize that is under way may have let go of it.
			if (outlier.judge !== this && outlier.judge !== null) continue;
			outlier.judge = null;
			if (outlier.isEjected) this.giveBack(endpoint, 'time', now);
		}
		this.resize([], now);
	}

	/** Counts who is out, lets those back whose time is over, and finds the next of them. */
	private takeStock(now: number, changes: EjectionChange<E>[]): void {
		this.nextReturnAt = NEVER;
		this.ejectedCount = 0;
		for (const endpoint of this.endpoints) {
			const { outlier } = endpoint;
			if (!outlier.isEjected) continue;
			this.ejectedCount++;
			if (outlier.ejectedUntil <= now) changes.push(this.giveBack(endpoint, 'time', now));
			else this.nextReturnAt = Math.min(this.nextReturnAt, outlier.ejectedUntil);
		}
	}

	private look(now: number, changes: EjectionChange<E>[]): void {
		const { successRate, interval } = this.policy;
		this.nextLookAt = NEVER;
		if (successRate === null) return;
		const outliers: E[] = [];
		for (const endpoint of this.endpoints) {
			const { counts, isEjected } = endpoint.outlier;
			if (counts === null || isEjected) continue;
			counts.advance(now);
			if (counts.failed === 0) continue;
			// As long as there is a failure in a window, time and successes may still change who is below.
			this.nextLookAt = now + interval;
			if (counts.total >= successRate.minRequests && rateOf(endpoint) < successRate.below) outliers.push(endpoint);
		}
		outliers.sort((a, b) => rateOf(a) - rateOf(b));
		for (const endpoint of outliers) changes.push(this.eject(endpoint, 'success-rate', now));
	}

	private eject(endpoint: E, cause: EjectionCause, now: number): EjectionVerdict<E> {
		if (this.ejectedCount >= this.mostEjected) return { is: 'kept', endpoint, reason: 'cap', cause };
		const { outlier } = endpoint;
		const { baseEjection, maxEjection, interval } = this.policy;
		const healthyIntervals = Math.floor((now - outlier.returnedAt) / Math.max(1, interval));
		outlier.ejections = Math.min(Math.max(0, outlier.ejections - healthyIntervals) + 1, this.mostInRow);
		outlier.ejectedUntil = now + Math.min(baseEjection * outlier.ejections, maxEjection);
		outlier.isEjected = true;
		this.ejectedCount++;
		this.nextReturnAt = Math.min(this.nextReturnAt, outlier.ejectedUntil);
		return { is: 'ejected', endpoint, reason: cause, until: outlier.ejectedUntil };
	}

	private giveBack(endpoint: E, reason: Return, now: number): EjectionChange<E> {
		const { outlier } = endpoint;
		outlier.isEjected = false;
		outlier.returnedAt = now;
		outlier.errors = 0;
		outlier.counts?.clear();
		this.ejectedCount--;
		return { is: 'returned', endpoint, reason };
	}

	private countsOf(outlier: OutlierCell, windowMs: number, now: number): RollingCounts {
		// The endpoint may have come from a detector with another window.
		if (outlier.counts?.windowMs !== windowMs) outlier.counts = new RollingCounts(windowMs, now);
		return outlier.counts;
	}
}

/** Of its window as it stands. */
function rateOf({ outlier: { counts } }: Judged): number {
	return counts === null || counts.total === 0 ? 1 : (counts.total - counts.failed) / counts.total;
}
