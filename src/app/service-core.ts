/**
 * What a service is while its policy stays the same: breaker, budget and limits, and what is known about its endpoints.
 * Versions of a `NamedService` hand it on to each other.
 */
import type { ServiceConfig } from '../config/service-config.ts';
import type { ErrorCode } from '../error.ts';
import { loopClock } from '../io/loop-clock.ts';
import { Ejector } from '../proxy/ejection.ts';
import type { Endpoint } from '../proxy/endpoint.ts';
import type { AttemptObserver, Service } from '../proxy/service.ts';
import type { Member } from './members.ts';
import { buildService, noop, type ServiceEnvironment } from './service-parts.ts';

export class ServiceCore implements AttemptObserver {
	readonly service: Service;
	/** Called when other endpoints may be used than before. */
	onChange: () => void = noop;
	private readonly ejector: Ejector | null;

	constructor({ name, policy }: ServiceConfig, env: ServiceEnvironment) {
		const { timers, metrics, log } = env;
		const { outlierDetection } = policy;
		this.service = buildService(policy, {
			name,
			settings: `services.${name}`,
			endpoints: [],
			observer: this,
			onOpen: noop,
		});
		const onChange = () => this.onChange();
		this.ejector =
			outlierDetection === null
				? null
				: new Ejector({
						service: name,
						policy: outlierDetection,
						clock: loopClock,
						timers,
						log,
						recorder: metrics,
						onChange,
					});
	}

	/** These are all of its endpoints from now on. */
	follow(members: readonly Member[], now: number): void {
		const endpoints = members.map(({ endpoint }) => endpoint);
		this.service.endpoints = endpoints;
		this.ejector?.follow(endpoints, now);
	}

	settled(endpoint: Endpoint, code: ErrorCode | '', status: number, now: number): void {
		this.ejector?.settled(endpoint, code, status, now);
	}

	stop(): void {
		this.ejector?.stop();
	}
}
