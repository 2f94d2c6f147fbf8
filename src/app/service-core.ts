/**
 * What a service is while its policy stays the same: breaker, budget and limits, and what is known about its endpoints.
 * Versions of a `NamedService` hand it on to each other.
 */
import type { HealthCheck, OutlierDetection, ServiceConfig } from '../config/service-config.ts';
import { loopClock } from '../io/loop-clock.ts';
import { Ejector } from '../proxy/ejection.ts';
import type { Service } from '../proxy/service.ts';
import { EndpointChecks } from '../upstream/endpoint-checks.ts';
import { byAddress, type Member } from './members.ts';
import { buildService, noop, type ServiceEnvironment } from './service-parts.ts';
import type { InSlices } from './slices.ts';

/** Begun or ended between two pauses: some microseconds each. */
const CHECKS_A_SLICE = 200;

export class ServiceCore {
	readonly service: Service;
	/** Called when other endpoints may be used than before. */
	onChange: () => void = noop;
	/** How often that was. */
	changes = 0;
	private readonly ejector: Ejector | null;
	private readonly checks: EndpointChecks | null;
	/** By address; one may be listed twice. */
	private members = new Map<string, Member[]>();

	constructor({ name, hostnames, policy }: ServiceConfig, env: ServiceEnvironment) {
		const { outlierDetection, healthCheck } = policy;
		this.checks = healthCheck === null ? null : this.buildChecks({ name, hostnames }, healthCheck, env);
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
		const onChange = () => this.changed();
		return new Ejector({ service, policy, clock: loopClock, timers, log, recorder: metrics, onChange });
	}

	private buildChecks(
		service: Pick<ServiceConfig, 'name' | 'hostnames'>,
		policy: HealthCheck,
		{ timers, random, metrics, log, ownListeners, checkGate }: ServiceEnvironment,
	): EndpointChecks {
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
			onChange: (address, isHealthy) => this.onChecked(address, isHealthy),
		});
	}

	private onChecked(address: string, isHealthy: boolean): void {
		const now = loopClock.now();
		for (const { endpoint } of this.members.get(address) ?? []) {
			endpoint.isUnwell = !isHealthy;
			if (isHealthy) this.ejector?.pardon(endpoint, now);
		}
		this.changed();
	}

	private changed(): void {
		this.changes++;
		this.onChange();
	}

	/**
	 * These are all of its endpoints from now on. Pauses between steps of which each can stand alone for a while; who gives up
	 * in between must call it again.
	 */
	*follow(members: readonly Member[], now: number): InSlices<void> {
		yield* this.check(members);
		const endpoints = members.map(({ endpoint }) => endpoint);
		this.service.endpoints = endpoints;
		yield;
		// Who takes no requests cannot be the one that is left.
		this.ejector?.follow(
			endpoints.filter(({ weight }) => weight > 0),
			now,
		);
	}

	private *check(members: readonly Member[]): InSlices<void> {
		const { checks } = this;
		if (checks === null) return;
		this.members = byAddress(members);
		yield;
		let work = 0;
		for (const address of [...checks.addresses]) {
			if (!this.members.has(address)) checks.remove(address);
			if (++work % CHECKS_A_SLICE === 0) yield;
		}
		for (const [address, [first]] of this.members) {
			if (first !== undefined) checks.add({ ...first.config, address });
			if (++work % CHECKS_A_SLICE === 0) yield;
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
