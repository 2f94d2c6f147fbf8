/** What a backendRef leads to: a service, those of its endpoints that are meant, and who chooses among them. */
import { LeastRequest } from '../balancing/least-request.ts';
import type { Random } from '../clock.ts';
import type { FilterChain } from '../filters/filter.ts';
import type { Endpoint } from './endpoint.ts';
import type { Service } from './service.ts';

export interface BackendOptions {
	/** As written: `payments/canary`. */
	readonly label: string;
	/** `null`: nothing can be sent there, and `invalid` says why. */
	readonly service: Service | null;
	readonly invalid: string;
	/** Those of the subset, if it names one. */
	readonly endpoints: readonly Endpoint[];
}

export class Backend {
	readonly label: string;
	readonly service: Service | null;
	/** Completes "`label` …"; `''` when all is well. */
	readonly invalid: string;
	readonly endpoints: readonly Endpoint[];
	/** Share of a rule's requests. */
	readonly weight: number;
	/** In force after the rule's own; `null`: none. */
	readonly filters: FilterChain | null;
	private readonly balancer: LeastRequest<Endpoint>;

	/** `balancer`: one for the same endpoints that is there already. */
	constructor(
		options: BackendOptions,
		weight = 1,
		filters: FilterChain | null = null,
		balancer: LeastRequest<Endpoint> = new LeastRequest(options.endpoints),
	) {
		this.label = options.label;
		this.service = options.service;
		this.invalid = options.invalid;
		this.endpoints = options.endpoints;
		this.weight = weight;
		this.filters = filters;
		this.balancer = balancer;
	}

	static nowhere(label: string, invalid: string): Backend {
		return new Backend({ label, service: null, invalid, endpoints: [] });
	}

	/** The same for one backendRef of a rule. What grows with the endpoints is shared: thousands of rules may refer to them. */
	weighted(weight: number, filters: FilterChain | null): Backend {
		return new Backend(this, weight, filters, this.balancer);
	}

	/** `null` when there is no endpoint. `avoid`: the one that has just failed, taken again only when there is no other. */
	pick(random: Random, avoid: Endpoint | null): Endpoint | null {
		return this.balancer.pick(random, avoid);
	}
}
