/** Joins what watches the traffic: log streams, own log, metrics, access log, log intake. */
import { HttpControlServer } from '../admin/control-server.ts';
import type { AppConfig, Config, Rule, Side } from '../config/config.ts';
import { breathe } from '../io/breathe.ts';
import { loopTimer } from '../io/loop-clock.ts';
import { systemClock, systemRandom } from '../io/system.ts';
import { TimerWheel } from '../io/timer-wheel.ts';
import type { BoundAddress, ControlServer } from '../ports/control.ts';
import type { Log } from '../ports/log.ts';
import type { ExchangeRecorder, RouteSeries } from '../ports/telemetry.ts';
import { AccessLog, type AccessLogSettings } from '../telemetry/access-log.ts';
import type { AppMetricsSource } from '../telemetry/app-metrics.ts';
import type { Workload } from '../telemetry/istio-metrics.ts';
import { LogIntake } from '../telemetry/log-intake.ts';
import { type LogDestination, LogStream } from '../telemetry/log-stream.ts';
import { Metrics, type MetricsSettings } from '../telemetry/metrics.ts';
import { isLogLevel, OwnLog } from '../telemetry/own-log.ts';
import { PathTemplates } from '../telemetry/path-templates.ts';
import type { ProcessFacts } from '../telemetry/process-metrics.ts';
import { RecentHeads } from '../telemetry/recent-heads.ts';
import { Recorder } from '../telemetry/recorder.ts';

/** Deadlines here are tens of milliseconds and up. */
const TIMER_RESOLUTION_MS = 10;

export interface TelemetryOptions {
	readonly config: Config;
	readonly process: ProcessFacts;
	/** The own log goes to a terminal. */
	readonly isHuman: boolean;
}

export class Telemetry {
	readonly timers = new TimerWheel(systemClock, TIMER_RESOLUTION_MS, loopTimer());
	readonly log: Log;
	readonly metrics: Metrics;
	readonly recorder: ExchangeRecorder;
	readonly recent: RecentHeads = new RecentHeads();
	readonly metricsContentType = Metrics.contentType;
	intakeAddress: BoundAddress | null = null;
	private readonly config: Config;
	private readonly ownLog: OwnLog;
	private readonly ownStream: LogStream;
	private readonly accessStream: LogStream;
	private readonly accessLog: AccessLog;
	private intake: ControlServer | null = null;

	constructor({ config, process, isHuman }: TelemetryOptions) {
		const { app, telemetry } = config;
		const workload = workloadOf(app);
		this.config = config;
		this.ownStream = new LogStream({ destination: 'stderr', timers: this.timers });
		this.ownLog = new OwnLog({ level: 'info', stream: this.ownStream, isHuman });
		this.log = this.ownLog;
		this.accessStream = new LogStream({
			destination: destinationOf(telemetry.accessLog.file),
			timers: this.timers,
			onTrouble: (reason) => this.log.error({ reason }, 'the access log cannot be written'),
		});
		this.metrics = new Metrics({
			workload,
			settings: metricsSettings(config),
			clock: systemClock,
			breathe,
			log: this.log,
			process,
		});
		this.metrics.config.started(config.hash);
		this.metrics.watchLogDrops('access', () => this.accessStream.dropped);
		this.metrics.watchLogDrops('own', () => this.ownStream.dropped);
		this.accessLog = new AccessLog({
			workload,
			settings: accessLogSettings(config),
			stream: this.accessStream,
			random: systemRandom,
		});
		this.recorder = new Recorder(this.metrics, this.accessLog, this.recent);
	}

	/** Takes over what a reload has changed. What is bound or opened stays as it is. */
	configure(config: Config): void {
		this.metrics.configure(metricsSettings(config));
		this.accessLog.configure(accessLogSettings(config), this.accessStream);
	}

	/** Binds the series of rules by the path templates of their file, which need not be in force yet. */
	routeBinder(side: Side, { telemetry }: Config): (rule: Rule) => RouteSeries {
		const { pathTemplates } = telemetry.metrics;
		const templates = pathTemplates.length > 0 ? new PathTemplates(pathTemplates) : null;
		return (rule) => this.metrics.routeSeries(side, rule.name, rule.isNamed ? null : templates);
	}

	get logLevel(): string {
		return this.ownLog.level;
	}

	/** False when there is no such level. */
	setLogLevel(level: string): boolean {
		if (!isLogLevel(level)) return false;
		this.ownLog.level = level;
		return true;
	}

	/** Binds the log intake where the file asks for one. */
	async startIntake(): Promise<void> {
		const { app, telemetry } = this.config;
		const { logIntake } = telemetry;
		if (logIntake === undefined) return;
		this.intake = new LogIntake({
			path: logIntake.path,
			workload: workloadOf(app),
			stream: this.accessStream,
			clock: systemClock,
			breathe,
			serve: (handler) => new HttpControlServer({ listen: logIntake.listen, handler, log: this.log }),
		});
		this.intakeAddress = await this.intake.start();
	}

	/** Last lines out, then silence. */
	async close(): Promise<void> {
		await this.intake?.stop();
		await this.metrics.close();
		await this.accessStream.close();
		await this.ownStream.close();
	}
}

function workloadOf({ name, namespace, version }: AppConfig): Workload {
	return { name, namespace, version: version ?? '' };
}

function destinationOf(file: string): LogDestination {
	return file === 'stdout' || file === 'stderr' ? file : { file };
}

function accessLogSettings({ telemetry, hash }: Config): AccessLogSettings {
	return { ...telemetry.accessLog, redact: telemetry.redact, configHash: hash };
}

function metricsSettings(config: Config): MetricsSettings {
	const { maxSeries, istio } = config.telemetry.metrics;
	return { maxSeries, istio, app: metricsOfApp(config) };
}

function metricsOfApp({ app, telemetry }: Config): AppMetricsSource | null {
	const { mergeApp } = telemetry.metrics;
	if (mergeApp === '') return null;
	return { origin: `http://127.0.0.1:${app.port ?? 80}`, socket: app.socket ?? '', path: mergeApp };
}
