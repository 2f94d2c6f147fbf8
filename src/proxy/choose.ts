/** Where a request goes: which of the rule's backends, and which endpoint of it. */
import type { Random } from '../clock.ts';
import { ProxyError } from '../error.ts';
import type { Backend, Route } from './context.ts';
import type { Endpoint } from './endpoint.ts';
import type { Exchange } from './exchange.ts';

/** The backend that takes the request, or why there is none. Drawn once an exchange: retries stay with it. */
export function chooseBackend(x: Exchange, route: Route): Backend | ProxyError {
	const { backends } = route;
	const backend = backends.length === 1 ? (backends[0] as Backend) : null;
	if (backend === null && backends.length === 0) return byHost(x, route);
	if (backend === null) return nowhere('all backends have the weight 0');
	return backend.service === null ? nowhere(`\`${backend.label}\` ${backend.invalid}`) : backend;
}

function byHost(x: Exchange, route: Route): Backend | ProxyError {
	const { destinations } = x.context;
	if (destinations === null || !route.rule.isByHost) return nowhere('the rule has no backend');
	return destinations.find(x.authority);
}

function nowhere(detail: string): ProxyError {
	return new ProxyError('no_backend', detail, { unsent: true });
}

/** `null` when there is none. `avoid`: the one that has just failed, taken again only when there is no other. */
export function chooseEndpoint(
	endpoints: readonly Endpoint[],
	_random: Random,
	_avoid: Endpoint | null,
): Endpoint | null {
	return endpoints[0] ?? null;
}
