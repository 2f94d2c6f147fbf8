/**
 * Endpoints that stand in for one another: those of a service, or of a subset or port of it; and who of them is next.
 *
 * Rules refer to groups, so a group stays while its endpoints come and go. What it has is replaced whole: an attempt ends
 * at the endpoint that it was given.
 *
 * With thousands of endpoints a policy takes milliseconds to be made. So it can be made in slices, as a plan that changes
 * nothing until it is adopted. Whoever is in a hurry has it made at once.
 */
import type { Balancer, Share } from '../balancing/balancer.ts';
import { balancerInSlices, buildBalancer, keepsPlaces } from '../balancing/build-balancer.ts';
import { areSameShares, type Shares, sharesOf } from '../balancing/shares.ts';
import type { Random } from '../clock.ts';
import type { HashKey, LoadBalancerPolicy } from '../config/service-config.ts';
import type { Endpoint } from './endpoint.ts';

const LEAST_REQUEST: LoadBalancerPolicy = {
	policy: 'leastRequest',
	hash: { by: 'sourceIp' },
	slowStart: 0,
	zone: 'any',
};

/** What a group will be. */
export interface GroupPlan {
	readonly endpoints: readonly Endpoint[];
	readonly found: Shares<Endpoint>;
	readonly balancer: Balancer<Endpoint>;
}

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
	/** What `balancer` was made of: those that it may choose. */
	private shares: readonly Share<Endpoint>[] = [];

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
		this.list(endpoints);
		this.refresh(now);
	}

	/** The same, but the policy is left to a plan. Whoever picks before that waits for it to be made. */
	expect(endpoints: readonly Endpoint[]): void {
		this.list(endpoints);
		this.balancer = new Unplanned(this);
	}

	/** False from `expect` until there is a policy for what it was told of. */
	get isPlanned(): boolean {
		return !(this.balancer instanceof Unplanned);
	}

	private list(endpoints: readonly Endpoint[]): void {
		this.endpoints = endpoints;
		this.version++;
	}

	/** Other endpoints may be used now than before, or have other shares. */
	refresh(now: number): void {
		const slices = this.plan(this.endpoints, now);
		let slice = slices.next();
		while (slice.done !== true) slice = slices.next();
		this.adopt(slice.value);
	}

	/** What the group would be with these endpoints. Who becomes usable or not meanwhile is not considered. */
	*plan(endpoints: readonly Endpoint[], now: number): Generator<undefined, GroupPlan, undefined> {
		const { policy, slowStart } = this.policy;
		const keepsUnusable = keepsPlaces(policy);
		const found = sharesOf(endpoints, { now, slowStartMs: slowStart, zone: this.zone, keepsUnusable });
		yield;
		// Who is well is nothing to a ring or a table; and turns go on where they are.
		const isSame = this.isPlanned && areSameShares(found.shares, this.shares);
		const balancer = isSame ? this.balancer : yield* balancerInSlices(policy, found.shares);
		return { endpoints, found, balancer };
	}

	adopt({ endpoints, found, balancer }: GroupPlan): void {
		if (endpoints !== this.endpoints) this.list(endpoints);
		this.isPanicking = found.isPanic;
		this.isWarming = found.isWarming;
		this.shares = found.shares;
		this.balancer = balancer;
	}

	/** What the next request is told apart by; `null`: nothing. */
	get hashKey(): HashKey | null {
		return keepsPlaces(this.policy.policy) ? this.policy.hash : null;
	}

	/** See `Balancer.pick`. */
	pick(random: Random, avoid: Endpoint | null, hash: number, now: number): Endpoint | null {
		return this.balancer.pick(random, avoid, hash, now);
	}

	/** Whether there is one besides those at these addresses. It takes no turn. */
	hasOther(taken: readonly string[]): boolean {
		return this.shares.some(({ endpoint }) => this.isOther(endpoint, taken));
	}

	/** One besides those at these addresses, whatever the policy thinks of it. `null`: there is none. */
	anyOther(random: Random, taken: readonly string[]): Endpoint | null {
		const others = this.shares.filter(({ endpoint }) => this.isOther(endpoint, taken));
		return others[Math.floor(random.next() * others.length)]?.endpoint ?? null;
	}

	private isOther({ address, isUsable }: Endpoint, taken: readonly string[]): boolean {
		return (isUsable || this.isPanicking) && !taken.includes(address);
	}
}

/** In place of a policy that nobody has made yet: the first pick has it made. */
class Unplanned implements Balancer<Endpoint> {
	private readonly group: EndpointGroup;

	constructor(group: EndpointGroup) {
		this.group = group;
	}

	pick(random: Random, avoid: Endpoint | null, hash: number, now: number): Endpoint | null {
		this.group.refresh(now);
		return this.group.pick(random, avoid, hash, now);
	}
}
