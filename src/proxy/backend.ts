/** What a backendRef leads to: a service, and those of its endpoints that are meant. */
import type { FilterChain } from '../filters/filter.ts';
import type { Endpoint } from './endpoint.ts';
import type { EndpointGroup } from './endpoint-group.ts';
import type { Service } from './service.ts';

export interface BackendOptions {
	/** As written: `payments/canary`. */
	readonly label: string;
	/** `null`: nothing can be sent there, and `invalid` says why. */
	readonly service: Service | null;
	readonly invalid: string;
	/** Those of the subset, if it names one; `null` where there is no service. */
	readonly group: EndpointGroup | null;
}

export class Backend {
	readonly label: string;
	readonly service: Service | null;
	/** Completes "`label` …"; `''` when all is well. */
	readonly invalid: string;
	/** Shared by all that lead there: thousands of rules may. */
	readonly group: EndpointGroup | null;
	/** Share of a rule's requests. */
	readonly weight: number;
	/** In force after the rule's own; `null`: none. */
	readonly filters: FilterChain | null;

	constructor(options: BackendOptions, weight = 1, filters: FilterChain | null = null) {
		this.label = options.label;
		this.service = options.service;
		this.invalid = options.invalid;
		this.group = options.group;
		this.weight = weight;
		this.filters = filters;
	}

	/** All of them, whether they are used or not. */
	get endpoints(): readonly Endpoint[] {
		return this.group?.endpoints ?? [];
	}

	static nowhere(label: string, invalid: string): Backend {
		return new Backend({ label, service: null, invalid, group: null });
	}

	/** The same for one backendRef of a rule. */
	weighted(weight: number, filters: FilterChain | null): Backend {
		return new Backend(this, weight, filters);
	}
}
