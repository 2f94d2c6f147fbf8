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
	protected readonly endpoints: readonly E[];
	/** Side by side with `endpoints`. */
	protected readonly weights: Float64Array;
	private readonly draw: WeightedDraw;

	constructor(shares: readonly Share<E>[]) {
		this.endpoints = shares.map(({ endpoint }) => endpoint);
		this.draw = new WeightedDraw(shares);
		this.weights = this.draw.weights;
	}

	/** Whether the second is strictly better for the next request. Both are indexes. */
	protected abstract isBetter(second: number, first: number, now: number): boolean;

	pick(random: Random, avoid: E | null, _hash: number, now: number): E | null {
		const { endpoints, draw } = this;
		if (endpoints.length === 0) return null;
		if (endpoints.length === 1) return endpoints[0] as E;
		if (avoid !== null) return this.pickBesides(random, avoid, now);
		const one = draw.at(random.next());
		const two = draw.besides(NONE, one, random);
		return endpoints[this.isBetter(two, one, now) ? two : one] as E;
	}

	private pickBesides(random: Random, avoid: E, now: number): E {
		const { endpoints, draw } = this;
		const avoided = endpoints.indexOf(avoid);
		const one = draw.besides(NONE, avoided, random);
		if (avoided !== NONE && endpoints.length === 2) return endpoints[one] as E;
		const two = draw.besides(Math.min(one, avoided), Math.max(one, avoided), random);
		return endpoints[this.isBetter(two, one, now) ? two : one] as E;
	}
}
