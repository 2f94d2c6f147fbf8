/** Joins what one service is made of: dialer, pool, breaker, budget. */
import type { Config } from '../config/config.ts';
import type { HeadLimits } from '../http1/limits.ts';
import { DEFAULT_HEAD_LIMITS } from '../http1/limits.ts';
import { loopClock } from '../io/loop-clock.ts';
import type { ConnectionRecorder } from '../ports/telemetry.ts';
import { Endpoint } from '../proxy/endpoint.ts';
import { Service } from '../proxy/service.ts';
import { CircuitBreaker } from '../resilience/circuit-breaker.ts';
import { IdleAge } from '../resilience/idle-age.ts';
import { RetryBudget } from '../resilience/retry-budget.ts';
import { type Endpoint as DialedEndpoint, Dialer } from '../upstream/dial.ts';
import { Http1Pool } from '../upstream/pool.ts';
import type { Telemetry } from './telemetry.ts';

/** The service that every inbound rule leads to. */
export const APP_SERVICE = 'app';

export interface ServiceParts {
	readonly service: Service;
	/** The only one. */
	readonly endpoint: Endpoint;
	readonly pool: Http1Pool;
	readonly headLimits: HeadLimits;
	/** Its connects are not traffic and stay out of the metrics. */
	readonly healthDialer: Dialer;
	/** What `/services` shows. */
	describe(isHealthy: boolean, lastFailure: string): unknown;
}

const UNRECORDED: ConnectionRecorder = { connected: noop, connectFailed: noop };

/** `onSuspect` hears of connects that failed, and of failures that opened the circuit. */
export function buildService(config: Config, telemetry: Telemetry, onSuspect: () => void): ServiceParts {
	const { connect, limits, circuitBreaker, retryBudget } = config.inbound.service;
	const { timers, metrics } = telemetry;
	const dialed = endpointOf(config);
	const headLimits = headLimitsOf(config);
	const dialing = {
		endpoint: dialed,
		connectTimeoutMs: connect.timeout,
		service: APP_SERVICE,
		clock: loopClock,
		timers,
	};
	const dialer = new Dialer({
		...dialing,
		recorder: recorderOf(metrics, onSuspect),
	});
	const pool = new Http1Pool({
		dialer,
		clock: loopClock,
		timers,
		idleAge: new IdleAge(),
		idleMs: connect.idle,
		maxConnections: connect.maxConnections,
		maxPending: limits.pending,
		maxRequestsPerConnection: connect.maxRequestsPerConnection,
		maxAgeMs: connect.maxAge,
		limits: headLimits,
	});
	const endpoint = new Endpoint({ address: dialer.addressOf(0), weight: 1, labels: {}, pool });
	const now = loopClock.now();
	const service = new Service({
		name: APP_SERVICE,
		endpoints: [endpoint],
		breaker: circuitBreaker === null ? null : new CircuitBreaker(circuitBreaker, now),
		failures: circuitBreaker?.failures ?? [],
		budget: new RetryBudget(retryBudget.percent, retryBudget.minPerSecond, now),
		maxRequests: limits.requests,
		maxRetries: limits.retries,
		onOpen: onSuspect,
	});
	return {
		service,
		endpoint,
		pool,
		headLimits,
		healthDialer: new Dialer({ ...dialing, recorder: UNRECORDED }),
		describe: (isHealthy, lastFailure) => ({
			endpoints: [{ address: dialer.addressOf(0), healthy: isHealthy, ...(isHealthy ? {} : { lastFailure }) }],
			circuit: service.breaker?.state ?? 'off',
			requests: { active: service.active, limit: limits.requests },
			retries: { active: service.budget.active },
			connections: { ...pool.counts, limit: connect.maxConnections },
		}),
	};
}

function recorderOf(metrics: ConnectionRecorder, onSuspect: () => void): ConnectionRecorder {
	return {
		connected: (service, seconds) => metrics.connected(service, seconds),
		connectFailed: (service) => {
			metrics.connectFailed(service);
			onSuspect();
		},
	};
}

function headLimitsOf({ limits }: Config): HeadLimits {
	return { ...DEFAULT_HEAD_LIMITS, headerBytes: limits.headerBytes, headers: limits.headers };
}

/** Shows a service in the metrics, in place of the one that had its name. Their counters go on. */
export function watchService({ service, pool }: ServiceParts, metrics: Telemetry['metrics']): void {
	const { name, breaker } = service;
	if (breaker === null) metrics.unwatch(name);
	else metrics.watchCircuit(name, breaker);
	metrics.watchPool(name, () => pool.counts);
}

function endpointOf({ app }: Config): DialedEndpoint {
	return app.socket === undefined ? { port: app.port ?? 0 } : { socket: app.socket };
}

function noop(): void {
	// not recorded
}
