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
	protected override costOf({ latency, active }: E, now: number): number {
		return latency.valueAt(now) * (active + 1);
	}
}
