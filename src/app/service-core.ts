/**
 * What a service is while its policy stays the same: breaker, budget and limits, and what is known about its endpoints.
 * Versions of a `NamedService` hand it on to each other.
 */
import type { HealthCheck, OutlierDetection, ServiceConfig } from '../config/service-config.ts';
import { loopClock } from '../io/loop-clock.ts';
import { Ejector } from '../proxy/ejection.ts';
import type { Service } from '../proxy/service.ts';
import { EndpointChecks } from '../upstream/endpoint-checks.ts';
import { serverNameOf } from '../upstream/endpoint-probe.ts';
import { byAddress, type Member } from './members.ts';
import { buildService, noop, type ServiceEnvironment } from './service-parts.ts';

export class ServiceCore {
	readonly service: Service;
	/** Called when other endpoints may be used than before. */
	onChange: () => void = noop;
	private readonly ejector: Ejector | null;
	private readonly checks: EndpointChecks | null;
	/** By address; one may be listed twice. */
	private members = new Map<string, Member[]>();

	constructor(config: ServiceConfig, env: ServiceEnvironment) {
		const { name, policy } = config;
		const { outlierDetection, healthCheck } = policy;
		this.checks = healthCheck === null ? null : this.buildChecks(config, healthCheck, env);
		this.ejector = outlierDetection === null ? null : this.buildEjector(name, outlierDetection, env);
		this.service = buildService(policy, {
			name,
			settings: `services.${name}`,
			endpoints: [],
			ejector: this.ejector,
			onOpen: noop,
		});
	}

	private buildEjector(
		service: string,
		policy: OutlierDetection,
		{ timers, metrics, log }: ServiceEnvironment,
	): Ejector {
		const onChange = () => this.onChange();
		return new Ejector({ service, policy, clock: loopClock, timers, log, recorder: metrics, onChange });
	}

	private buildChecks(
		service: ServiceConfig,
		policy: HealthCheck,
		{ timers, random, metrics, log, ownListeners, checkGate, security }: ServiceEnvironment,
	): EndpointChecks {
		const { tls } = service.policy;
		const hostname = serverNameOf(service);
		return new EndpointChecks({
			policy,
			service,
			clock: loopClock,
			timers,
			random,
			ownListeners,
			gate: checkGate,
			recorder: metrics,
			log,
			handshakes: metrics.tls,
			tlsOf: ({ address, host }) => {
				const identity = this.members.get(address)?.[0]?.config.identity ?? '';
				return security.outboundFor({ tls, identity, hostname, host });
			},
			onChange: (address, isHealthy) => this.onChecked(address, isHealthy),
		});
	}

	private onChecked(address: string, isHealthy: boolean): void {
		const now = loopClock.now();
		for (const { endpoint } of this.members.get(address) ?? []) {
			endpoint.isUnwell = !isHealthy;
			if (isHealthy) this.ejector?.pardon(endpoint, now);
		}
		this.onChange();
	}

	/** These are all of its endpoints from now on. */
	follow(members: readonly Member[], now: number): void {
		this.check(members);
		const endpoints = members.map(({ endpoint }) => endpoint);
		this.service.endpoints = endpoints;
		// Who takes no requests cannot be the one that is left.
		this.ejector?.follow(
			endpoints.filter(({ weight }) => weight > 0),
			now,
		);
	}

	private check(members: readonly Member[]): void {
		const { checks } = this;
		if (checks === null) return;
		const before = this.members;
		this.members = byAddress(members);
		for (const address of before.keys()) if (!this.members.has(address)) checks.remove(address);
		for (const [address, [first]] of this.members) {
			if (first === undefined) continue;
			const known = before.get(address)?.[0];
			if (known !== undefined && known.config.identity !== first.config.identity) checks.remove(address);
			else if (known !== undefined) continue;
			checks.add({ ...first.config, address });
		}
		for (const { endpoint } of members) endpoint.isUnwell = !checks.isUsable(endpoint.address);
	}

	/** What the last check of an endpoint that failed saw; `''`: none has. */
	lastFailure(address: string): string {
		return this.checks?.lastFailure(address) ?? '';
	}

	/** Another core has taken over. */
	stop(): void {
		this.checks?.stop();
		this.ejector?.stop();
	}
}
