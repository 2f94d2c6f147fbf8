/**
 * What a service is while its policy stays the same: breaker, budget and limits, and what is known about its endpoints.
 * Versions of a `NamedService` hand it on to each other.
 */
import type { OutlierDetection, ServiceConfig } from '../config/service-config.ts';
import { loopClock } from '../io/loop-clock.ts';
import { Ejector } from '../proxy/ejection.ts';
import type { Service } from '../proxy/service.ts';
import type { Member } from './members.ts';
import { buildService, noop, type ServiceEnvironment } from './service-parts.ts';

export class ServiceCore {
	readonly service: Service;
	/** Called when other endpoints may be used than before. */
	onChange: () => void = noop;
	private readonly ejector: Ejector | null;

	constructor({ name, policy }: ServiceConfig, env: ServiceEnvironment) {
		const { outlierDetection } = policy;
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

	/** These are all of its endpoints from now on. */
	follow(members: readonly Member[], now: number): void {
		const endpoints = members.map(({ endpoint }) => endpoint);
		this.service.endpoints = endpoints;
		// Who takes no requests cannot be the one that is left.
		this.ejector?.follow(
			endpoints.filter(({ weight }) => weight > 0),
			now,
		);
	}

	/** Another core has taken over. */
	stop(): void {
		this.ejector?.stop();
	}
}
