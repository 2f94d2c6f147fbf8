/**
 * The endpoint with fewer requests under way, of two drawn at random, compared by requests per weight: one of weight 3 may
 * have three times as many. On a tie the first draw wins, so that an idle service is shared exactly by weight.
 */
import type { Candidate } from './balancer.ts';
import { TwoChoices } from './two-choices.ts';

export class LeastRequest<E extends Candidate> extends TwoChoices<E> {
	protected override isBetter(second: number, first: number): boolean {
		const { endpoints, weights } = this;
		const load = (endpoints[second] as E).active * (weights[first] as number);
		return load < (endpoints[first] as E).active * (weights[second] as number);
	}
}
