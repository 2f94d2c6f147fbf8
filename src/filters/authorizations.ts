/** Which authorizations a request meets: that of its side, then its rule's own. */
import type { Config, Rule, Side } from '../config/config.ts';
import { AuthorizationFilter } from './authorization.ts';

export class Authorizations {
	/** Of requests that no rule takes as well; `null`: everybody may ask. `passthrough` is there to apply no policy at all. */
	readonly ofSide: AuthorizationFilter | null;
	readonly #side: Side;
	readonly #rules: readonly Rule[];

	constructor({ inbound, outbound, passthrough }: Config, side: Side) {
		const authorization = side === 'inbound' && !passthrough ? inbound.authorization : null;
		this.ofSide = authorization === null ? null : new AuthorizationFilter(authorization, 'inbound.authorization');
		this.#side = side;
		this.#rules = side === 'inbound' ? inbound.routes : (outbound?.routes ?? []);
	}

	/** In their order: what keeps everybody out is said first. */
	of(rule: Rule): readonly AuthorizationFilter[] {
		const before = this.ofSide === null ? [] : [this.ofSide];
		if (rule.authorization === null) return before;
		const where = `${this.#side}.routes[${this.#rules.indexOf(rule)}].authorization`;
		return [...before, new AuthorizationFilter(rule.authorization, where)];
	}
}
