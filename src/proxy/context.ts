/** What all exchanges of a listener share. Made by `app/`; replaced whole when the route file changes. */
import type { WeightedChoice } from '../balancing/weighted.ts';
import type { Clock, Random, Timers } from '../clock.ts';
import type { DeadlinePolicy, Rule, Side } from '../config/config.ts';
import type { ProxyError } from '../error.ts';
import type { AuthorizationFilter } from '../filters/authorization.ts';
import type { FilterChain } from '../filters/filter.ts';
import type { ExchangeRecorder, RouteSeries } from '../ports/telemetry.ts';
import type { Hedging } from '../resilience/hedge.ts';
import type { RouteTable } from '../routing/table.ts';
import type { Backend } from './backend.ts';
import type { LiveExchanges } from './live-exchanges.ts';
import type { MirrorsUnderWay } from './mirrors-under-way.ts';
import type { StickySessions } from './sticky-sessions.ts';

/** A copy of some requests to somewhere whose answers interest nobody. */
export interface MirrorTarget {
	readonly backend: Backend;
	/** Share of the requests, from 0 to 1. */
	readonly share: number;
}

/** Where requests go whose rule names no backend: by the host that they ask for. */
export interface Destinations {
	/** `isTls`: the request asked for an https URL; default: not. */
	find(authority: string, isTls?: boolean): Backend | ProxyError;
}

/** How calls of the app are joined to the requests that they are made for. */
export interface Joining {
	/** Of the process: it outlives snapshots. */
	readonly live: LiveExchanges;
	readonly inherit: DeadlinePolicy['inherit'];
	readonly cancel: DeadlinePolicy['cancel'];
}

/** A rule ready to be obeyed: its numbers looked up once. */
export interface Route {
	readonly rule: Rule;
	readonly series: RouteSeries;
	/** `null`: none. */
	readonly filters: FilterChain | null;
	/** Empty: by host (`ProxyContext.destinations`), or nowhere. */
	readonly backends: readonly Backend[];
	/** Draws one of several; `null` where there is nothing to draw. */
	readonly split: WeightedChoice<Backend> | null;
	/** `null`: a client may meet another endpoint each time. */
	readonly sessions: StickySessions | null;
	/** Empty: none. */
	readonly mirrors: readonly MirrorTarget[];
	/** `null`: its requests are not hedged. */
	readonly hedging: Hedging | null;
	/** Milliseconds; 0 when there is none. */
	readonly requestTimeoutMs: number;
	readonly attemptTimeoutMs: number;
	readonly idleMs: number;
	/** The same for raw bytes after an upgrade. */
	readonly tunnelIdleMs: number;
	/** 0 when there is none. */
	readonly maxBodyBytes: number;
}

export interface ProxyContext {
	readonly side: Side;
	/** Name of the service whose own port it is; `''`: the side's. */
	readonly portService: string;
	/** Port of the listener. */
	readonly listenerPort: number;
	/** The time of the event being handled. */
	readonly clock: Clock;
	/** The system's, for measuring what an event itself takes. */
	readonly preciseClock: Clock;
	readonly timers: Timers;
	readonly random: Random;
	readonly recorder: ExchangeRecorder;
	readonly mirrorsUnderWay: MirrorsUnderWay;
	readonly routes: RouteTable<Route>;
	/** What takes a request that no rule matches; `null`: it is refused. */
	readonly unmatched: Route | null;
	/** Who may ask for what no rule matches, and for bytes that are no HTTP; `null`: everybody. Routes have it among their filters. */
	readonly authorization: AuthorizationFilter | null;
	/** `null`: the app is the only destination. */
	readonly destinations: Destinations | null;
	/** `null`: they are strangers. The same for both sides. */
	readonly joining: Joining | null;
	/** `localReplies: verbose`. */
	readonly isVerbose: boolean;
	readonly trustedHops: number;
	/** `timeouts.idle` where no rule says otherwise. */
	readonly defaultIdleMs: number;
}
