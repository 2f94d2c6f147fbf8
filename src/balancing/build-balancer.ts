/** The one list of balancing policies. */
import type { LoadBalancerPolicy } from '../config/service-config.ts';
import type { Balancer, Share } from './balancer.ts';
import { LeastRequest } from './least-request.ts';
import { Maglev } from './maglev.ts';
import { PeakEwma, type TimedCandidate } from './peak-ewma.ts';
import { RandomChoice } from './random-choice.ts';
import { RingHash } from './ring-hash.ts';
import { RoundRobin } from './round-robin.ts';

export function buildBalancer<E extends TimedCandidate>(
	policy: LoadBalancerPolicy['policy'],
	shares: readonly Share<E>[],
): Balancer<E> {
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
			return new RingHash(shares);
		case 'maglev':
			return new Maglev(shares);
		default:
			return policy satisfies never;
	}
}

/** Whether the policy places endpoints where they stay, and walks past those that are not usable. */
export function keepsPlaces(policy: LoadBalancerPolicy['policy']): boolean {
	return policy === 'ringHash' || policy === 'maglev';
}
