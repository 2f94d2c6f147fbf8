/**
 * The one list of filters. They run in this order, whatever the order in the file, which the Gateway API leaves open:
 *
 * - requests: CORS (a preflight costs nothing and is never limited), the rule's policies, what answers in place of a
 *   backend, then what changes the request for it;
 * - responses: header modifiers, then CORS, whose fields nothing may edit.
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

/** The filters of a rule; `null` when there is nothing to do. `policy`: what the rule's limits and faults have become. */
export function compileFilters(rule: Rule, policy: readonly RequestFilter[]): FilterChain | null {
	const answers: RequestFilter[] = rule.filters.flatMap(redirectOf);
	if (rule.directResponse !== null) answers.push(new DirectResponder(rule.directResponse));
	return compile(rule.filters, policy, answers);
}

/** The filters of a backend. Those for responses run before the rule's own. */
export function compileBackendFilters(filters: readonly Filter[]): FilterChain | null {
	return compile(filters, [], filters.flatMap(redirectOf));
}

function compile(
	filters: readonly Filter[],
	policy: readonly RequestFilter[],
	answers: readonly RequestFilter[],
): FilterChain | null {
	const cors = filters.filter(isCors).map((filter) => new Cors(filter));
	const request = [
		...cors,
		...policy,
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
	return request.length + response.length === 0 ? null : { request, response };
}

function isCors(filter: Filter): filter is CorsFilter {
	return filter.type === 'CORS';
}

function redirectOf(filter: Filter): RequestFilter[] {
	return filter.type === 'RequestRedirect' ? [new RequestRedirect(filter)] : [];
}
