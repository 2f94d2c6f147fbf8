/**
 * Consistent hashing on a ring: each endpoint has points on it in proportion to its weight, and a request goes to the owner
 * of the next point. An endpoint that leaves gives its stretches to its neighbours; all other requests stay where they are.
 *
 * How even the shares are depends on the points: with k of them a share is within about 1/√k of its weight in two of three
 * cases. Up to 256 endpoints have `POINTS_PER_ENDPOINT` each, which is 6 %; beyond that the ring does not grow: 12 % with
 * 1,000 endpoints, 40 % with 10,000, where `maglev` is the better choice. (Envoy's ring has 1,024 points for all of them,
 * unless it is told otherwise.) Where weights differ, an endpoint that leaves also changes the average, by which points are
 * given out: up to 1/n of the requests move then, or twice its share.
 *
 * Endpoints that are not usable keep their points, and are walked past: a request comes home when its endpoint is well.
 */
import type { Random } from '../clock.ts';
import type { Balancer, Candidate, Share } from './balancer.ts';
import { mixed } from './hash.ts';
import { anyUsable, type Placed, placed } from './placed.ts';

/** Of average weight. */
export const POINTS_PER_ENDPOINT = 256;
/** Unless there are more endpoints. Such a ring is built in some milliseconds and takes 768 KiB. */
export const MAX_POINTS = 65_536;
/** Points that a request walks past before it asks the endpoints one after the other. */
const MAX_STEPS = 64;
/** Points made, put or sorted between two pauses: a tenth of a millisecond, ten times that in code that runs for the first time. */
const SLICE = 8192;
const HASH_BITS = 32;

export class RingHash<E extends Candidate> implements Balancer<E> {
	private readonly endpoints: readonly E[];
	private readonly ring: Ring;

	private constructor(endpoints: readonly E[], ring: Ring) {
		this.endpoints = endpoints;
		this.ring = ring;
	}

	static *inSlices<E extends Candidate>(shares: readonly Share<E>[]): Generator<undefined, RingHash<E>, undefined> {
		const all = yield* placed(shares);
		yield;
		const ring = new Ring(all);
		yield* ring.fill(all);
		return new RingHash(all.endpoints, ring);
	}

	pick(_random: Random, avoid: E | null, hash: number): E | null {
		const { endpoints } = this;
		if (endpoints.length === 0) return null;
		const { ring } = this;
		const home = ring.firstAt(hash);
		const steps = Math.min(MAX_STEPS, ring.size);
		for (let step = 0, at = home; step < steps; step++, at = at + 1 === ring.size ? 0 : at + 1) {
			const endpoint = endpoints[ring.ownerOf(at)] as E;
			if (endpoint.isUsable && endpoint !== avoid) return endpoint;
		}
		return anyUsable(endpoints, ring.ownerOf(home), avoid);
	}
}

/**
 * Points in order. Hashes are spread evenly, so sorting is no more than putting each point into the cell of its first bits,
 * where one other is on average. The cells are the guide of look-ups afterwards.
 */
class Ring {
	/** Points. */
	readonly size: number;
	/** Each point, and the index of the endpoint that it belongs to: side by side, so that a look-up waits for one of them. */
	private readonly points: Uint32Array;
	/** Where each cell begins: index of the first point at or after its bits and zeros. Before `put`, where it ends. */
	private readonly guide: Uint32Array;
	private readonly shift: number;
	/** How many points each endpoint has. */
	private readonly counts: Uint32Array;
	/** Points by endpoint. */
	private made: Uint32Array;

	/** Empty before `fill`. */
	constructor({ weights }: Placed<Candidate>) {
		this.counts = countsOf(weights);
		const size = this.counts.reduce((sum, count) => sum + count, 0);
		this.size = size;
		this.shift = HASH_BITS - Math.max(1, Math.ceil(Math.log2(size)));
		this.points = new Uint32Array(2 * size);
		this.guide = new Uint32Array(2 ** (HASH_BITS - this.shift));
		this.made = new Uint32Array(size);
	}

	*fill({ hashes, strides }: Placed<Candidate>): Generator<undefined, void, undefined> {
		const { counts, guide, size } = this;
		const owners = Math.ceil((counts.length * SLICE) / size);
		let at = 0;
		for (let owner = 0; owner < counts.length; owner += owners) {
			yield;
			at = this.make(hashes, strides, owner, Math.min(counts.length, owner + owners), at);
		}
		for (let cell = 1; cell < guide.length; cell++) {
			guide[cell] = (guide[cell] as number) + (guide[cell - 1] as number);
		}
		at = 0;
		for (let owner = 0; owner < counts.length; owner += owners) {
			yield;
			at = this.put(owner, Math.min(counts.length, owner + owners), at);
		}
		this.made = new Uint32Array(0);
		for (let from = 1; from < size; from += SLICE) {
			yield;
			this.sort(from, Math.min(size, from + SLICE));
		}
	}

	/** Index of the first point at or after a hash. */
	firstAt(hash: number): number {
		const { points, size } = this;
		let at = this.guide[hash >>> this.shift] as number;
		while (at < size && (points[2 * at] as number) < hash) at++;
		return at === size ? 0 : at;
	}

	ownerOf(at: number): number {
		return this.points[2 * at + 1] as number;
	}

	/** Points of some owners, the first of them at `at`; returns where the last one ends. */
	private make(hashes: Uint32Array, strides: Uint32Array, from: number, to: number, at: number): number {
		const { guide, shift, counts, made } = this;
		let next = at;
		for (let owner = from; owner < to; owner++) {
			const hash = hashes[owner] as number;
			const stride = strides[owner] as number;
			const count = counts[owner] as number;
			for (let i = 0; i < count; i++) {
				const point = mixed(hash + Math.imul(i, stride));
				made[next++] = point;
				guide[point >>> shift] = (guide[point >>> shift] as number) + 1;
			}
		}
		return next;
	}

	/** The same points into their cells, from the end of each down to its beginning, which the guide has afterwards. */
	private put(from: number, to: number, at: number): number {
		const { points, guide, shift, counts, made } = this;
		let next = at;
		for (let owner = from; owner < to; owner++) {
			for (const end = next + (counts[owner] as number); next < end; next++) {
				const point = made[next] as number;
				const place = (guide[point >>> shift] as number) - 1;
				guide[point >>> shift] = place;
				points[2 * place] = point;
				points[2 * place + 1] = owner;
			}
		}
		return next;
	}

	/** Inserts points where they belong among those before them: each is at most a cell's few points away. */
	private sort(from: number, to: number): void {
		const { points } = this;
		for (let i = 2 * from; i < 2 * to; i += 2) {
			const point = points[i] as number;
			const owner = points[i + 1] as number;
			let at = i;
			for (; at > 0 && (points[at - 2] as number) > point; at -= 2) {
				points[at] = points[at - 2] as number;
				points[at + 1] = points[at - 1] as number;
			}
			points[at] = point;
			points[at + 1] = owner;
		}
	}
}

function countsOf(weights: Float64Array): Uint32Array {
	const total = weights.reduce((sum, weight) => sum + weight, 0);
	const perWeight = Math.min(MAX_POINTS, weights.length * POINTS_PER_ENDPOINT) / total;
	return Uint32Array.from(weights, (weight) => Math.max(1, Math.round(weight * perWeight)));
}
