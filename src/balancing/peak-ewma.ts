/**
 * The endpoint that will have answered first, of two drawn at random: what it took lately, times the requests that would
 * then be under way there (Finagle's and Linkerd's peak EWMA). A slow endpoint gets little without anybody ejecting it.
 *
 * Draws follow the weights, and requests under way are measured by them. The one that would be added counts as much for a
 * light endpoint as for a heavy one: divided by the weight as well, it would leave a light or warming endpoint without any
 * request as long as the service is nearly idle.
 */
import type { Candidate, Share } from './balancer.ts';
import type { LatencyCell } from './latency-cell.ts';
import { TwoChoices } from './two-choices.ts';

export interface TimedCandidate extends Candidate {
	readonly latency: LatencyCell;
}

export class PeakEwma<E extends TimedCandidate> extends TwoChoices<E> {
	private readonly meanWeight: number;

	constructor(shares: readonly Share<E>[]) {
		super(shares);
		this.meanWeight = shares.reduce((sum, { weight }) => sum + weight, 0) / shares.length;
	}

	protected override isBetter(second: E, itsWeight: number, first: E, weight: number, now: number): boolean {
		const ahead = second.latency.orderAt(now) - first.latency.orderAt(now);
		const load = (second.active * this.meanWeight + itsWeight) * weight;
		const its = (first.active * this.meanWeight + weight) * itsWeight;
		// The same as comparing value times load; the exponential is left out where the answer is plain.
		if (ahead >= 0 && load >= its) return false;
		if (ahead <= 0 && load <= its) return true;
		return Math.exp(ahead) * load < its;
	}
}
