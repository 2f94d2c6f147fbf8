/** The one list of balancing policies. */
import type { LoadBalancerPolicy } from '../config/service-config.ts';
import type { Balancer, Candidate, Share } from './balancer.ts';
import { LeastRequest } from './least-request.ts';

export function buildBalancer<E extends Candidate>(
	_policy: LoadBalancerPolicy['policy'],
	shares: readonly Share<E>[],
): Balancer<E> {
	return new LeastRequest(shares);
}

/** Whether the policy places endpoints where they stay, and walks past those that are not usable. */
export function keepsPlaces(policy: LoadBalancerPolicy['policy']): boolean {
	return policy === 'ringHash' || policy === 'maglev';
}
