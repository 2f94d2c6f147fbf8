/** What all exchanges of a listener share. Made by `app.ts`; replaced whole when the route file changes. */
import type { Clock, Random, Timers } from '../clock.ts';
import type { Rule } from '../config/config.ts';
import type { ExchangeRecorder, RouteSeries } from '../ports/telemetry.ts';
import type { RouteTable } from '../routing/table.ts';
import type { Service } from './service.ts';

/** A rule ready to be obeyed: its numbers looked up once. */
export interface Route {
	readonly rule: Rule;
	readonly series: RouteSeries;
	readonly service: Service;
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
	/** The time of the event being handled. */
	readonly clock: Clock;
	/** The system's, for measuring what an event itself takes. */
	readonly preciseClock: Clock;
	readonly timers: Timers;
	readonly random: Random;
	readonly recorder: ExchangeRecorder;
	readonly routes: RouteTable<Route>;
	/** Where `inbound.unmatched: app` sends what no rule matches; `null` for `reject`. */
	readonly unmatched: Route | null;
	/** `localReplies: verbose`. */
	readonly isVerbose: boolean;
	readonly trustedHops: number;
	/** `timeouts.idle` where no rule says otherwise. */
	readonly defaultIdleMs: number;
}
