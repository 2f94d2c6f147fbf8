/**
 * Metrics of calls to services: retries, circuits, pools, connects.
 *
 * A counter whose labels are known begins at 0 with its service: `increase` sees the first event only then.
 *
 * These are rare beside requests, so prom-client's own classes hold most of them; not the histogram, which of a thousand
 * services is too much text for one piece. Circuits and pools are read when somebody scrapes: the data path keeps its own
 * state and owes nothing to us.
 */
import Counter from 'prom-client/lib/counter.js';
import type Registry from 'prom-client/lib/registry.js';
import type { ErrorCode } from '../error.ts';
import type {
	ConnectionRecorder,
	DiscoveryRecorder,
	HealthRecorder,
	HealthResult,
	RetryReason,
	RetrySkipReason,
} from '../ports/telemetry.ts';
import { HotHistogram } from './hot-family.ts';
import { ReadFamily, type ReadSample } from './read-family.ts';

/** A circuit breaker as the metrics see it. */
export interface CircuitView {
	readonly state: 'closed' | 'halfOpen' | 'open';
	/** How often it has gone to each state. */
	readonly transitions: { readonly open: number; readonly halfOpen: number; readonly close: number };
}

/** The pools of a service as the metrics see them. */
export interface PoolView {
	readonly active: number;
	readonly idle: number;
	/** Exchanges that wait for a connection. */
	readonly pending: number;
}

/** Looks at the pools of a service, of which there may be thousands, with pauses. */
export type PoolReader = () => Generator<undefined, PoolView, undefined>;

/** Values of `outrigger_circuit_state`. */
const CIRCUIT_STATE = { closed: 0, halfOpen: 1, open: 2 } as const;
const TRANSITIONS = [
	['open', 'open'],
	['halfOpen', 'halfOpen'],
	['closed', 'close'],
] as const;
/** Seconds. From a connect on the same host to the longest default timeout. */
const CONNECT_BOUNDS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

/** Complete by their types. */
const RETRY_REASONS: Readonly<Record<RetryReason, true>> = {
	'connect-failure': true,
	reset: true,
	'refused-stream': true,
	timeout: true,
	status: true,
	'idle-race': true,
};
const RETRY_SKIP_REASONS: Readonly<Record<RetrySkipReason, true>> = {
	off: true,
	attempts: true,
	method: true,
	condition: true,
	body_too_large: true,
	budget: true,
	limit_retries: true,
	deadline: true,
	response_started: true,
	client_gone: true,
	circuit_open: true,
};

interface WatchedCircuit {
	view: CircuitView;
	/** Transitions of breakers that the service had before this one. */
	readonly before: { open: number; halfOpen: number; close: number };
}

export class ServiceMetrics implements ConnectionRecorder, DiscoveryRecorder, HealthRecorder {
	private readonly circuits = new Map<string, WatchedCircuit>();
	private readonly pools = new Map<string, PoolReader>();
	private readonly retries: Counter<'service' | 'reason'>;
	private readonly skipped: Counter<'reason'>;
	private readonly mirrors: Counter<'service' | 'outcome'>;
	private readonly connects: HotHistogram;
	private readonly connectSlots = new Map<string, number>();
	private readonly connectFailures: Counter<'service'>;
	private readonly discoveries: Counter<'service' | 'result'>;
	private readonly healthChecks: Counter<'service' | 'result'>;

	constructor(registry: Registry) {
		const registers = [registry];
		this.retries = new Counter({
			name: 'outrigger_retries_total',
			help: 'Attempts made again, by why the one before failed.',
			labelNames: ['service', 'reason'],
			registers,
		});
		this.skipped = new Counter({
			name: 'outrigger_retries_skipped_total',
			help: 'Failed attempts that were not made again, by why not.',
			labelNames: ['reason'],
			registers,
		});
		this.mirrors = new Counter({
			name: 'outrigger_mirrored_requests_total',
			help: 'Copies of requests sent to a service, by how they ended.',
			labelNames: ['service', 'outcome'],
			registers,
		});
		this.connects = new HotHistogram({
			name: 'outrigger_connect_duration_seconds',
			help: 'Time to open a connection to a service.',
			labelNames: ['service'],
			// Services are the file's, and not as many as somebody likes to ask for.
			maxSeries: Number.POSITIVE_INFINITY,
			bounds: CONNECT_BOUNDS,
		});
		this.connects.register(registry);
		this.connectFailures = new Counter({
			name: 'outrigger_connect_failures_total',
			help: 'Connections to a service that could not be opened.',
			labelNames: ['service'],
			registers,
		});
		this.discoveries = new Counter({
			name: 'outrigger_discovery_updates_total',
			help: 'Lists of endpoints taken over from where a service has them (ok), and failures to get one.',
			labelNames: ['service', 'result'],
			registers,
		});
		this.healthChecks = new Counter({
			name: 'outrigger_health_checks_total',
			help: 'Health checks of the endpoints of a service, by how they ended.',
			labelNames: ['service', 'result'],
			registers,
		});
		for (const reason of Object.keys(RETRY_SKIP_REASONS)) this.skipped.inc({ reason }, 0);
		this.registerCircuits(registry);
		this.registerPools(registry);
	}

	retried(service: string, reason: RetryReason): void {
		this.retries.inc({ service, reason });
	}

	retrySkipped(reason: RetrySkipReason): void {
		this.skipped.inc({ reason });
	}

	mirrored(service: string, outcome: 'ok' | ErrorCode): void {
		this.mirrors.inc({ service, outcome });
	}

	connected(service: string, seconds: number): void {
		let slot = this.connectSlots.get(service);
		if (slot === undefined) {
			slot = this.connects.intern({ service });
			this.connectSlots.set(service, slot);
		}
		this.connects.observe(slot, seconds);
	}

	connectFailed(service: string): void {
		this.connectFailures.inc({ service });
	}

	discovered(service: string, result: 'ok' | 'failed'): void {
		this.discoveries.inc({ service, result });
	}

	healthChecked(service: string, result: HealthResult): void {
		this.healthChecks.inc({ service, result });
	}

	/** Counts go on where an earlier breaker of the same service stopped. `null`: it has none. */
	watchCircuit(service: string, view: CircuitView | null): void {
		if (view === null) {
			this.circuits.delete(service);
			return;
		}
		const earlier = this.circuits.get(service);
		if (earlier === undefined) {
			this.circuits.set(service, { view, before: { open: 0, halfOpen: 0, close: 0 } });
			return;
		}
		if (earlier.view === view) return;
		for (const key of ['open', 'halfOpen', 'close'] as const) earlier.before[key] += earlier.view.transitions[key];
		earlier.view = view;
	}

	watchPool(service: string, read: PoolReader): void {
		const isKnown = this.pools.has(service);
		this.pools.set(service, read);
		if (isKnown) return;
		for (const reason of Object.keys(RETRY_REASONS)) this.retries.inc({ service, reason }, 0);
		this.connectFailures.inc({ service }, 0);
	}

	/** The service has left the file. Its counters stay, as counters do. */
	unwatch(service: string): void {
		this.circuits.delete(service);
		this.pools.delete(service);
	}

	private registerCircuits(registry: Registry): void {
		new ReadFamily(
			{
				name: 'outrigger_circuit_state',
				help: 'State of the circuit breaker: 0 closed, 1 half open, 2 open.',
				type: 'gauge',
				labelNames: ['service'],
				read: () => [...this.circuits].map(([service, { view }]): ReadSample => [[service], CIRCUIT_STATE[view.state]]),
			},
			registry,
		);
		const transitions = ([service, { view, before }]: [string, WatchedCircuit]) =>
			TRANSITIONS.map(([to, key]): ReadSample => [[service, to], before[key] + view.transitions[key]]);
		new ReadFamily(
			{
				name: 'outrigger_circuit_transitions_total',
				help: 'Changes of state of the circuit breaker, by the state it went to.',
				type: 'counter',
				labelNames: ['service', 'to'],
				read: () => [...this.circuits].flatMap(transitions),
			},
			registry,
		);
	}

	private registerPools(registry: Registry): void {
		new ReadFamily(
			{
				name: 'outrigger_pool_connections',
				help: 'Connections to a service: active, idle; pending counts exchanges that wait for one.',
				type: 'gauge',
				labelNames: ['service', 'state'],
				read: () => this.connections(),
			},
			registry,
		);
	}

	private *connections(): Generator<ReadSample | undefined> {
		for (const [service, read] of this.pools) {
			const { active, idle, pending } = yield* read();
			yield [[service, 'active'], active];
			yield [[service, 'idle'], idle];
			yield [[service, 'pending'], pending];
		}
	}
}
