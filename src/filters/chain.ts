/**
 * The one list of filters: which there are, and in which order they run.
 *
 * Requests: CORS first (a preflight is no request of the page's own), then the policies that cost the caller something (rate
 * limit, injected faults), then what answers in place of a backend, and last what edits the request for it. Responses: the
 * edits in the order of the file, then CORS, whose word is the last.
 */
import type { DirectResponse as DirectResponseConfig, Filter } from '../config/config.ts';
import { Cors } from './cors.ts';
import { DirectResponse } from './direct-response.ts';
import type { FilterChain, RequestFilter, ResponseFilter } from './filter.ts';
import { RequestHeaderModifier, ResponseHeaderModifier } from './header-modifier.ts';
import { RequestRedirect } from './redirect.ts';
import { UrlRewrite } from './rewrite.ts';

export interface ChainParts {
	readonly filters: readonly Filter[];
	/** Rate limit and faults, in the order in which they run. */
	readonly policy: readonly RequestFilter[];
	readonly directResponse: DirectResponseConfig | null;
}

/** `null`: there is nothing to do. Mirrors are no part of it: they need connections (`proxy/mirror.ts`). */
export function compileFilters({ filters, policy, directResponse }: ChainParts): FilterChain | null {
	const cors: Cors[] = [];
	const answers: RequestFilter[] = [];
	const edits: RequestFilter[] = [];
	const response: ResponseFilter[] = [];
	for (const filter of filters) {
		switch (filter.type) {
			case 'CORS':
				cors.push(new Cors(filter));
				break;
			case 'RequestRedirect':
				answers.push(new RequestRedirect(filter));
				break;
			case 'URLRewrite':
				edits.push(new UrlRewrite(filter));
				break;
			case 'RequestHeaderModifier':
				edits.push(new RequestHeaderModifier(filter));
				break;
			case 'ResponseHeaderModifier':
				response.push(new ResponseHeaderModifier(filter));
				break;
			case 'RequestMirror':
				break;
		}
	}
	if (directResponse !== null) answers.push(new DirectResponse(directResponse));
	const request = [...cors, ...policy, ...answers, ...edits];
	return request.length + response.length === 0 ? null : { request, response: [...response, ...cors] };
}
