/** Endpoints in an order that depends on their addresses alone: the same in every sidecar, in whatever order they are listed. */
import type { Candidate, Share } from './balancer.ts';
import { hashOfText } from './hash.ts';

/** Endpoints fit into the bits that a double has beside a hash of 32. */
const INDEX_RANGE = 2 ** 20;

export interface Placed<E extends Candidate> extends Share<E> {
	/** Of its address. */
	readonly hash: number;
}

export function placed<E extends Candidate>(shares: readonly Share<E>[]): Placed<E>[] {
	const keys = new Float64Array(shares.length);
	for (const [index, { endpoint }] of shares.entries())
		keys[index] = hashOfText(endpoint.address) * INDEX_RANGE + index;
	keys.sort();
	const sorted: Placed<E>[] = [];
	for (const key of keys) {
		const { endpoint, weight } = shares[key % INDEX_RANGE] as Share<E>;
		sorted.push({ endpoint, weight, hash: Math.floor(key / INDEX_RANGE) });
	}
	return sorted;
}
