/**
 * Consistent hashing on a ring: each endpoint has points on it in proportion to its weight, and a request goes to the owner
 * of the next point. An endpoint that leaves gives its stretches to its neighbours; all other requests stay where they are.
 *
 * How even the shares are depends on the points: with k of them each share is within about 1/√k of its weight in two of
 * three cases. Up to 400 endpoints have `POINTS_PER_ENDPOINT` each, which is 8 %; beyond that the ring does not grow, and
 * with thousands of endpoints `maglev` is the better choice.
 *
 * Endpoints that are not usable keep their points, and are walked past: a request comes home when its endpoint is well.
 */
import type { Random } from '../clock.ts';
import type { Balancer, Candidate, Share } from './balancer.ts';
import { mixed } from './hash.ts';
import { type Placed, placed } from './placed.ts';

/** Of average weight: ketama's 160. */
export const POINTS_PER_ENDPOINT = 160;
/** A ring of 64 Ki points is built in a few milliseconds and takes 512 KiB. */
export const MAX_POINTS = 65_536;
/** Owners fit into the bits that a double has beside a hash of 32. */
const OWNER_RANGE = 2 ** 20;
const HASH_BITS = 32;
const GOLDEN = 0x9e3779b9;

export class RingHash<E extends Candidate> implements Balancer<E> {
	private readonly endpoints: readonly E[];
	private readonly points: Uint32Array;
	/** Where to look for a hash, by its first bits: index of the first point at or after those bits and zeros. */
	private readonly guide: Uint32Array;
	private readonly guideShift: number;
	/** Index of the endpoint that each point belongs to. */
	private readonly owners: Uint32Array;

	constructor(shares: readonly Share<E>[]) {
		const all = placed(shares);
		const keys = keysOf(all);
		this.endpoints = all.map(({ endpoint }) => endpoint);
		this.points = Uint32Array.from(keys, (key) => Math.floor(key / OWNER_RANGE));
		this.guideShift = HASH_BITS - Math.max(1, Math.ceil(Math.log2(keys.length)));
		this.guide = guideTo(this.points, this.guideShift);
		this.owners = Uint32Array.from(keys, (key) => key % OWNER_RANGE);
	}

	pick(_random: Random, avoid: E | null, hash: number): E | null {
		const { endpoints, owners } = this;
		if (owners.length === 0) return null;
		const from = this.firstAt(hash);
		let second: E | null = null;
		for (let step = 0, at = from; step < owners.length; step++, at = at + 1 === owners.length ? 0 : at + 1) {
			const endpoint = endpoints[owners[at] as number] as E;
			if (endpoint.isUsable && endpoint !== avoid) return endpoint;
			if (endpoint.isUsable || second === null) second = endpoint;
		}
		// All are unwell but the one to be avoided, or all of them.
		return second?.isUsable === true ? second : (endpoints[owners[from] as number] as E);
	}

	/** Index of the first point at or after a hash. */
	private firstAt(hash: number): number {
		const { points } = this;
		let at = this.guide[hash >>> this.guideShift] as number;
		while (at < points.length && (points[at] as number) < hash) at++;
		return at === points.length ? 0 : at;
	}
}

/** As many cells as there are points, or up to twice as many. */
function guideTo(points: Uint32Array, shift: number): Uint32Array {
	const guide = new Uint32Array(2 ** (HASH_BITS - shift));
	let at = 0;
	for (let cell = 0; cell < guide.length; cell++) {
		while (at < points.length && (points[at] as number) < cell * 2 ** shift) at++;
		guide[cell] = at;
	}
	return guide;
}

/** Points with their owners, in the order of the ring. */
function keysOf<E extends Candidate>(all: readonly Placed<E>[]): Float64Array {
	const weight = all.reduce((sum, each) => sum + each.weight, 0);
	const size = Math.min(MAX_POINTS, all.length * POINTS_PER_ENDPOINT);
	const keys: number[] = [];
	for (const [owner, each] of all.entries()) {
		const count = Math.max(1, Math.round((each.weight / weight) * size));
		for (let i = 0; i < count; i++) keys.push(mixed(each.hash + Math.imul(i, GOLDEN)) * OWNER_RANGE + owner);
	}
	return Float64Array.from(keys).sort();
}
