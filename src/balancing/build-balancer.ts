/** The one list of balancing policies. */
import type { LoadBalancerPolicy } from '../config/service-config.ts';
import type { Balancer, Share } from './balancer.ts';
import { LeastRequest } from './least-request.ts';
import { Maglev } from './maglev.ts';
import { PeakEwma, type TimedCandidate } from './peak-ewma.ts';
import { RandomChoice } from './random-choice.ts';
import { RingHash } from './ring-hash.ts';
import { RoundRobin } from './round-robin.ts';

/** Pauses now and then: with 10,000 endpoints some policies need more than 10 ms. Shares must not change meanwhile. */
export function* balancerInSlices<E extends TimedCandidate>(
	policy: LoadBalancerPolicy['policy'],
	shares: readonly Share<E>[],
): Generator<undefined, Balancer<E>, undefined> {
	switch (policy) {
		case 'leastRequest':
			return new LeastRequest(shares);
		case 'peakEwma':
			return new PeakEwma(shares);
		case 'roundRobin':
			return new RoundRobin(shares);
		case 'random':
			return new RandomChoice(shares);
		case 'ringHash':
			return yield* RingHash.inSlices(shares);
		case 'maglev':
			return yield* Maglev.inSlices(shares);
		default:
			return policy satisfies never;
	}
}

/** Without the pauses. */
export function buildBalancer<E extends TimedCandidate>(
	policy: LoadBalancerPolicy['policy'],
	shares: readonly Share<E>[],
): Balancer<E> {
	const slices = balancerInSlices(policy, shares);
	for (;;) {
		const slice = slices.next();
		if (slice.done === true) return slice.value;
	}
}

/** Whether the policy places endpoints where they stay, and walks past those that are not usable. */
export function keepsPlaces(policy: LoadBalancerPolicy['policy']): boolean {
	return policy === 'ringHash' || policy === 'maglev';
}
