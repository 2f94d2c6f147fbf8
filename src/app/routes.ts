/** Rules → routes that are ready to be obeyed: their numbers looked up, their filters compiled, their backends found. */
import type { BackendTarget, Filter, MirrorFilter, Rule } from '../config/config.ts';
import type { RouteSeries } from '../ports/telemetry.ts';
import type { Backend, MirrorTarget, Route } from '../proxy/context.ts';

/** Raw bytes may be silent for longer than a request: as Envoy's and HAProxy's usual tunnel timeouts. */
const TUNNEL_IDLE_MS = 60 * 60 * 1000;

export interface RouteParts {
	routeSeries(rule: Rule): RouteSeries;
	backendOf(target: BackendTarget): Backend;
}

export function buildRoute(rule: Rule, parts: RouteParts): Route {
	const { timeouts } = rule;
	return {
		rule,
		series: parts.routeSeries(rule),
		filters: null,
		backends: rule.backendRefs.map((ref) => ({ ...parts.backendOf(ref), filters: null })),
		mirrors: rule.filters.filter(isMirror).map((filter) => mirrorTarget(filter, parts)),
		requestTimeoutMs: timeouts.request,
		attemptTimeoutMs: timeouts.backendRequest,
		idleMs: timeouts.idle,
		tunnelIdleMs: timeouts.idleIsExplicit ? timeouts.idle : TUNNEL_IDLE_MS,
		maxBodyBytes: rule.limits.requestBody,
	};
}

function isMirror(filter: Filter): filter is MirrorFilter {
	return filter.type === 'RequestMirror';
}

function mirrorTarget({ backend, share }: MirrorFilter, parts: RouteParts): MirrorTarget {
	return { backend: parts.backendOf(backend), share };
}
