/** Joins what a service is made of: a pool of connections for each endpoint; breaker, budget and limits over them all. */
import type { Random, Timers } from '../clock.ts';
import type { EndpointSource, ServicePolicy } from '../config/service-config.ts';
import type { RateLimiters } from '../filters/rate-limiters.ts';
import type { HeadLimits } from '../http1/limits.ts';
import { loopClock } from '../io/loop-clock.ts';
import type { OutboundTls } from '../io/secure.ts';
import type { EndpointWatch } from '../ports/endpoint-source.ts';
import type { Log } from '../ports/log.ts';
import type { ConnectionRecorder } from '../ports/telemetry.ts';
import type { LiveExchanges } from '../proxy/live-exchanges.ts';
import type { MirrorsUnderWay } from '../proxy/mirrors-under-way.ts';
import { Service, type ServiceOptions } from '../proxy/service.ts';
import { CircuitBreaker } from '../resilience/circuit-breaker.ts';
import { IdleAge } from '../resilience/idle-age.ts';
import { RetryBudget } from '../resilience/retry-budget.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { CheckGate } from '../upstream/check-gate.ts';
import { Dialer } from '../upstream/dial.ts';
import type { DialTarget } from '../upstream/dial-target.ts';
import type { OwnListeners } from '../upstream/own-listeners.ts';
import { Http1Pool } from '../upstream/pool.ts';
import type { Security } from './security.ts';
import type { InSlices } from './slices.ts';

/** What all services of a process have in common. */
export interface ServiceEnvironment {
	readonly timers: Timers;
	readonly metrics: Metrics;
	readonly headLimits: HeadLimits;
	readonly ownListeners: OwnListeners;
	readonly rateLimiters: RateLimiters;
	readonly live: LiveExchanges;
	readonly mirrorsUnderWay: MirrorsUnderWay;
	readonly log: Log;
	readonly random: Random;
	/** Of all health checks. */
	readonly checkGate: CheckGate;
	readonly security: Security;
	/** Where the app is; `''`: not said. */
	readonly zone: string;
	/** Not started. `service`: name of the service that it is for. */
	watchOf(source: EndpointSource, service: string): EndpointWatch;
}

export interface Calling {
	/** Name of the service, for the metrics. */
	readonly service: string;
	readonly target: DialTarget;
	readonly policy: ServicePolicy;
	readonly recorder: ConnectionRecorder;
	/** `null`: plaintext. */
	readonly tls: OutboundTls | null;
}

export function buildDialer({ timers, ownListeners, metrics }: ServiceEnvironment, calling: Calling): Dialer {
	const { target, service, policy, recorder, tls } = calling;
	const connectTimeoutMs = policy.connect.timeout;
	const common = { clock: loopClock, timers, recorder, ownListeners };
	return new Dialer({ ...common, target, connectTimeoutMs, service, tls, handshakes: metrics.tls });
}

/** The connections to one endpoint. `maxConnections` and `pending` are limits of each. */
export function buildPool(env: ServiceEnvironment, calling: Calling): Http1Pool {
	const { connect, limits } = calling.policy;
	return new Http1Pool({
		dialer: buildDialer(env, calling),
		clock: loopClock,
		timers: env.timers,
		random: env.random,
		idleAge: new IdleAge(),
		idleMs: connect.idle,
		maxConnections: connect.maxConnections,
		maxPending: limits.pending,
		maxRequestsPerConnection: connect.maxRequestsPerConnection,
		maxAgeMs: connect.maxAge,
		limits: env.headLimits,
	});
}

type ServiceNeeds = Pick<ServiceOptions, 'name' | 'settings' | 'endpoints' | 'ejector' | 'onOpen'>;

export function buildService(policy: ServicePolicy, needs: ServiceNeeds): Service {
	const { limits, circuitBreaker, retryBudget, loadBalancer } = policy;
	const now = loopClock.now();
	return new Service({
		...needs,
		breaker: circuitBreaker === null ? null : new CircuitBreaker(circuitBreaker, now),
		failures: circuitBreaker?.failures ?? [],
		budget: new RetryBudget(retryBudget.percent, retryBudget.minPerSecond, now),
		isTimed: loadBalancer.policy === 'peakEwma',
		maxRequests: limits.requests,
		maxRetries: limits.retries,
	});
}

/** Pools looked at between two pauses: well below a microsecond each. */
const LOOKED_AT_A_SLICE = 2000;
/** Pools closed between two pauses: nothing where none of their connections is idle, some 10 µs for each that is. */
const CLOSED_A_SLICE = 100;

/** Closes those that are none of `used`. A few of them are closed before the first pause. */
export function* closeUnused(pools: Iterable<Http1Pool>, used: Iterable<Http1Pool>): InSlices<void> {
	const kept = new Set<Http1Pool>();
	for (const pool of used) if (kept.add(pool).size % LOOKED_AT_A_SLICE === 0) yield;
	let closed = 0;
	let seen = 0;
	for (const pool of pools) {
		if (++seen % LOOKED_AT_A_SLICE === 0) yield;
		if (kept.has(pool)) continue;
		pool.close();
		if (++closed % CLOSED_A_SLICE === 0) yield;
	}
}

export interface PoolCounts {
	readonly active: number;
	readonly idle: number;
	readonly pending: number;
}

type Counted = Iterable<{ readonly counts: PoolCounts }>;

/** Their sum; while it pauses, some connection may be counted twice, or not at all. */
export function* countsOf(pools: Counted): InSlices<PoolCounts> {
	const sum = { active: 0, idle: 0, pending: 0 };
	let seen = 0;
	for (const { counts } of pools) {
		sum.active += counts.active;
		sum.idle += counts.idle;
		sum.pending += counts.pending;
		if (++seen % LOOKED_AT_A_SLICE === 0) yield;
	}
	return sum;
}

/** What `/services` shows of every service beside its endpoints. */
export function describeService(service: Service, policy: ServicePolicy, counts: PoolCounts): object {
	return {
		circuit: service.breaker?.state ?? 'off',
		requests: { active: service.active, limit: policy.limits.requests },
		retries: { active: service.budget.active },
		connections: { ...counts, limit: policy.connect.maxConnections },
	};
}

/** Shows a service in the metrics, in place of the one that had its name. Their counters go on. */
export function watchService(service: Service, pools: () => Counted, metrics: Metrics): void {
	const { name, breaker } = service;
	metrics.watchCircuit(name, breaker);
	metrics.watchPool(name, () => countsOf(pools()));
}

export function noop(): void {
	// nobody need be told
}
