/**
 * The composition root: `Config` → a running sidecar. Besides `app/` and `cli/` the only caller of I/O constructors;
 * nothing is decided here, everything is joined.
 */

import type { AdminProviders } from './admin/admin-server.ts';
import { explainEndpoints } from './admin/explain-endpoints.ts';
import type { Health, ProbeProviders } from './admin/probe-endpoints.ts';
import { AppHealth } from './app/app-health.ts';
import { bind } from './app/bind.ts';
import { CallPorts } from './app/call-ports.ts';
import { Control } from './app/control.ts';
import { drainListener, waitUntil, waitWhile } from './app/drain.ts';
import { EndpointSources } from './app/endpoint-sources.ts';
import { Explaining } from './app/explaining.ts';
import { Front } from './app/front.ts';
import { listPieces, objectPieces } from './app/json-pieces.ts';
import { certificateIssue, isSame, restartIssues } from './app/restart-only.ts';
import { Security } from './app/security.ts';
import type { ServiceEnvironment } from './app/service-parts.ts';
import { describeRoutes } from './app/side.ts';
import { atOnce, calmly } from './app/slices.ts';
import { buildSnapshot, type Snapshot } from './app/snapshot.ts';
import type { SourceTools } from './app/source-tools.ts';
import type { Rejected, Taken } from './app/taken.ts';
import type { Telemetry } from './app/telemetry.ts';
import type { Config } from './config/config.ts';
import type { Issue } from './config/issue.ts';
import { Masks } from './explain/mask.ts';
import { RateLimiters } from './filters/rate-limiters.ts';
import { DEFAULT_HEAD_LIMITS } from './http1/limits.ts';
import { canAcceptShared } from './io/accept-shared.ts';
import { breathe } from './io/breathe.ts';
import { fitHeapGrowth } from './io/heap-growth.ts';
import { loopClock } from './io/loop-clock.ts';
import { sha256, systemClock, systemRandom } from './io/system.ts';
import type { BoundAddress } from './ports/control.ts';
import { LiveExchanges } from './proxy/live-exchanges.ts';
import { MirrorsUnderWay } from './proxy/mirrors-under-way.ts';
import { CheckGate } from './upstream/check-gate.ts';
import { OwnListeners } from './upstream/own-listeners.ts';

/** A source that does not answer for so long keeps nobody from being served. */
const DISCOVERY_PATIENCE_MS = 5000;

export interface AppOptions extends Taken {
	readonly telemetry: Telemetry;
	readonly sources: SourceTools;
}

interface Bound {
	inbound: number;
	/** `null`: the file has no `outbound`. */
	outbound: BoundAddress | null;
	/** Of services with a port of their own, by name. */
	services: ReadonlyMap<string, BoundAddress>;
	admin: BoundAddress | null;
	probes: BoundAddress | null;
}

export class App {
	private readonly telemetry: Telemetry;
	private readonly sources: EndpointSources;
	private readonly security: Security;
	private readonly env: ServiceEnvironment;
	/** What is in force; replaced whole by `reload`. */
	private snapshot: Snapshot;
	private rejected: Rejected | null = null;
	private readonly health: AppHealth;
	private readonly control: Control;
	private inbound: Front | null = null;
	private calls: CallPorts | null = null;
	private isStarted = false;
	/** Clock time at which nobody waits for sources of endpoints any more. */
	private discoveryEndsAt = 0;
	private isStopped = false;
	private draining: Promise<void> | null = null;
	/** Clock time at which the patience of a drain ends. */
	private drainEndsAt = 0;
	/** Bound addresses, by what they serve. */
	readonly bound: Bound = { inbound: 0, outbound: null, services: new Map(), admin: null, probes: null };

	constructor({ telemetry, sources, ...taken }: AppOptions) {
		const { config } = taken;
		this.telemetry = telemetry;
		this.sources = new EndpointSources(telemetry, sources);
		this.security = new Security(telemetry, sources.folder);
		this.env = {
			timers: telemetry.timers,
			metrics: telemetry.metrics,
			headLimits: { ...DEFAULT_HEAD_LIMITS, headerBytes: config.limits.headerBytes, headers: config.limits.headers },
			ownListeners: new OwnListeners(),
			rateLimiters: new RateLimiters(sha256),
			live: new LiveExchanges(),
			mirrorsUnderWay: new MirrorsUnderWay(),
			log: telemetry.log,
			security: this.security,
			zone: config.app.zone,
			random: systemRandom,
			checkGate: new CheckGate(),
			watchOf: (source, service) => this.sources.watchOf(source, service),
		};
		this.snapshot = atOnce(buildSnapshot({ ...this.snapshotInput(taken), before: null }));
		this.snapshot.services.takeOver(null, telemetry.metrics);
		this.env.rateLimiters.commit(this.snapshot.limiters);
		this.health = new AppHealth({
			config,
			service: this.snapshot.services.app,
			telemetry,
			onFirstHealthy: () => this.inbound?.listener.release(),
		});
		const explaining = new Explaining(() => this.snapshot, telemetry.recent);
		this.control = new Control(config, this.adminProviders(), explainEndpoints(explaining), telemetry.log);
	}

	private snapshotInput(taken: Taken) {
		return { taken, telemetry: this.telemetry, env: this.env, onSuspect: () => this.health.suspect() };
	}

	private get config(): Config {
		return this.snapshot.taken.config;
	}

	// --- the start -----------------------------------------------------------------------------------------------

	/** Binds everything, then begins to watch the app. Rejects with a `BindError`; nothing stays bound then. */
	async start(): Promise<void> {
		const acceptsShared = await canAcceptShared();
		try {
			this.security.commit(await this.security.prepare(this.config));
			await this.startFronts(acceptsShared);
			await this.startControl();
		} catch (error) {
			await this.stop();
			throw error;
		}
		this.isStarted = true;
		this.discoveryEndsAt = systemClock.now() + DISCOVERY_PATIENCE_MS;
		fitHeapGrowth();
		loopClock.refresh();
		this.health.start();
	}

	private async startFronts(acceptsShared: boolean): Promise<void> {
		const { config, telemetry, env, snapshot } = this;
		const { inbound, services } = snapshot;
		const common = { config, telemetry, env, acceptsShared };
		this.inbound = new Front({
			...common,
			key: 'inbound.listen',
			listen: config.inbound.listen,
			isRaw: config.passthrough || config.app.protocol === 'tcp',
			isHolding: true,
			tls: () => this.security.inbound(),
		});
		this.bound.inbound = (await this.inbound.start(inbound.context, services.app.endpoint)).port;
		this.calls = new CallPorts(common);
		await this.calls.start(snapshot);
		this.bound.outbound = this.calls.outbound;
		this.bound.services = this.calls.services;
	}

	private async startControl(): Promise<void> {
		const { control, telemetry } = this;
		await control.start();
		this.bound.admin = control.admin;
		this.bound.probes = control.probes;
		const { logIntake } = this.config.telemetry;
		if (logIntake !== undefined) {
			await bind('telemetry.logIntake.listen', logIntake.listen, () => telemetry.startIntake());
		}
		for (const each of [control.admin, control.probes, telemetry.intakeAddress]) {
			if (each !== null) this.env.ownListeners.add(each);
		}
	}

	// --- reload --------------------------------------------------------------------------------------------------

	/**
	 * Takes over another version of the file, whole. The issues say what keeps it from that: then nothing has changed.
	 * What is under way ends by the rules that it began with, on the connections that it has. One at a time.
	 */
	async reload(next: Taken, file: string): Promise<readonly Issue[]> {
		const before = this.snapshot;
		const issues = restartIssues(before.taken.config, next.config, next.effectiveConfig, file);
		if (issues.length > 0) return issues;
		const secured = await this.security.prepare(next.config);
		const snapshot = await calmly(buildSnapshot({ ...this.snapshotInput(next), before }));
		// Building took a while. What is closed stays closed.
		if (secured.fault !== '' || this.isStopped) {
			this.security.discard(secured);
			return secured.fault === '' ? [] : [certificateIssue(secured.fault, next.effectiveConfig, file)];
		}
		loopClock.refresh();
		this.security.commit(secured);
		this.takeOver(snapshot, before);
		return [];
	}

	/** Everything at once: nothing here waits. */
	private takeOver(snapshot: Snapshot, before: Snapshot): void {
		const { telemetry } = this;
		const { services, inbound, taken } = snapshot;
		const { config } = taken;
		this.snapshot = snapshot;
		this.rejected = null;
		telemetry.configure(config);
		services.takeOver(before.services, telemetry.metrics);
		this.env.rateLimiters.commit(snapshot.limiters);
		this.inbound?.obey(inbound.context, services.app.endpoint);
		this.calls?.obey(snapshot);
		const isOtherApp = services.app !== before.services.app;
		if (isOtherApp || !isSame(before.taken.config.app.health, config.app.health)) {
			this.health.restart(config, services.app);
		}
		telemetry.metrics.config.accepted(config.hash);
	}

	/** An update could not be taken over: the running file stays, and `/config` shows why. */
	reject({ hash, issues, more }: Omit<Rejected, 'at'>): void {
		this.rejected = { hash, at: new Date(systemClock.wall()).toISOString(), issues, more };
		this.telemetry.metrics.config.rejected();
	}

	/** The file on disk is the running one again. */
	forgetRejected(): void {
		this.rejected = null;
	}

	/** Of the running file. */
	get hash(): string {
		return this.config.hash;
	}

	// --- what the control side shows -----------------------------------------------------------------------------

	/** What `/config` shows. There may be thousands of rules, and requests are being served. */
	private async *configText(): AsyncGenerator<string> {
		const { hash, rejected } = this;
		const { effectiveConfig } = this.snapshot.taken;
		for (const piece of effectiveConfig.text((effective) => ({ hash, effective, rejected }))) {
			yield piece;
			await breathe();
		}
		yield '\n';
	}

	private routesText(): AsyncIterable<string> {
		const { inbound, outbound, taken } = this.snapshot;
		return listPieces(describeRoutes([inbound, outbound], new Masks(taken.masked)));
	}

	private servicesText(): AsyncIterable<string> {
		const { isHealthy, lastReason } = this.health;
		return objectPieces(this.snapshot.services.describe(isHealthy, lastReason, this.bound.services));
	}

	private adminProviders(): AdminProviders {
		const { telemetry } = this;
		return {
			...this.probeProviders(),
			config: () => this.configText(),
			routes: () => this.routesText(),
			services: () => this.servicesText(),
			certs: () => this.security.describe(),
			landing: () => ({
				workload: `${this.config.app.namespace}/${this.config.app.name}`,
				configHash: this.hash,
				ready: this.ready(),
				logLevel: telemetry.logLevel,
			}),
			drain: () => {
				this.drain().catch((error: unknown) => telemetry.log.error({ err: error }, 'drain failed'));
			},
			setLogLevel: (level) => telemetry.setLogLevel(level),
		};
	}

	private probeProviders(): ProbeProviders {
		const { telemetry } = this;
		return {
			live: () => ({ ok: true, reasons: [] }),
			ready: () => this.ready(),
			started: () => this.started(),
			metrics: () => telemetry.metrics.pieces(),
			metricsContentType: telemetry.metricsContentType,
		};
	}

	/** Everything is bound, and this workload can say who it is, if the file has it do that. */
	private started(): Health {
		const reasons = this.isStarted ? [] : ['not all listeners are bound'];
		const { workload } = this.security;
		if (workload !== null && workload.material === null) reasons.push(workload.trouble());
		return { ok: reasons.length === 0, reasons };
	}

	/** Started, and the app is well, and nobody has asked us to stop. */
	ready(): Health {
		const reasons: string[] = [];
		if (!this.isStarted) reasons.push('not all listeners are bound');
		if (this.draining !== null) reasons.push('draining');
		const undiscovered =
			this.isStarted && systemClock.now() < this.discoveryEndsAt ? this.snapshot.services.undiscovered() : [];
		for (const service of undiscovered) reasons.push(`the endpoints of ${service} are not known yet`);
		const trouble = this.security.workload?.trouble() ?? '';
		if (trouble !== '') reasons.push(trouble);
		if (!this.health.isHealthy) reasons.push(`the app is not healthy: ${this.health.lastReason}`);
		return { ok: reasons.length === 0, reasons };
	}

	/** Somebody has seen the app end: asks it now, not at the next interval. */
	suspectApp(): void {
		this.health.suspect();
	}

	// --- the end -------------------------------------------------------------------------------------------------

	/**
	 * Turns unready at once, serves on for `propagationMs` (default: the route file's) so that callers can notice, then
	 * stops accepting requests for the app and lets those it has finish within `shutdown.drain`. Resolves when all have
	 * ended or were ended. The app itself may call others for as long as it runs: see `drainOutbound`.
	 */
	drain(propagationMs = this.config.shutdown.propagation): Promise<void> {
		this.draining ??= this.runDrain(propagationMs);
		return this.draining;
	}

	private async runDrain(propagationMs: number): Promise<void> {
		const { log, timers } = this.telemetry;
		const { drain } = this.config.shutdown;
		log.info({ propagationMs, drainMs: drain }, 'draining');
		await waitUntil(() => !this.health.isHealthy, propagationMs, timers);
		this.drainEndsAt = systemClock.now() + drain;
		if (this.inbound !== null) await drainListener(this.inbound.listener, drain, this.telemetry);
	}

	/**
	 * After `drain`: waits until the app's port has closed, then lets the calls that are under way finish. Takes what is
	 * left of `shutdown.drain` at most.
	 */
	async drainOutbound(): Promise<void> {
		const { calls } = this;
		if (calls === null || calls.isEmpty) return;
		const left = () => this.drainEndsAt - systemClock.now();
		await waitWhile(() => this.health.isListening(), left(), this.telemetry.timers);
		await calls.drain(left());
	}

	/** Closes everything at once. */
	async stop(): Promise<void> {
		this.isStopped = true;
		this.health.stop();
		await Promise.all([this.inbound?.stop(), this.calls?.stop()]);
		this.env.mirrorsUnderWay.cut();
		await this.control.stop();
		this.snapshot.services.close();
		await this.sources.stop();
		await this.security.stop();
		await this.telemetry.close();
		this.telemetry.timers.stop();
	}
}
