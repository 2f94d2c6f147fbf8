/**
 * Which endpoints take part in a snapshot, and with what share of the requests: weight, slow start and zone multiplied.
 *
 * Those that are ejected or unwell are left out. Where nobody would be left, all of them are taken: a service that answers
 * half of its requests is worth more than one that answers none ("panic", as in Envoy; ours begins at none, not at half,
 * and whoever asks is told, so that it can be logged and counted).
 */
import type { Candidate, Share } from './balancer.ts';
import { slowStartFactor } from './slow-start.ts';
import { zoneFactors } from './zones.ts';

export interface Sharer extends Candidate {
	/** Of the route file; 0: takes no part. */
	readonly weight: number;
	/** `''`: not said. */
	readonly zone: string;
	/** Clock time at which it became usable, in milliseconds; -Infinity: it has been for ever. */
	readonly usableSince: number;
}

export interface SharesInput {
	readonly now: number;
	/** Milliseconds; 0: no slow start. */
	readonly slowStartMs: number;
	/** Zone to be preferred; `''`: none. */
	readonly zone: string;
	/** The policy walks past the unusable by itself: they keep their places. */
	readonly keepsUnusable: boolean;
}

export interface Shares<E extends Candidate> {
	readonly shares: readonly Share<E>[];
	/** Nobody is usable, so all are used. */
	readonly isPanic: boolean;
	/** Some shares will grow with time. */
	readonly isWarming: boolean;
}

export function sharesOf<E extends Sharer>(endpoints: readonly E[], input: SharesInput): Shares<E> {
	const { now, slowStartMs, zone, keepsUnusable } = input;
	const weighty = endpoints.filter(({ weight }) => weight > 0);
	const usable = weighty.filter(({ isUsable }) => isUsable);
	const isPanic = usable.length === 0 && weighty.length > 0;
	const taken = isPanic || keepsUnusable ? weighty : usable;
	const factors = zone === '' ? null : zoneFactors(taken, weighty, zone);
	let isWarming = false;
	const shares = taken.map((endpoint, index): Share<E> => {
		const warmth = slowStartMs === 0 ? 1 : slowStartFactor(now - endpoint.usableSince, slowStartMs);
		if (warmth < 1) isWarming = true;
		return { endpoint, weight: endpoint.weight * warmth * (factors?.[index] ?? 1) };
	});
	return { shares: shares.filter(({ weight }) => weight > 0), isPanic, isWarming };
}
