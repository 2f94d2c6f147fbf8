/** An endpoint at random, by weight. Needs to know nothing, so many callers that know nothing of each other do no harm. */
import type { Random } from '../clock.ts';
import type { Balancer, Candidate, Share } from './balancer.ts';
import { NONE, WeightedDraw } from './weighted-draw.ts';

export class RandomChoice<E extends Candidate> implements Balancer<E> {
	private readonly endpoints: readonly E[];
	private readonly draw: WeightedDraw;

	constructor(shares: readonly Share<E>[]) {
		this.endpoints = shares.map(({ endpoint }) => endpoint);
		this.draw = new WeightedDraw(shares);
	}

	pick(random: Random, avoid: E | null): E | null {
		const { endpoints } = this;
		if (endpoints.length === 0) return null;
		if (endpoints.length === 1) return endpoints[0] as E;
		const { draw } = this;
		const index = avoid === null ? draw.at(random.next()) : draw.besides(NONE, endpoints.indexOf(avoid), random);
		return endpoints[index] as E;
	}
}
