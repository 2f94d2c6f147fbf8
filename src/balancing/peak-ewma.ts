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
	/** Of `endpoints`: found without waiting for them. */
	private readonly latencies: readonly LatencyCell[];
	private readonly meanWeight: number;

	constructor(shares: readonly Share<E>[]) {
		super(shares);
		this.latencies = shares.map(({ endpoint }) => endpoint.latency);
		this.meanWeight = shares.reduce((sum, { weight }) => sum + weight, 0) / shares.length;
	}

	protected override isBetter(second: number, first: number, now: number): boolean {
		const { endpoints, weights, latencies, meanWeight } = this;
		const weight = weights[first] as number;
		const itsWeight = weights[second] as number;
		const load = ((endpoints[first] as E).active * meanWeight + weight) * itsWeight;
		const itsLoad = ((endpoints[second] as E).active * meanWeight + itsWeight) * weight;
		return (latencies[second] as LatencyCell).isBelow(itsLoad, latencies[first] as LatencyCell, load, now);
	}
}
