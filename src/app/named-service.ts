/**
 * An entry of `services` that is called.
 *
 * A value: another version of the entry makes another one. What they have in common lives on in it: the service itself
 * (breaker, budget, requests under way) as long as its policy is the same, and with it the pools of endpoints that are
 * still listed. Attempts under way end at the endpoints that they have.
 */
import type { EndpointConfig, ServiceConfig } from '../config/service-config.ts';
import { Backend } from '../proxy/backend.ts';
import { Endpoint } from '../proxy/endpoint.ts';
import type { Service } from '../proxy/service.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { hostPort } from '../upstream/dial-target.ts';
import type { Http1Pool } from '../upstream/pool.ts';
import { isSame } from './restart-only.ts';
import {
	buildPool,
	buildService,
	describeService,
	noop,
	type ServiceEnvironment,
	sumOfCounts,
	watchService,
} from './service-parts.ts';

interface Member {
	readonly config: EndpointConfig;
	readonly endpoint: Endpoint;
	readonly pool: Http1Pool;
}

export class NamedService {
	readonly config: ServiceConfig;
	readonly service: Service;
	private readonly members: readonly Member[];
	/** By label, subset and port: each is made once, however many rules refer to it. */
	private readonly backends = new Map<string, Backend>();

	private constructor(config: ServiceConfig, service: Service, members: readonly Member[]) {
		this.config = config;
		this.service = service;
		this.members = members;
	}

	/** `before`: the entry of the same name in the running file. It stays as it is. */
	static build(config: ServiceConfig, env: ServiceEnvironment, before: NamedService | null): NamedService {
		const { name, policy } = config;
		const same = before !== null && isSame(before.config.policy, policy) ? before : null;
		const kept = [...(same?.members ?? [])];
		const members = config.endpoints.map((each) => memberOf(each, take(kept, each), config, env));
		const endpoints = members.map(({ endpoint }) => endpoint);
		const needs = { name, settings: `services.${name}`, endpoints, onOpen: noop };
		return new NamedService(config, same?.service ?? buildService(policy, needs), members);
	}

	get pools(): readonly Http1Pool[] {
		return this.members.map(({ pool }) => pool);
	}

	/** From now on the service has these endpoints. */
	takeOver(metrics: Metrics): void {
		this.service.endpoints = this.members.map(({ endpoint }) => endpoint);
		watchService(this.service, () => sumOfCounts(this.pools), metrics);
	}

	/** `subset`: `''` for all of its endpoints; `port`: 0 for any. */
	backend(label: string, subset: string, port: number): Backend {
		const key = JSON.stringify([label, subset, port]);
		const known = this.backends.get(key) ?? this.buildBackend(label, subset, port);
		this.backends.set(key, known);
		return known;
	}

	private buildBackend(label: string, subset: string, port: number): Backend {
		const labels = subset === '' ? {} : this.config.subsets[subset];
		if (labels === undefined) {
			return Backend.nowhere(label, 'names no subset of its service');
		}
		const members = this.atPort(
			this.members.filter(({ endpoint }) => hasLabels(endpoint, labels)),
			port,
		);
		const endpoints = members.map(({ endpoint }) => endpoint);
		return new Backend({ label, service: this.service, invalid: '', endpoints });
	}

	/** An endpoint has one port: where the service has several, those that have the one asked for, if any has it. */
	private atPort(members: readonly Member[], port: number): readonly Member[] {
		const ports = Object.values(this.config.ports);
		if (ports.length < 2 || !ports.includes(port)) return members;
		const exact = members.filter(({ config }) => config.port === port);
		return exact.length === 0 ? members : exact;
	}

	describe(): unknown {
		const { service, config } = this;
		return {
			hostnames: config.hostnames,
			endpoints: this.members.map(({ endpoint, pool }) => ({
				address: endpoint.address,
				weight: endpoint.weight,
				labels: endpoint.labels,
				requests: { active: endpoint.active },
				connections: pool.counts,
			})),
			...describeService(service, config.policy, sumOfCounts(this.pools)),
		};
	}
}

/** Takes the member for the same address out of those that are left. */
function take(kept: Member[], { host, port }: EndpointConfig): Member | null {
	const at = kept.findIndex(({ config }) => config.host === host && config.port === port);
	return at < 0 ? null : (kept.splice(at, 1)[0] ?? null);
}

function memberOf(
	config: EndpointConfig,
	before: Member | null,
	{ name, policy }: ServiceConfig,
	env: ServiceEnvironment,
): Member {
	if (before !== null && isSame(before.config, config)) return before;
	const { host, port, weight, labels } = config;
	const target = { kind: 'host', host, port } as const;
	const pool = before?.pool ?? buildPool(env, { service: name, target, policy, recorder: env.metrics });
	return { config, pool, endpoint: new Endpoint({ address: hostPort(host, port), weight, labels, pool }) };
}

function hasLabels(endpoint: Endpoint, wanted: Readonly<Record<string, string>>): boolean {
	return Object.entries(wanted).every(([name, value]) => endpoint.labels[name] === value);
}
