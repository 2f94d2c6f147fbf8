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
import { CalmWork } from './calm-work.ts';
import { byAddress, type Member } from './members.ts';
import { buildService, noop, type ServiceEnvironment } from './service-parts.ts';
import { atOnce, type InSlices } from './slices.ts';

/** The checks of so many members begin within the event that has brought them: some 10 ms where all are new. */
const AT_ONCE = 1000;
/** Members looked at between two pauses: 10 µs where one is new. */
const CHECKS_A_SLICE = 100;

export class ServiceCore {
	readonly service: Service;
	/** Called when other endpoints may be used than before. */
	onChange: () => void = noop;
	private readonly ejector: Ejector | null;
	private readonly checks: EndpointChecks | null;
	/** By address; one may be listed twice. */
	private members: ReadonlyMap<string, readonly Member[]> = new Map();
	/** The members, whether they are checked already or not. */
	private all: readonly Member[] = [];
	private readonly checking: CalmWork;
	private work = 0;

	constructor(config: ServiceConfig, env: ServiceEnvironment) {
		const { name, policy } = config;
		const { outlierDetection, healthCheck } = policy;
		this.checks = healthCheck === null ? null : this.buildChecks(config, healthCheck, env);
		this.checking = new CalmWork({
			timers: env.timers,
			restMs: 0,
			work: () => this.checkAll(),
			onError: (error) => env.log.error({ err: error, service: name }, 'health checks could not be begun'),
		});
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

	/**
	 * These are all of its endpoints from now on. Where there are thousands, the checks of those that have come begin little by
	 * little, and of those that have gone they end so. Whoever asks anew before it is done need not go on.
	 */
	*follow(members: readonly Member[], now: number): InSlices<void> {
		const endpoints = members.map(({ endpoint }) => endpoint);
		this.all = members;
		this.service.endpoints = endpoints;
		if (this.checking.isBusy || Math.max(members.length, this.members.size) > AT_ONCE) this.checking.request();
		else atOnce(this.checkAll());
		if (this.ejector === null) return;
		if (members.length > AT_ONCE) yield;
		// Who takes no requests cannot be the one that is left.
		const weighty = endpoints.filter(({ weight }) => weight > 0);
		if (members.length > AT_ONCE) yield;
		if (this.all !== members) return;
		yield* this.ejector.follow(weighty, now);
	}

	/** Brings the checks in line with the members. */
	private *checkAll(): InSlices<void> {
		const { checks, all, members: before } = this;
		if (checks === null) return;
		// All of those that join together are treated alike.
		const presumed = checks.presumesNew;
		const members = yield* byAddress(all);
		this.members = members;
		for (const address of before.keys()) {
			if (this.isPauseDue()) yield;
			if (!members.has(address)) checks.remove(address);
		}
		for (const [address, [first]] of members) {
			if (this.isPauseDue()) yield;
			if (first === undefined) continue;
			const known = before.get(address)?.[0];
			if (known !== undefined && known.config.identity === first.config.identity) continue;
			// Whoever it is now has not been asked yet.
			if (known !== undefined) checks.remove(address);
			checks.add({ ...first.config, address }, presumed);
		}
		let isAnyMoved = false;
		for (const { endpoint } of all) {
			if (this.isPauseDue()) yield;
			const isUnwell = !checks.isUsable(endpoint.address);
			if (isUnwell !== endpoint.isUnwell) isAnyMoved = true;
			endpoint.isUnwell = isUnwell;
		}
		if (isAnyMoved) this.onChange();
	}

	private isPauseDue(): boolean {
		this.work++;
		return this.work % CHECKS_A_SLICE === 0;
	}

	/** Whether an endpoint that joins must have passed a health check before it is used. */
	get holdsBackNew(): boolean {
		return this.checks !== null && !this.checks.presumesNew;
	}

	/** What the last check of an endpoint that failed saw; `''`: none has. */
	lastFailure(address: string): string {
		return this.checks?.lastFailure(address) ?? '';
	}

	/** Another core has taken over. */
	stop(): void {
		this.all = [];
		this.checking.stop();
		this.checks?.stop();
		this.ejector?.stop();
	}
}
