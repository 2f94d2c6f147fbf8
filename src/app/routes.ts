/** Rules → routes that are ready to be obeyed: their numbers looked up, their filters compiled, their backends found. */
import { WeightedChoice } from '../balancing/weighted.ts';
import type { BackendTarget, Filter, MirrorFilter, Rule } from '../config/config.ts';
import { compileBackendFilters, compileFilters } from '../filters/chain.ts';
import type { RequestFilter } from '../filters/filter.ts';
import type { RouteSeries } from '../ports/telemetry.ts';
import type { Backend } from '../proxy/backend.ts';
import type { MirrorTarget, Route } from '../proxy/context.ts';

/** Raw bytes may be silent for longer than a request: as Envoy's and HAProxy's usual tunnel timeouts. */
const TUNNEL_IDLE_MS = 60 * 60 * 1000;

export interface RouteParts {
	routeSeries(rule: Rule): RouteSeries;
	backendOf(target: BackendTarget): Backend;
	/** Rate limit and faults of a rule, in the order in which they run. */
	policyOf(rule: Rule): readonly RequestFilter[];
}

export function buildRoute(rule: Rule, parts: RouteParts): Route {
	const { timeouts } = rule;
	const backends = rule.backendRefs.map((ref) =>
		parts.backendOf(ref).weighted(ref.weight, compileBackendFilters(ref.filters)),
	);
	return {
		rule,
		series: parts.routeSeries(rule),
		filters: compileFilters(rule, parts.policyOf(rule)),
		backends,
		// One that has a weight is all that there is.
		split: backends.length === 1 && backends[0]?.weight !== 0 ? null : new WeightedChoice(backends),
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
