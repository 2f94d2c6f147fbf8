/**
 * Endpoints in an order that depends on their addresses alone: the same in every sidecar, however they are listed. And who
 * is asked when their places are of no use.
 */
import type { Candidate, Share } from './balancer.ts';
import { hashOfText } from './hash.ts';

/** Endpoints fit into the bits that a double has beside a hash of 32. */
const INDEX_RANGE = 2 ** 20;
const STRIDE_SEED = 0x5bd1e995;

/** Side by side: item `i` of each list belongs to endpoint `i`. */
export interface Placed<E extends Candidate> {
	readonly endpoints: readonly E[];
	readonly weights: Float64Array;
	/** Of addresses. */
	readonly hashes: Uint32Array;
	/** Another hash of them, odd: of 10,000 addresses some two may share the one, but not both. */
	readonly strides: Uint32Array;
}

/** Pauses where thousands have taken a few milliseconds. */
export function* placed<E extends Candidate>(shares: readonly Share<E>[]): Generator<undefined, Placed<E>, undefined> {
	const { length } = shares;
	const keys = new Float64Array(length);
	for (let i = 0; i < length; i++) keys[i] = hashOfText((shares[i] as Share<E>).endpoint.address) * INDEX_RANGE + i;
	yield;
	keys.sort();
	yield;
	const endpoints: E[] = [];
	const weights = new Float64Array(length);
	const hashes = new Uint32Array(length);
	const strides = new Uint32Array(length);
	for (let i = 0; i < length; i++) {
		const key = keys[i] as number;
		const share = shares[key % INDEX_RANGE] as Share<E>;
		endpoints.push(share.endpoint);
		weights[i] = share.weight;
		hashes[i] = Math.floor(key / INDEX_RANGE);
		strides[i] = hashOfText(share.endpoint.address, STRIDE_SEED) | 1;
	}
	return { endpoints, weights, hashes, strides };
}

/**
 * Asks all of them, from one on: for when nearly all are unwell. The one to be avoided comes back when no other is usable;
 * when none is at all, the first, or the next where that is the one to be avoided.
 */
export function anyUsable<E extends Candidate>(endpoints: readonly E[], from: number, avoid: E | null): E {
	let last: E | null = null;
	for (let step = 0, at = from; step < endpoints.length; step++, at = at + 1 === endpoints.length ? 0 : at + 1) {
		const endpoint = endpoints[at] as E;
		if (!endpoint.isUsable) continue;
		if (endpoint !== avoid) return endpoint;
		last = endpoint;
	}
	if (last !== null) return last;
	const first = endpoints[from] as E;
	return first === avoid ? (endpoints[(from + 1) % endpoints.length] as E) : first;
}
