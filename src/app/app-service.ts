/** The app as a service: one endpoint on this host, and a dialer for asking after its health. */
import type { AppConfig, Config } from '../config/config.ts';
import type { ServicePolicy } from '../config/service-config.ts';
import { Endpoint } from '../proxy/endpoint.ts';
import { EndpointGroup } from '../proxy/endpoint-group.ts';
import type { Service } from '../proxy/service.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Dialer } from '../upstream/dial.ts';
import type { DialTarget } from '../upstream/dial-target.ts';
import type { Http1Pool } from '../upstream/pool.ts';
import {
	buildDialer,
	buildPool,
	buildService,
	type Calling,
	describeService,
	noop,
	type ServiceEnvironment,
	watchService,
} from './service-parts.ts';

/** The service that every inbound rule leads to. */
export const APP_SERVICE = 'app';

export class AppService {
	readonly service: Service;
	readonly endpoint: Endpoint;
	readonly group: EndpointGroup;
	readonly pool: Http1Pool;
	/** Its connects are not traffic and stay out of the metrics. */
	readonly healthDialer: Dialer;
	readonly policy: ServicePolicy;

	/** `onSuspect` hears of connects that failed, and of failures that opened the circuit. */
	constructor({ app, inbound }: Config, env: ServiceEnvironment, onSuspect: () => void) {
		const { metrics } = env;
		const target = targetOf(app);
		this.policy = inbound.service;
		const calling: Calling = {
			service: APP_SERVICE,
			target,
			policy: this.policy,
			// On this host, where nobody listens in.
			tls: null,
			recorder: {
				connected: (service, seconds) => metrics.connected(service, seconds),
				connectFailed: (service) => {
					metrics.connectFailed(service);
					onSuspect();
				},
			},
		};
		this.pool = buildPool(env, calling);
		this.healthDialer = buildDialer(env, { ...calling, recorder: { connected: noop, connectFailed: noop } });
		this.endpoint = new Endpoint({ address: this.healthDialer.addressOf(), weight: 1, labels: {}, pool: this.pool });
		this.group = EndpointGroup.of([this.endpoint]);
		this.service = buildService(this.policy, {
			name: APP_SERVICE,
			settings: '',
			endpoints: [this.endpoint],
			onOpen: onSuspect,
		});
	}

	get pools(): readonly Http1Pool[] {
		return [this.pool];
	}

	watch(metrics: Metrics): void {
		watchService(this.service, () => [this.pool], metrics);
	}

	describe(isHealthy: boolean, lastFailure: string): unknown {
		const { address } = this.endpoint;
		return {
			endpoints: [{ address, healthy: isHealthy, ...(isHealthy ? {} : { lastFailure }) }],
			...describeService(this.service, this.policy, this.pool.counts),
		};
	}
}

function targetOf({ port, socket }: AppConfig): DialTarget {
	return socket === undefined ? { kind: 'loopback', port: port ?? 0 } : { kind: 'socket', path: socket };
}
