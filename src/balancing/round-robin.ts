/**
 * Endpoints in turn, by weight: one of weight 3 comes three times as often, evenly spread over the round.
 *
 * Theory of operation. Each endpoint has the time of its next turn; turns of one endpoint are 1/weight apart, and the
 * earliest is taken (earliest deadline first, as in Envoy). The order is a heap, so a turn costs the depth of the heap,
 * however many endpoints there are. The first turns are drawn at random within the first interval of each, so that many
 * sidecars which start together do not all begin with the same endpoint.
 */
import type { Random } from '../clock.ts';
import type { Balancer, Candidate, Share } from './balancer.ts';

export class RoundRobin<E extends Candidate> implements Balancer<E> {
	private readonly endpoints: readonly E[];
	/** Between two turns of each, as 1/weight. */
	private readonly intervals: Float64Array;
	/** Time of the next turn of each. */
	private readonly turns: Float64Array;
	/** Indices of endpoints; each is due before its children at 2i+1 and 2i+2. */
	private readonly heap: Uint32Array;
	/** All weights are the same: the turns are a plain circle, and `heap` is not used. */
	private readonly isEven: boolean;
	/** Who is next on the circle. */
	private next = 0;
	private isStarted = false;

	constructor(shares: readonly Share<E>[]) {
		this.endpoints = shares.map(({ endpoint }) => endpoint);
		this.intervals = Float64Array.from(shares, ({ weight }) => 1 / weight);
		this.turns = new Float64Array(shares.length);
		this.heap = Uint32Array.from(shares.keys());
		this.isEven = shares.every(({ weight }) => weight === shares[0]?.weight);
	}

	pick(random: Random, avoid: E | null): E | null {
		const { endpoints, heap } = this;
		if (endpoints.length === 0) return null;
		if (!this.isStarted) this.start(random);
		if (this.isEven) return this.nextButFor(avoid);
		const first = endpoints[heap[0] as number] as E;
		if (first !== avoid || endpoints.length === 1) {
			this.advance(0);
			return first;
		}
		// The one to be avoided keeps its turn; the next after it is one of its children.
		const place = heap.length > 2 && this.isBefore(2, 1) ? 2 : 1;
		const next = endpoints[heap[place] as number] as E;
		this.advance(place);
		return next;
	}

	private nextButFor(avoid: E | null): E {
		const { endpoints } = this;
		if (endpoints[this.next] === avoid) this.next = (this.next + 1) % endpoints.length;
		const endpoint = endpoints[this.next] as E;
		this.next = (this.next + 1) % endpoints.length;
		return endpoint;
	}

	private start(random: Random): void {
		this.isStarted = true;
		const { turns, intervals, heap } = this;
		this.next = Math.floor(random.next() * heap.length);
		for (let i = 0; i < turns.length; i++) turns[i] = random.next() * (intervals[i] as number);
		for (let place = (heap.length >> 1) - 1; place >= 0; place--) this.sink(place);
	}

	private advance(place: number): void {
		const index = this.heap[place] as number;
		this.turns[index] = (this.turns[index] as number) + (this.intervals[index] as number);
		this.sink(place);
	}

	private isBefore(one: number, other: number): boolean {
		const { turns, heap } = this;
		return (turns[heap[one] as number] as number) < (turns[heap[other] as number] as number);
	}

	private sink(from: number): void {
		const { turns, heap } = this;
		const moved = heap[from] as number;
		const due = turns[moved] as number;
		let place = from;
		for (;;) {
			let child = 2 * place + 1;
			if (child >= heap.length) break;
			if (child + 1 < heap.length && this.isBefore(child + 1, child)) child++;
			const its = heap[child] as number;
			if ((turns[its] as number) >= due) break;
			heap[place] = its;
			place = child;
		}
		heap[place] = moved;
	}
}
