/** One side of the sidecar made of a file: its compiled rules, and what its exchanges share. */
import type { Config, Rule, Side } from '../config/config.ts';
import { type Mask, type Masks, NO_MASK } from '../explain/mask.ts';
import { Authorizations } from '../filters/authorizations.ts';
import { faultFilters } from '../filters/fault.ts';
import type { RequestFilter } from '../filters/filter.ts';
import type { LimiterGeneration } from '../filters/rate-limiters.ts';
import { loopClock } from '../io/loop-clock.ts';
import { sha256, systemClock, systemRandom } from '../io/system.ts';
import type { Joining, ProxyContext, Route } from '../proxy/context.ts';
import type { LiveExchanges } from '../proxy/live-exchanges.ts';
import type { MirrorsUnderWay } from '../proxy/mirrors-under-way.ts';
import { compileRoutesInSlices, type RouteInput } from '../routing/table.ts';
import type { Hedgings } from './hedgings.ts';
import { buildRoute, identityOf, type RouteParts } from './routes.ts';
import type { Services } from './services.ts';
import type { InSlices } from './slices.ts';
import type { Taken } from './taken.ts';
import type { Telemetry } from './telemetry.ts';

/** Rules made ready between two pauses: a microsecond or two each. */
const RULES_A_SLICE = 200;

/** Everything but the port, which is known once it is bound. */
export type SideContext = Omit<ProxyContext, 'listenerPort'>;

export interface BuiltSide {
	readonly context: SideContext;
	/** In the order of the file; what takes the rest comes last. */
	readonly routes: readonly Route[];
	/** What takes the rest, or would. */
	readonly fallback: Rule;
}

/** What a side is made of. */
export interface SideParts {
	readonly taken: Taken;
	readonly services: Services;
	readonly telemetry: Telemetry;
	readonly limiters: LimiterGeneration;
	readonly hedgings: Hedgings;
	readonly live: LiveExchanges;
	readonly mirrorsUnderWay: MirrorsUnderWay;
}

export function buildInbound(parts: SideParts): InSlices<BuiltSide> {
	const { routes, fallback, unmatched } = parts.taken.config.inbound;
	return buildSide('inbound', { rules: routes, fallback, servesRest: unmatched === 'app' }, parts);
}

/** Whether the file has a port for calls: `outbound`, or that of a service. */
function takesCalls({ outbound, services }: Config): boolean {
	return outbound !== null || services.some(({ listen }) => listen !== null);
}

/** `null`: the file has no port for calls. */
export function* buildOutbound(parts: SideParts): InSlices<BuiltSide | null> {
	const { config } = parts.taken;
	if (!takesCalls(config)) return null;
	const { outbound, outboundFallback: fallback } = config;
	return yield* buildSide('outbound', { rules: outbound?.routes ?? [], fallback, servesRest: true }, parts);
}

interface SideRules {
	readonly rules: readonly Rule[];
	readonly fallback: Rule;
	/** The fallback takes what no rule matches; else that is refused. */
	readonly servesRest: boolean;
}

function* buildSide(
	side: Side,
	{ rules, fallback, servesRest }: SideRules,
	{ taken, services, telemetry, limiters, hedgings, live, mirrorsUnderWay }: SideParts,
): InSlices<BuiltSide> {
	const { config, compileRegex } = taken;
	const authorizations = new Authorizations(config, side);
	const parts: RouteParts = {
		routeSeries: telemetry.routeBinder(side, config),
		backendOf: (target) => services.backendOf(target),
		policiesOf: (rule) => ({ authorization: authorizations.of(rule), limits: limitsOf(side, rule, limiters) }),
		hedgingOf: (rule) => {
			const { hedge } = rule;
			return hedge === null ? null : hedgings.hedgingFor(`${side} ${identityOf(rule)}`, hedge, loopClock.now());
		},
		digest: sha256,
	};
	const inputs: RouteInput<Route>[] = [];
	for (const rule of rules) {
		inputs.push({ rule, value: buildRoute(rule, parts) });
		if (inputs.length % RULES_A_SLICE === 0) yield;
	}
	const unmatched = servesRest ? buildRoute(fallback, parts) : null;
	const context: SideContext = {
		side,
		portService: '',
		clock: loopClock,
		preciseClock: systemClock,
		timers: telemetry.timers,
		random: systemRandom,
		recorder: telemetry.recorder,
		mirrorsUnderWay,
		routes: yield* compileRoutesInSlices(inputs, compileRegex),
		unmatched,
		authorization: authorizations.ofSide,
		destinations: side === 'outbound' ? yield* services.destinations() : null,
		joining: joiningOf(config, live),
		isVerbose: config.localReplies === 'verbose',
		trustedHops: config.trustedHops,
		defaultIdleMs: fallback.timeouts.idle,
	};
	const routes = inputs.map(({ value }) => value);
	return { context, routes: unmatched === null ? routes : [...routes, unmatched], fallback };
}

/** Without calls, or when they take nothing, no request needs to be known. */
function joiningOf(config: Config, live: LiveExchanges): Joining | null {
	if (!takesCalls(config)) return null;
	const { inherit, cancel } = config.outboundDeadlines;
	return inherit === 'off' && cancel === 'off' ? null : { live, inherit, cancel };
}

/** Limits before faults: what is refused anyway need not wait. */
function limitsOf(side: Side, rule: Rule, limiters: LimiterGeneration): readonly RequestFilter[] {
	const { rateLimit, fault } = rule;
	const filters: RequestFilter[] = [];
	if (rateLimit !== null) filters.push(limiters.limiterFor(`${side} ${identityOf(rule)}`, rateLimit));
	if (fault !== null) filters.push(...faultFilters(fault));
	return filters;
}

/** What `/routes` shows, one rule at a time. `masks`: of what came from the environment. */
export function* describeRoutes(sides: readonly (BuiltSide | null)[], masks: Masks): Generator<unknown> {
	for (const built of sides) {
		for (const [index, { rule }] of (built?.routes ?? []).entries()) {
			const side = built?.context.side;
			const mask = masks.of(`${side}.routes[${index}]`);
			const { name, hostnames, matches } = rule;
			const at = rule === built?.fallback ? 'default' : `${rule.at.file}:${rule.at.line}`;
			yield { ...(masked({ name, side, hostnames, matches }, mask) as object), at };
		}
	}
}

/** A copy with every text masked. */
function masked(value: unknown, mask: Mask): unknown {
	if (mask === NO_MASK) return value;
	if (typeof value === 'string') return mask(value);
	if (Array.isArray(value)) return value.map((item) => masked(item, mask));
	if (typeof value !== 'object' || value === null) return value;
	return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, masked(item, mask)]));
}
