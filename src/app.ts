/**
 * The composition root: `Config` → a running sidecar. Besides `cli/` the only caller of I/O constructors; nothing is
 * decided here, everything is joined.
 */

import { AdminServer } from './admin/admin-server.ts';
import type { Health, ProbeProviders } from './admin/probe-endpoints.ts';
import { ProbesServer } from './admin/probes-server.ts';
import { bind } from './app/bind.ts';
import { CurrentHandler } from './app/current-handler.ts';
import { isSame, restartIssues } from './app/restart-only.ts';
import { buildRoute, type RouteParts } from './app/routes.ts';
import { buildService, type ServiceParts, watchService } from './app/service-parts.ts';
import type { Telemetry } from './app/telemetry.ts';
import type { Config } from './config/config.ts';
import type { Issue } from './config/issue.ts';
import { canAcceptShared } from './io/accept-shared.ts';
import { listensBeyondLoopback } from './io/listening-sockets.ts';
import { loopClock } from './io/loop-clock.ts';
import { systemClock, systemRandom } from './io/system.ts';
import type { TimerWheel } from './io/timer-wheel.ts';
import { Listener } from './listener/listener.ts';
import type { BoundAddress, ControlServer } from './ports/control.ts';
import { Backend } from './proxy/backend.ts';
import type { ProxyContext, Route } from './proxy/context.ts';
import { Forwarder } from './proxy/forward.ts';
import type { CompileRegex } from './routing/regex.ts';
import { compileRoutes } from './routing/table.ts';
import { HealthCheck } from './upstream/health.ts';

/** How long readiness may take to be asked again while draining waits: ends a wait early when the app has gone. */
const DRAIN_POLL_MS = 20;

/** A route file that is right, and what it takes to obey it. */
export interface Taken {
	readonly config: Config;
	/** Every value in force with its origin; what `/config` shows beside the file's hash. */
	readonly effectiveConfig: unknown;
	readonly compileRegex: CompileRegex;
}

export interface AppOptions extends Taken {
	readonly telemetry: Telemetry;
}

/** The last update of the file, when it was not taken over. */
export interface Rejected {
	readonly hash: string;
	/** RFC 3339. */
	readonly at: string;
	readonly issues: readonly Issue[];
}

export class App {
	private readonly telemetry: Telemetry;
	private readonly timers: TimerWheel;
	/** The file in force; replaced by `reload`, together with what is made of it. */
	private taken: Taken;
	private rejected: Rejected | null = null;
	private parts: ServiceParts;
	private health: HealthCheck;
	private handler: CurrentHandler;
	private readonly control: ControlServer[] = [];
	private listener: Listener | null = null;
	private routes: readonly Route[] = [];
	private isStarted = false;
	private isHealthy = false;
	private hasBeenHealthy = false;
	private draining: Promise<void> | null = null;
	/** Bound addresses, by what they serve. */
	readonly bound: { inbound: number; admin: BoundAddress | null; probes: BoundAddress | null } = {
		inbound: 0,
		admin: null,
		probes: null,
	};

	constructor(options: AppOptions) {
		const { telemetry } = options;
		this.telemetry = telemetry;
		this.taken = options;
		this.timers = telemetry.timers;
		this.parts = buildService(options.config, telemetry, () => this.health.suspect());
		watchService(this.parts, telemetry.metrics);
		this.health = this.buildHealth(options.config);
		const { context, routes } = this.buildContext(options, this.parts);
		this.routes = routes;
		this.handler = new CurrentHandler(new Forwarder(context, this.parts.endpoint));
	}

	private buildHealth({ app }: Config): HealthCheck {
		return new HealthCheck({
			dialer: this.parts.healthDialer,
			timers: this.timers,
			path: app.health?.path ?? null,
			authority: app.port === undefined ? 'localhost' : `localhost:${app.port}`,
			intervalMs: app.health?.interval ?? DEFAULT_HEALTH_INTERVAL_MS,
			isDoubtful: () => (this.parts.service.breaker?.retryAfterMs(systemClock.now()) ?? 0) > 0,
			onChange: (isHealthy, reason) => this.onHealth(isHealthy, reason),
		});
	}

	/** Binds everything, then begins to watch the app. Rejects with a `BindError`; nothing stays bound then. */
	async start(): Promise<void> {
		const { telemetry } = this;
		const { config } = this.taken;
		const acceptsShared = await canAcceptShared();
		try {
			this.listener = this.buildListener(acceptsShared);
			this.bound.inbound = await bind('inbound.listen', config.inbound.listen, () => this.startListener());
			await this.startControl();
			const { logIntake } = config.telemetry;
			if (logIntake !== undefined) {
				await bind('telemetry.logIntake.listen', logIntake.listen, () => telemetry.startIntake());
			}
		} catch (error) {
			await this.stop();
			throw error;
		}
		this.isStarted = true;
		loopClock.refresh();
		this.health.start();
	}

	private async startListener(): Promise<number> {
		return (await this.listener?.start()) ?? 0;
	}

	private buildListener(acceptsShared: boolean): Listener {
		const { telemetry } = this;
		const { config } = this.taken;
		const { limits, inbound } = config;
		return new Listener({
			...inbound.listen,
			handler: this.handler,
			timers: this.timers,
			clock: loopClock,
			log: telemetry.log,
			headLimits: this.parts.headLimits,
			maxConnections: limits.connections,
			idleMs: limits.idle,
			headTimeoutMs: limits.headTimeout,
			isRaw: config.passthrough || config.app.protocol === 'tcp',
			hold: limits.hold,
			holdForMs: limits.holdFor,
			acceptsShared,
			onRefused: () => telemetry.recorder.refused('overloaded'),
		});
	}

	private buildContext({ config, compileRegex }: Taken, { service }: ServiceParts) {
		const { telemetry } = this;
		const { fallback } = config.inbound;
		const app = new Backend({ label: 'app', service, invalid: '', endpoints: service.endpoints });
		const parts: RouteParts = {
			routeSeries: (rule) => telemetry.routeSeries(rule),
			backendOf: () => app,
			policyOf: () => [],
		};
		const unmatched = config.inbound.unmatched === 'app' ? buildRoute(fallback, parts) : null;
		const routes = config.inbound.routes.map((rule) => ({ rule, value: buildRoute(rule, parts) }));
		const context: ProxyContext = {
			side: 'inbound',
			listenerPort: config.inbound.listen.port,
			clock: loopClock,
			preciseClock: systemClock,
			timers: this.timers,
			random: systemRandom,
			recorder: telemetry.recorder,
			routes: compileRoutes(routes, compileRegex),
			unmatched,
			destinations: null,
			isVerbose: config.localReplies === 'verbose',
			trustedHops: config.trustedHops,
			defaultIdleMs: fallback.timeouts.idle,
		};
		return { context, routes: [...routes.map(({ value }) => value), ...(unmatched === null ? [] : [unmatched])] };
	}

	// --- reload --------------------------------------------------------------------------------------------------

	/**
	 * Takes over another version of the file, whole. The issues say what keeps it from that: then nothing has changed.
	 * What is under way ends by the rules that it began with, on the connections that it has.
	 */
	reload(next: Taken, file: string): readonly Issue[] {
		const { config } = this.taken;
		const issues = restartIssues(config, next.config, next.effectiveConfig, file);
		if (issues.length > 0) return issues;
		loopClock.refresh();
		const isOtherService = !isSame(config.inbound.service, next.config.inbound.service);
		const old = this.parts;
		const parts = isOtherService ? buildService(next.config, this.telemetry, () => this.health.suspect()) : old;
		// Series are bound while routes are built, by the templates of the file that they belong to.
		this.telemetry.configure(next.config);
		const { context, routes } = this.buildContext(next, parts);
		this.parts = parts;
		this.routes = routes;
		this.taken = next;
		this.rejected = null;
		this.handler.current = new Forwarder(context, parts.endpoint);
		if (isOtherService) {
			watchService(parts, this.telemetry.metrics);
			old.pool.close();
		}
		if (isOtherService || !isSame(config.app.health, next.config.app.health)) this.restartHealth();
		this.telemetry.metrics.config.accepted(next.config.hash);
		return [];
	}

	private restartHealth(): void {
		this.health.stop();
		this.health = this.buildHealth(this.taken.config);
		if (this.isStarted) this.health.start();
	}

	/** An update could not be taken over: the running file stays, and `/config` shows why. */
	reject(hash: string, issues: readonly Issue[]): void {
		this.rejected = { hash, at: new Date(systemClock.wall()).toISOString(), issues };
		this.telemetry.metrics.config.rejected();
	}

	/** The file on disk is the running one again. */
	forgetRejected(): void {
		this.rejected = null;
	}

	/** Of the running file. */
	get hash(): string {
		return this.taken.config.hash;
	}

	private async startControl(): Promise<void> {
		const { telemetry } = this;
		const { config } = this.taken;
		const { log } = telemetry;
		const providers = this.probeProviders();
		const admin = new AdminServer({
			listen: config.admin.listen,
			log,
			providers: {
				...providers,
				config: () => ({ hash: this.hash, effective: this.taken.effectiveConfig, rejected: this.rejected }),
				routes: () => this.describeRoutes(),
				services: () => ({ app: this.parts.describe(this.isHealthy, this.health.lastReason) }),
				landing: () => ({
					workload: `${config.app.namespace}/${config.app.name}`,
					configHash: this.hash,
					ready: this.ready(),
					logLevel: telemetry.logLevel,
				}),
				drain: () => {
					this.drain().catch((error: unknown) => log.error({ err: error }, 'drain failed'));
				},
				setLogLevel: (level) => telemetry.setLogLevel(level),
			},
		});
		this.control.push(admin);
		this.bound.admin = await bind('admin.listen', config.admin.listen, () => admin.start());
		const { probes } = config;
		if (probes === undefined) return;
		const server = new ProbesServer({ listen: probes.listen, providers, log });
		this.control.push(server);
		this.bound.probes = await bind('probes.listen', probes.listen, () => server.start());
	}

	private probeProviders(): ProbeProviders {
		const { telemetry } = this;
		return {
			live: () => ({ ok: true, reasons: [] }),
			ready: () => this.ready(),
			started: () => ({ ok: this.isStarted, reasons: this.isStarted ? [] : ['not all listeners are bound'] }),
			metrics: () => telemetry.metrics.pieces(),
			metricsContentType: telemetry.metricsContentType,
		};
	}

	private describeRoutes(): unknown {
		const { fallback } = this.taken.config.inbound;
		return this.routes.map(({ rule }) => ({
			name: rule.name,
			hostnames: rule.hostnames,
			matches: rule.matches,
			at: rule === fallback ? 'default' : `${rule.at.file}:${rule.at.line}`,
		}));
	}

	// --- health --------------------------------------------------------------------------------------------------

	/** Started, and the app is well, and nobody has asked us to stop. */
	ready(): Health {
		const reasons: string[] = [];
		if (!this.isStarted) reasons.push('not all listeners are bound');
		if (this.draining !== null) reasons.push('draining');
		if (!this.isHealthy) reasons.push(`the app is not healthy: ${this.health.lastReason}`);
		return { ok: reasons.length === 0, reasons };
	}

	private onHealth(isHealthy: boolean, reason: string): void {
		const { log } = this.telemetry;
		const wasHealthy = this.isHealthy;
		this.isHealthy = isHealthy;
		// The first answer of another health check: nothing need have changed.
		if (isHealthy && wasHealthy) return;
		if (!isHealthy) {
			if (this.hasBeenHealthy) log.warn({ reason }, 'the app has become unhealthy');
			return;
		}
		this.parts.service.breaker?.hasten(systemClock.now());
		if (this.hasBeenHealthy) return log.info({}, 'the app is healthy again');
		this.hasBeenHealthy = true;
		this.listener?.release();
		log.info({}, 'the app is healthy');
		this.warnOfBypass().catch((error: unknown) => log.debug({ err: error }, 'cannot tell where the app listens'));
	}

	/** Somebody has seen the app end: asks it now, not at the next interval. */
	suspectApp(): void {
		this.health.suspect();
	}

	private async warnOfBypass(): Promise<void> {
		const { port } = this.taken.config.app;
		if (port === undefined || !(await listensBeyondLoopback(port))) return;
		this.telemetry.log.warn(
			{ port },
			'the app listens beyond loopback: it can be reached around the sidecar. Bind it to 127.0.0.1',
		);
	}

	// --- the end -------------------------------------------------------------------------------------------------

	/**
	 * Turns unready at once, serves on for `propagationMs` (default: the route file's) so that callers can notice, then
	 * stops accepting and lets requests finish within `shutdown.drain`. Resolves when all have ended or were ended.
	 */
	drain(propagationMs = this.taken.config.shutdown.propagation): Promise<void> {
		this.draining ??= this.runDrain(propagationMs);
		return this.draining;
	}

	private async runDrain(propagationMs: number): Promise<void> {
		const { telemetry } = this;
		const { config } = this.taken;
		telemetry.log.info({ propagationMs, drainMs: config.shutdown.drain }, 'draining');
		await this.waitUntil(() => !this.isHealthy, propagationMs);
		let isEmpty = false;
		loopClock.refresh();
		const emptied = this.listener?.drain().then(() => {
			isEmpty = true;
		});
		await Promise.race([emptied, this.waitUntil(() => isEmpty, config.shutdown.drain)]);
		if (isEmpty) return;
		telemetry.log.warn({ connections: this.listener?.connections }, 'drain time is over: ending what is left');
		this.listener?.closeNow();
	}

	private async waitUntil(condition: () => boolean, atMostMs: number): Promise<void> {
		const end = systemClock.now() + atMostMs;
		for (let left = atMostMs; left > 0 && !condition(); left = end - systemClock.now()) {
			await new Promise((resolve) => setTimeout(resolve, Math.min(left, DRAIN_POLL_MS)));
		}
	}

	/** Closes everything at once. */
	async stop(): Promise<void> {
		this.health.stop();
		const drained = this.isStarted && this.listener !== null ? this.listener.drain() : Promise.resolve();
		this.listener?.closeNow();
		await drained;
		await Promise.all(this.control.map((server) => server.stop()));
		this.parts.pool.close();
		await this.telemetry.close();
		this.timers.stop();
	}
}

/** As Kubernetes' and Envoy's probes of a port, which cost the app a connection each. */
const DEFAULT_HEALTH_INTERVAL_MS = 2000;
