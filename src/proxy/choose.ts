/** Which of a rule's backends takes a request, and which of its endpoints. */
import { hashOf } from '../balancing/request-hash.ts';
import { ProxyError } from '../error.ts';
import { isForHttps } from '../http/head.ts';
import type { Attempt } from './attempt.ts';
import type { Backend } from './backend.ts';
import type { Route } from './context.ts';
import type { Endpoint } from './endpoint.ts';
import type { EndpointGroup } from './endpoint-group.ts';
import type { Exchange } from './exchange.ts';

/** The backend that takes the request, or why there is none. Drawn once an exchange: retries stay with it. */
export function chooseBackend(x: Exchange, route: Route): Backend | ProxyError {
	const { backends, split } = route;
	const { session } = x;
	if (backends.length === 0) return byHost(x, route);
	if (session !== null) return session.backend;
	const backend = split === null ? (backends[0] as Backend) : split.at(x.context.random.next());
	if (backend === null) return nowhere('all backends have the weight 0');
	return backend.service === null ? nowhere(`\`${backend.label}\` ${backend.invalid}`) : backend;
}

function byHost(x: Exchange, route: Route): Backend | ProxyError {
	const { destinations } = x.context;
	if (destinations === null || !route.rule.isByHost) return nowhere('the rule has no backend');
	return destinations.find(x.authority, isForHttps(x.head));
}

function nowhere(detail: string): ProxyError {
	return new ProxyError('no_backend', detail, { unsent: true });
}

/**
 * The endpoint for the next attempt: the session's, then another one than has just failed. `null`: there is none.
 * `isReplay`: nothing has failed but a connection that had been idle.
 */
export function chooseEndpoint(x: Exchange, isReplay: boolean): Endpoint | null {
	const { attempts, session, backend } = x;
	const last = attempts.length === 0 ? null : (attempts[attempts.length - 1] as Attempt);
	if (session !== null && last === null && session.endpoint.isUsable) return session.endpoint;
	if (session !== null && isReplay) return last?.target ?? null;
	const group = (backend as Backend).group as EndpointGroup;
	const { random } = x.context;
	const hash = group.hashKey === null ? 0 : hashOf(x.head, x.clientAddress, group.hashKey, random);
	return group.pick(random, last?.target ?? null, hash, x.now());
}
