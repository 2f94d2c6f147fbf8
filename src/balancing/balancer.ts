/** The contract of every balancing policy: an immutable snapshot of endpoints, and who of them takes the next attempt. */
import type { Random } from '../clock.ts';

/** What a policy sees of an endpoint. The object lives on from snapshot to snapshot, and its counts with it. */
export interface Candidate {
	/** `host:port`: hashed policies place it by this. */
	readonly address: string;
	/** Attempts under way. */
	readonly active: number;
	/** False while it is ejected or unwell. Hashed policies walk past it; others are made anew without it. */
	readonly isUsable: boolean;
}

/** An endpoint with the share that it has in this snapshot: weight, slow start and zone multiplied. */
export interface Share<E extends Candidate> {
	readonly endpoint: E;
	/** Above 0. */
	readonly weight: number;
}

export interface Balancer<E extends Candidate> {
	/**
	 * `avoid`: the endpoint that has just failed, taken again only when there is no other. `hash`: of the request, 32 bits,
	 * read by hashed policies alone. `now`: clock time in milliseconds. `null` when there is no endpoint.
	 */
	pick(random: Random, avoid: E | null, hash: number, now: number): E | null;
}
