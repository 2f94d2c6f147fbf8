/**
 * Endpoints that stand in for one another: those of a service, or of a subset or port of it; and who of them is next.
 *
 * Rules refer to groups, so a group stays while its endpoints come and go. What it has is replaced whole: an attempt ends
 * at the endpoint that it was given.
 */
import type { Balancer } from '../balancing/balancer.ts';
import { buildBalancer, keepsPlaces } from '../balancing/build-balancer.ts';
import { sharesOf } from '../balancing/shares.ts';
import type { Random } from '../clock.ts';
import type { HashKey, LoadBalancerPolicy } from '../config/service-config.ts';
import type { Endpoint } from './endpoint.ts';

const LEAST_REQUEST: LoadBalancerPolicy = {
	policy: 'leastRequest',
	hash: { by: 'sourceIp' },
	slowStart: 0,
	zone: 'any',
};

export class EndpointGroup {
	readonly policy: LoadBalancerPolicy;
	/** All of them, whether they are used or not. */
	endpoints: readonly Endpoint[] = [];
	/** Another one each time that `endpoints` are others. */
	version = 0;
	/** None is well, so that all are used. */
	isPanicking = false;
	/** Shares grow with time: `refresh` is due again soon. */
	isWarming = false;
	/** Zone to be preferred; `''`: none. */
	private readonly zone: string;
	private balancer: Balancer<Endpoint>;

	/** `zone`: where the app is; `''`: not said. */
	constructor(policy: LoadBalancerPolicy, zone: string) {
		this.policy = policy;
		this.zone = policy.zone === 'prefer' ? zone : '';
		this.balancer = buildBalancer<Endpoint>(policy.policy, []);
	}

	/** One that never changes, with the default policy. */
	static of(endpoints: readonly Endpoint[]): EndpointGroup {
		const group = new EndpointGroup(LEAST_REQUEST, '');
		group.follow(endpoints, 0);
		return group;
	}

	/** These are the endpoints from now on. */
	follow(endpoints: readonly Endpoint[], now: number): void {
		this.endpoints = endpoints;
		this.version++;
		this.refresh(now);
	}

	/** Other endpoints may be used now than before, or have other shares. */
	refresh(now: number): void {
		const { policy, slowStart } = this.policy;
		const keepsUnusable = keepsPlaces(policy);
		const { shares, isPanic, isWarming } = sharesOf(this.endpoints, {
			now,
			slowStartMs: slowStart,
			zone: this.zone,
			keepsUnusable,
		});
		this.isPanicking = isPanic;
		this.isWarming = isWarming;
		this.balancer = buildBalancer(policy, shares);
	}

	/** What the next request is told apart by; `null`: nothing. */
	get hashKey(): HashKey | null {
		return keepsPlaces(this.policy.policy) ? this.policy.hash : null;
	}

	/** See `Balancer.pick`. */
	pick(random: Random, avoid: Endpoint | null, hash: number, now: number): Endpoint | null {
		return this.balancer.pick(random, avoid, hash, now);
	}
}
