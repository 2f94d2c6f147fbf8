/**
 * The one list of filters. They run in this order, whatever the order in the file, which the Gateway API leaves open:
 *
 * - requests: CORS, authorization, the rule's other policies, what answers in place of a backend, then what changes the
 *   request for it;
 * - responses: header modifiers, then CORS, whose fields nothing may edit.
 *
 * CORS comes before authorization, as in Envoy and Istio: a preflight carries no credentials (Fetch standard, "CORS-preflight
 * fetch"), tells no more than the rule's `CORS` says to everybody, and costs nothing. The request after it is authorized.
 *
 * RequestMirror is none of them: it does I/O.
 */
import type { CorsFilter, Filter, Rule } from '../config/config.ts';
import { Cors } from './cors.ts';
import { DirectResponder } from './direct-response.ts';
import type { FilterChain, RequestFilter, ResponseFilter } from './filter.ts';
import { RequestHeaderModifier, ResponseHeaderModifier } from './header-modifier.ts';
import { RequestRedirect } from './redirect.ts';
import { UrlRewrite } from './rewrite.ts';

/** What the policies of a rule have become. */
export interface RulePolicies {
	/** Who may ask: that of the side, then the rule's own. */
	readonly authorization: readonly RequestFilter[];
	/** Limits and faults. */
	readonly limits: readonly RequestFilter[];
}

export const NO_POLICIES: RulePolicies = { authorization: [], limits: [] };

/** The filters of a rule; `null` when there is nothing to do. */
export function compileFilters(rule: Rule, policies: RulePolicies): FilterChain | null {
	const answers: RequestFilter[] = rule.filters.flatMap(redirectOf);
	if (rule.directResponse !== null) answers.push(new DirectResponder(rule.directResponse));
	return compile(rule.filters, policies, answers);
}

/** The filters of a backend. Those for responses run before the rule's own. */
export function compileBackendFilters(filters: readonly Filter[]): FilterChain | null {
	return compile(filters, NO_POLICIES, filters.flatMap(redirectOf));
}

function compile(
	filters: readonly Filter[],
	{ authorization, limits }: RulePolicies,
	answers: readonly RequestFilter[],
): FilterChain | null {
	const cors = filters.filter(isCors).map((filter) => new Cors(filter));
	const request = [
		...cors,
		...authorization,
		...limits,
		...answers,
		...filters.flatMap((filter) => (filter.type === 'URLRewrite' ? [new UrlRewrite(filter)] : [])),
		...filters.flatMap((filter) =>
			filter.type === 'RequestHeaderModifier' ? [new RequestHeaderModifier(filter)] : [],
		),
	];
	const response: ResponseFilter[] = filters.flatMap((filter) =>
		filter.type === 'ResponseHeaderModifier' ? [new ResponseHeaderModifier(filter)] : [],
	);
	response.push(...cors);
	const gate = authorization.length === 0 ? 0 : cors.length + authorization.length;
	return request.length + response.length === 0 ? null : { gate, request, response };
}

function isCors(filter: Filter): filter is CorsFilter {
	return filter.type === 'CORS';
}

function redirectOf(filter: Filter): RequestFilter[] {
	return filter.type === 'RequestRedirect' ? [new RequestRedirect(filter)] : [];
}
