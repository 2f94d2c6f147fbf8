/**
 * The endpoint that will have answered first, of two drawn at random: what it took lately, times the requests that would
 * then be under way there (Finagle's and Linkerd's peak EWMA). A slow endpoint gets little without anybody ejecting it.
 */
import type { Candidate } from './balancer.ts';
import type { LatencyCell } from './latency-cell.ts';
import { TwoChoices } from './two-choices.ts';

export interface TimedCandidate extends Candidate {
	readonly latency: LatencyCell;
}

export class PeakEwma<E extends TimedCandidate> extends TwoChoices<E> {
	protected override isBetter(second: E, itsWeight: number, first: E, weight: number, now: number): boolean {
		const ahead = second.latency.orderAt(now) - first.latency.orderAt(now);
		const load = (second.active + 1) * weight;
		const its = (first.active + 1) * itsWeight;
		// The same as comparing value times load; the exponential is left out where the answer is plain.
		if (ahead >= 0 && load >= its) return false;
		if (ahead <= 0 && load <= its) return true;
		return Math.exp(ahead) * load < its;
	}
}
