/** Which of a rule's backends takes a request. */
import { ProxyError } from '../error.ts';
import type { Backend } from './backend.ts';
import type { Route } from './context.ts';
import type { Exchange } from './exchange.ts';

/** The backend that takes the request, or why there is none. Drawn once an exchange: retries stay with it. */
export function chooseBackend(x: Exchange, route: Route): Backend | ProxyError {
	const { backends, split } = route;
	if (backends.length === 0) return byHost(x, route);
	const backend = split === null ? (backends[0] as Backend) : split.at(x.context.random.next());
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
