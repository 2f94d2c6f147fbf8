/**
 * The endpoint with fewer requests under way, of two drawn at random ("the power of two choices"): nearly as even as
 * asking all of them, without everybody running to the same one.
 *
 * Theory of operation. Both draws follow the weights, and never hit the same endpoint. The two are compared by requests
 * under way per weight: one of weight 3 may have three times as many. On a tie the first draw wins, so that an idle
 * service is shared exactly by weight. (Envoy leaves the two draws for a weighted round robin as soon as weights differ; a
 * draw needs no order that is kept up as requests come and go.) The endpoint of a failed attempt is left out of the draws
 * as long as there is another.
 *
 * Endpoints and weights are a snapshot: where they change, another `LeastRequest` takes over. Only `active` moves.
 */
import type { Random } from '../clock.ts';
import type { Balancer, Candidate, Share } from './balancer.ts';
import { WeightLine } from './weighted.ts';

/** No endpoint, where the index of one is asked for. */
const NONE = -1;

export class LeastRequest<E extends Candidate> implements Balancer<E> {
	private readonly endpoints: readonly E[];
	private readonly weights: Float64Array;
	private readonly line: WeightLine;
	private readonly isEven: boolean;

	constructor(shares: readonly Share<E>[]) {
		this.endpoints = shares.map(({ endpoint }) => endpoint);
		this.weights = Float64Array.from(shares, ({ weight }) => weight);
		this.line = new WeightLine(shares);
		this.isEven = this.weights.every((weight) => weight === this.weights[0]);
	}

	/** `avoid` comes back only where it is the only one. `null` when there is no endpoint. */
	pick(random: Random, avoid: E | null): E | null {
		const { endpoints } = this;
		if (endpoints.length === 0) return null;
		if (endpoints.length === 1) return endpoints[0] as E;
		const avoided = avoid === null ? NONE : endpoints.indexOf(avoid);
		const one = this.draw(random, NONE, avoided);
		const first = endpoints[one] as E;
		if (avoided !== NONE && endpoints.length === 2) return first;
		const two = this.draw(random, Math.min(one, avoided), Math.max(one, avoided));
		const second = endpoints[two] as E;
		return first.active * this.weightOf(two) <= second.active * this.weightOf(one) ? first : second;
	}

	/** Index by weight, as if two endpoints were not there; `low` is before `high`. */
	private draw(random: Random, low: number, high: number): number {
		const { endpoints, line } = this;
		const point = random.next();
		const index = this.isEven ? (point * endpoints.length) | 0 : line.indexAt(point * line.length);
		// Seldom among many, so that the way around the two is paid for only then. The shares stay the same.
		if (index === low || index === high) return this.drawAround(random.next(), low, high);
		return index;
	}

	private drawAround(point: number, low: number, high: number): number {
		const { line } = this;
		let place = point * (line.length - this.weightOf(low) - this.weightOf(high));
		if (low !== NONE && place >= line.startOf(low)) place += this.weightOf(low);
		if (high !== NONE && place >= line.startOf(high)) place += this.weightOf(high);
		let index = line.indexAt(place);
		// Weights that are no whole numbers may round into a stretch that is left out.
		while (index === low || index === high) index = index === 0 ? this.endpoints.length - 1 : index - 1;
		return index;
	}

	private weightOf(index: number): number {
		return index === NONE ? 0 : (this.weights[index] as number);
	}
}
