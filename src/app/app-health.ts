/** How the app is: asked for as long as the sidecar runs, and what follows from a change. */
import type { Config } from '../config/config.ts';
import { listensBeyondLoopback } from '../io/listening-sockets.ts';
import { systemClock } from '../io/system.ts';
import { HealthCheck } from '../upstream/health.ts';
import type { AppService } from './app-service.ts';
import { noop } from './service-parts.ts';
import type { Telemetry } from './telemetry.ts';

/** As Kubernetes' and Envoy's probes of a port, which cost the app a connection each. */
const DEFAULT_INTERVAL_MS = 2000;

export interface AppHealthOptions {
	readonly config: Config;
	readonly service: AppService;
	readonly telemetry: Telemetry;
	/** The app listens, for the first time. */
	onFirstHealthy(): void;
}

export class AppHealth {
	isHealthy = false;
	private readonly options: AppHealthOptions;
	private service: AppService;
	private check: HealthCheck;
	private hasBeenHealthy = false;
	private isStarted = false;

	constructor(options: AppHealthOptions) {
		this.options = options;
		this.service = options.service;
		this.check = this.build(options.config);
	}

	private build({ app }: Config): HealthCheck {
		const { service } = this;
		return new HealthCheck({
			dialer: service.healthDialer,
			timers: this.options.telemetry.timers,
			path: app.health?.path ?? null,
			authority: app.port === undefined ? 'localhost' : `localhost:${app.port}`,
			intervalMs: app.health?.interval ?? DEFAULT_INTERVAL_MS,
			isDoubtful: () => (service.service.breaker?.retryAfterMs(systemClock.now()) ?? 0) > 0,
			onChange: (isHealthy, reason) => this.onChange(isHealthy, reason),
		});
	}

	start(): void {
		this.isStarted = true;
		this.check.start();
	}

	stop(): void {
		this.check.stop();
	}

	/** Asks in another way, or by another service, from now on. */
	restart(config: Config, service: AppService): void {
		this.check.stop();
		this.service = service;
		this.check = this.build(config);
		if (this.isStarted) this.check.start();
	}

	/** Somebody has seen the app fail or end: asks it now, not at the next interval. */
	suspect(): void {
		this.check.suspect();
	}

	/** Whether the app's port accepts, healthy or not. */
	isListening(): Promise<boolean> {
		return new Promise((resolve) => {
			this.service.healthDialer.dial({
				onDialed: (socket) => {
					socket.destroy();
					resolve(true);
					return { onBytes: noop };
				},
				onDialFailed: () => resolve(false),
			});
		});
	}

	/** What the last check that failed saw. */
	get lastReason(): string {
		return this.check.lastReason;
	}

	private onChange(isHealthy: boolean, reason: string): void {
		const { telemetry, onFirstHealthy } = this.options;
		const { log } = telemetry;
		const wasHealthy = this.isHealthy;
		this.isHealthy = isHealthy;
		// The first answer of another health check: nothing need have changed.
		if (isHealthy && wasHealthy) return;
		if (!isHealthy) {
			if (this.hasBeenHealthy) log.warn({ reason }, 'the app has become unhealthy');
			return;
		}
		this.service.service.breaker?.hasten(systemClock.now());
		if (this.hasBeenHealthy) return log.info({}, 'the app is healthy again');
		this.hasBeenHealthy = true;
		onFirstHealthy();
		log.info({}, 'the app is healthy');
		this.warnOfBypass().catch((error: unknown) => log.debug({ err: error }, 'cannot tell where the app listens'));
	}

	private async warnOfBypass(): Promise<void> {
		const { config, telemetry } = this.options;
		const { port } = config.app;
		if (port === undefined || !(await listensBeyondLoopback(port))) return;
		telemetry.log.warn(
			{ port },
			'the app listens beyond loopback: it can be reached around the sidecar. Bind it to 127.0.0.1',
		);
	}
}
