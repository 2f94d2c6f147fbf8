/**
 * The better of two endpoints that are drawn at random ("the power of two choices"): nearly as good as asking all of them,
 * without everybody running to the same one. What better means is for each policy to say.
 *
 * Both draws follow the weights and never hit the same endpoint. (Envoy leaves the two draws for a weighted round robin as
 * soon as weights differ; a draw needs no order that is kept up as requests come and go.) The endpoint of a failed attempt
 * is left out of the draws as long as there is another.
 *
 * Endpoints and weights are a snapshot: where they change, another object takes over.
 */
import type { Random } from '../clock.ts';
import type { Balancer, Candidate, Share } from './balancer.ts';
import { NONE, WeightedDraw } from './weighted-draw.ts';

export abstract class TwoChoices<E extends Candidate> implements Balancer<E> {
	private readonly endpoints: readonly E[];
	private readonly draw: WeightedDraw;

	constructor(shares: readonly Share<E>[]) {
		this.endpoints = shares.map(({ endpoint }) => endpoint);
		this.draw = new WeightedDraw(shares);
	}

	/** Whether the second is strictly better for the next request. */
	protected abstract isBetter(second: E, itsWeight: number, first: E, weight: number, now: number): boolean;

	pick(random: Random, avoid: E | null, _hash: number, now: number): E | null {
		const { endpoints, draw } = this;
		if (endpoints.length === 0) return null;
		if (endpoints.length === 1) return endpoints[0] as E;
		const avoided = avoid === null ? NONE : endpoints.indexOf(avoid);
		const one = draw.index(random, NONE, avoided);
		const first = endpoints[one] as E;
		if (avoided !== NONE && endpoints.length === 2) return first;
		const two = draw.index(random, Math.min(one, avoided), Math.max(one, avoided));
		const second = endpoints[two] as E;
		return this.isBetter(second, draw.weightOf(two), first, draw.weightOf(one), now) ? second : first;
	}
}
