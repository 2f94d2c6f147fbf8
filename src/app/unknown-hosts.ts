/**
 * Hosts that no service lists and that are called all the same (`outbound.unknownHosts: passthrough`).
 *
 * Each host and port becomes a service of its own when it is first called, so that one that is away opens its own circuit
 * and no other's. There are at most `MAX_HOSTS` of them: the one called longest ago makes way, an idle one first. What it
 * has under way ends as it began; its idle connections close at once. In the metrics all of them are one service.
 */
import type { ServicePolicy } from '../config/service-config.ts';
import { Backend } from '../proxy/backend.ts';
import { Endpoint } from '../proxy/endpoint.ts';
import { EndpointGroup } from '../proxy/endpoint-group.ts';
import type { Service } from '../proxy/service.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { hostPort } from '../upstream/dial-target.ts';
import type { Http1Pool } from '../upstream/pool.ts';
import { buildPool, buildService, countsOf, describeService, noop, type ServiceEnvironment } from './service-parts.ts';

/** Their name in metrics and logs. */
export const PASSTHROUGH_SERVICE = 'passthrough';
/** More than an app calls by plain HTTP; a service without connections takes about 3 KB. */
const MAX_HOSTS = 256;

/** The defaults of an entry of `services`. */
export const PASSTHROUGH_POLICY: ServicePolicy = {
	connect: { timeout: 5000, idle: 0, maxConnections: 1024, maxRequestsPerConnection: 0, maxAge: 0 },
	limits: { requests: 1024, pending: 1024, retries: 0 },
	circuitBreaker: {
		errorThresholdPercentage: 50,
		volumeThreshold: 20,
		rollingCountTimeout: 10_000,
		resetTimeout: 5000,
		failures: ['connect', 'reset', 'timeout', 'malformed'],
	},
	retryBudget: { percent: 20, minPerSecond: 10 },
	loadBalancer: { policy: 'leastRequest', hash: { by: 'sourceIp' }, slowStart: 0, zone: 'any' },
	// There is but one endpoint, and it is not ours to ask about.
	outlierDetection: null,
	healthCheck: null,
	// A call without CONNECT is plaintext as far as the app knows.
	tls: { mode: 'off', sni: '', subjectAltNames: [], trustBundle: '', caPem: '' },
};

interface UnknownHost {
	readonly backend: Backend;
	readonly service: Service;
	readonly pool: Http1Pool;
}

export class UnknownHosts {
	private readonly env: ServiceEnvironment;
	private readonly maxHosts: number;
	/** The one called longest ago first. */
	private readonly hosts = new Map<string, UnknownHost>();

	constructor(env: ServiceEnvironment, maxHosts: number = MAX_HOSTS) {
		this.env = env;
		this.maxHosts = maxHosts;
	}

	/** `host`: as it was asked for, in lower case, IPv6 without brackets. */
	backend(host: string, port: number): Backend {
		const label = hostPort(host, port);
		let found = this.hosts.get(label);
		if (found === undefined) {
			if (this.hosts.size >= this.maxHosts) this.makeRoom();
			found = this.build(host, port, label);
		} else this.hosts.delete(label);
		this.hosts.set(label, found);
		return found.backend;
	}

	private build(host: string, port: number, label: string): UnknownHost {
		const { env } = this;
		const policy = PASSTHROUGH_POLICY;
		const target = { kind: 'host', host, port } as const;
		const pool = buildPool(env, { service: PASSTHROUGH_SERVICE, target, policy, recorder: env.metrics, tls: null });
		const endpoints = [new Endpoint({ address: label, weight: 1, labels: {}, pool })];
		const group = EndpointGroup.of(endpoints);
		const service = buildService(policy, {
			name: PASSTHROUGH_SERVICE,
			settings: 'outbound.unknownHosts',
			endpoints,
			onOpen: noop,
		});
		return { service, pool, backend: new Backend({ label, service, invalid: '', group }) };
	}

	private makeRoom(): void {
		let victim: string | null = null;
		for (const [label, { service }] of this.hosts) {
			victim ??= label;
			if (service.active > 0) continue;
			victim = label;
			break;
		}
		if (victim === null) return;
		this.hosts.get(victim)?.pool.close();
		this.hosts.delete(victim);
	}

	watch(metrics: Metrics): void {
		metrics.watchPool(PASSTHROUGH_SERVICE, () => countsOf(this.pools));
	}

	get pools(): Http1Pool[] {
		return [...this.hosts.values()].map(({ pool }) => pool);
	}

	/** By host and port. */
	describe(): unknown {
		return Object.fromEntries(
			[...this.hosts].map(([label, { service, pool }]) => [
				label,
				describeService(service, PASSTHROUGH_POLICY, pool.counts),
			]),
		);
	}
}
