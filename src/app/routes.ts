/** Rules → routes that are ready to be obeyed: their numbers looked up, their filters compiled, their backends found. */
import { WeightedChoice } from '../balancing/weighted.ts';
import type { BackendTarget, Filter, MirrorFilter, Rule } from '../config/config.ts';
import { compileBackendFilters, compileFilters, type RulePolicies } from '../filters/chain.ts';
import type { RouteSeries } from '../ports/telemetry.ts';
import type { Backend } from '../proxy/backend.ts';
import type { MirrorTarget, Route } from '../proxy/context.ts';
import { StickySessions } from '../proxy/sticky-sessions.ts';
import type { Hedging } from '../resilience/hedge.ts';

/** Raw bytes may be silent for longer than a request: as Envoy's and HAProxy's usual tunnel timeouts. */
const TUNNEL_IDLE_MS = 60 * 60 * 1000;

export interface RouteParts {
	routeSeries(rule: Rule): RouteSeries;
	backendOf(target: BackendTarget): Backend;
	policiesOf(rule: Rule): RulePolicies;
	/** Its own, or that of the running file; `null`: none. */
	hedgingOf(rule: Rule): Hedging | null;
	/** Short, and nobody finds a text by it. */
	digest(text: string): string;
}

export function buildRoute(rule: Rule, parts: RouteParts): Route {
	const { timeouts } = rule;
	const backends = rule.backendRefs.map((ref) =>
		parts.backendOf(ref).weighted(ref.weight, compileBackendFilters(ref.filters)),
	);
	return {
		rule,
		series: parts.routeSeries(rule),
		filters: compileFilters(rule, parts.policiesOf(rule)),
		backends,
		// One that has a weight is all that there is.
		split: backends.length === 1 && backends[0]?.weight !== 0 ? null : new WeightedChoice(backends),
		sessions: sessionsOf(rule, backends, parts),
		mirrors: rule.filters.filter(isMirror).map((filter) => mirrorTarget(filter, parts)),
		hedging: parts.hedgingOf(rule),
		requestTimeoutMs: timeouts.request,
		attemptTimeoutMs: timeouts.backendRequest,
		idleMs: timeouts.idle,
		tunnelIdleMs: timeouts.idleIsExplicit ? timeouts.idle : TUNNEL_IDLE_MS,
		maxBodyBytes: rule.limits.requestBody,
	};
}

function sessionsOf(rule: Rule, backends: readonly Backend[], { digest }: RouteParts): StickySessions | null {
	const { sessionPersistence: settings } = rule;
	return settings === null ? null : new StickySessions({ settings, scope: identityOf(rule), backends, digest });
}

/** By which a rule is known in another version of the file: its own name and document, else all that it is for. */
export function identityOf({ isNamed, name, origin, hostnames, matches }: Rule): string {
	if (!isNamed) return JSON.stringify([hostnames, matches]);
	return origin === '' ? name : `${origin} ${name}`;
}

function isMirror(filter: Filter): filter is MirrorFilter {
	return filter.type === 'RequestMirror';
}

function mirrorTarget({ backend, share }: MirrorFilter, parts: RouteParts): MirrorTarget {
	return { backend: parts.backendOf(backend), share };
}
