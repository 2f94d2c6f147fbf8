/** Endpoints in turn, by weight (`turns.ts`), from a random place in the order on. */
import type { Random } from '../clock.ts';
import type { Balancer, Candidate, Share } from './balancer.ts';
import { Turns } from './turns.ts';

/** Turns that the endpoint to be avoided may lose to one request: it may have nearly all of them. */
const MAX_LOST_TURNS = 4;

export class RoundRobin<E extends Candidate> implements Balancer<E> {
	private readonly endpoints: readonly E[];
	private readonly weights: Float64Array;
	/** `null` until the first pick, which brings the randomness to begin with. */
	private turns: Turns | null = null;

	constructor(shares: readonly Share<E>[]) {
		this.endpoints = shares.map(({ endpoint }) => endpoint);
		this.weights = Float64Array.from(shares, ({ weight }) => weight);
	}

	pick(random: Random, avoid: E | null): E | null {
		const { endpoints } = this;
		if (endpoints.length === 0) return null;
		this.turns ??= new Turns(this.weights, random.next());
		const index = this.turns.take();
		const endpoint = endpoints[index] as E;
		return endpoint === avoid && endpoints.length > 1 ? this.another(random, avoid, index) : endpoint;
	}

	private another(random: Random, avoid: E, index: number): E {
		for (let lost = 1; lost < MAX_LOST_TURNS; lost++) {
			const endpoint = this.endpoints[(this.turns as Turns).take()] as E;
			if (endpoint !== avoid) return endpoint;
		}
		const { length } = this.endpoints;
		return this.endpoints[(index + 1 + Math.floor(random.next() * (length - 1))) % length] as E;
	}
}
