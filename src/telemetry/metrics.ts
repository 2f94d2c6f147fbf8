/**
 * All metrics of the sidecar (docs/metrics.md lists them).
 *
 * Theory of operation. A prom-client registry holds every family and is the exposition. What each request touches is
 * kept in typed arrays (`hot-family.ts`), what is rare in prom-client's own classes, and what already has an owner
 * (circuits, pools, the process) is read when somebody scrapes. A scrape is rendered in pieces, and between pieces the
 * event loop serves requests.
 */
import Counter from 'prom-client/lib/counter.js';
import Gauge from 'prom-client/lib/gauge.js';
import Registry from 'prom-client/lib/registry.js';
import type { Clock } from '../clock.ts';
import type { Side } from '../config/config.ts';
import { ERROR_CODES, type ErrorCode } from '../error.ts';
import type { Breathe } from '../ports/control.ts';
import type { Log } from '../ports/log.ts';
import type {
	ConnectionRecorder,
	DiscoveryRecorder,
	EjectionRecorder,
	ExchangeRecord,
	ExchangeRecorder,
	HealthRecorder,
	HealthResult,
	HedgeOutcome,
	HedgeSkipReason,
	RetryReason,
	RetrySkipReason,
	RouteSeries,
} from '../ports/telemetry.ts';
import type { EjectionCause } from '../resilience/outlier-detector.ts';
import { AppMetrics, type AppMetricsSource } from './app-metrics.ts';
import { AuthorizationMetrics } from './authorization-metrics.ts';
import { ConfigMetrics } from './config-metrics.ts';
import { EndpointMetrics, type EndpointView } from './endpoint-metrics.ts';
import { familyHead, labelText, sampleLine } from './exposition-text.ts';
import { HedgeMetrics } from './hedge-metrics.ts';
import { addedLatency, callDurations, localReplies, requestDurations } from './hot-families.ts';
import { type HotCounter, HotFamily, type HotHistogram } from './hot-family.ts';
import { IstioMetrics, type Workload } from './istio-metrics.ts';
import type { PathTemplates } from './path-templates.ts';
import { type ProcessFacts, ProcessMetrics } from './process-metrics.ts';
import { ReadFamily } from './read-family.ts';
import { RequestSeries, TemplatedRoute } from './request-series.ts';
import { type CircuitView, type PoolReader, ServiceMetrics } from './service-metrics.ts';
import { TlsMetrics } from './tls-metrics.ts';

/** What the route file says about metrics; may change with every reload. */
export interface MetricsSettings {
	readonly maxSeries: number;
	readonly istio: boolean;
	/** `null` without `mergeApp`. */
	readonly app: AppMetricsSource | null;
}

export interface MetricsOptions {
	readonly workload: Workload;
	readonly settings: MetricsSettings;
	readonly clock: Clock;
	readonly breathe: Breathe;
	readonly log: Log;
	/** `null` leaves the process metrics out. */
	readonly process: ProcessFacts | null;
}

const MILLIS_PER_SECOND = 1000;
/** Rendered in one piece of text: a tenth of a millisecond. */
const SERIES_A_PIECE = 100;

export class Metrics
	implements ExchangeRecorder, ConnectionRecorder, EjectionRecorder, DiscoveryRecorder, HealthRecorder
{
	static readonly contentType = Registry.PROMETHEUS_CONTENT_TYPE;
	readonly config: ConfigMetrics;
	private readonly options: MetricsOptions;
	private readonly registry = new Registry();
	private readonly durations: HotHistogram;
	private readonly clientDurations: HotHistogram;
	private readonly added: HotHistogram;
	private readonly addedSlot: number;
	private readonly localReplies: HotCounter;
	private readonly localReplySlots = new Map<ErrorCode, number>();
	private readonly requests: RequestSeries;
	private readonly calls: RequestSeries;
	private readonly services: ServiceMetrics;
	private readonly hedges: HedgeMetrics;
	readonly tls: TlsMetrics;
	private readonly authorization: AuthorizationMetrics;
	private readonly endpoints: EndpointMetrics;
	private readonly process: ProcessMetrics | null;
	private readonly logDrops = new Map<string, () => number>();
	private istio: IstioMetrics | null = null;
	private app: AppMetrics | null = null;
	/** Inbound ones. */
	private active = 0;

	constructor(options: MetricsOptions) {
		const { registry } = this;
		this.options = options;
		this.durations = requestDurations(options.settings.maxSeries);
		this.clientDurations = callDurations(options.settings.maxSeries);
		this.added = addedLatency();
		this.addedSlot = this.added.intern({});
		this.localReplies = localReplies();
		for (const code of Object.keys(ERROR_CODES) as ErrorCode[]) {
			this.localReplySlots.set(code, this.localReplies.intern({ code }));
		}
		for (const family of [this.durations, this.clientDurations, this.added, this.localReplies])
			family.register(registry);
		this.requests = new RequestSeries(this.durations);
		this.calls = new RequestSeries(this.clientDurations);
		this.registerGauges();
		this.services = new ServiceMetrics(registry);
		this.hedges = new HedgeMetrics(registry);
		this.tls = new TlsMetrics(registry);
		this.authorization = new AuthorizationMetrics(registry, options.settings.maxSeries);
		this.endpoints = new EndpointMetrics(registry, options.settings.maxSeries);
		this.config = new ConfigMetrics(registry, options.clock);
		this.process =
			options.process === null ? null : new ProcessMetrics(registry, options.process, options.clock, options.breathe);
		this.configure(options.settings);
	}

	/** Takes over what a reload has changed. Series and counts live on. */
	configure(settings: MetricsSettings): void {
		this.durations.maxSeries = settings.maxSeries;
		this.clientDurations.maxSeries = settings.maxSeries;
		this.endpoints.maxSeries = settings.maxSeries;
		this.authorization.family.maxSeries = settings.maxSeries;
		this.configureIstio(settings);
		this.configureApp(settings);
	}

	/**
	 * Binds the series of a route. With `templates` its label may become a path template: for rules that the file gives no
	 * name, and for `''`, the requests that no rule matches.
	 */
	routeSeries(side: Side, route: string, templates: PathTemplates | null = null): RouteSeries {
		const bound = (side === 'inbound' ? this.requests : this.calls).bind(route);
		return templates === null ? bound : new TemplatedRoute(bound, templates);
	}

	began(side: Side): void {
		if (side === 'inbound') this.active++;
	}

	ended(record: ExchangeRecord): void {
		const seconds = record.durationMs / MILLIS_PER_SECOND;
		if (record.side === 'inbound') {
			this.active--;
			this.durations.observe(this.requests.slotOf(record.series, record), seconds);
			if (this.istio !== null) this.istio.ended(record);
		} else this.clientDurations.observe(this.calls.slotOf(record.series, record), seconds);
		this.added.observe(this.addedSlot, record.addedMs / MILLIS_PER_SECOND);
		if (record.isLocalReply && record.errorCode !== '') this.refused(record.errorCode);
		if (record.deniedBy === '' && record.wouldBeDeniedBy === '') return;
		this.authorization.ended(record, (record.side === 'inbound' ? this.requests : this.calls).routeOf(record));
	}

	connectionDenied(side: Side, isDryRun: boolean): void {
		this.authorization.denied(side, '', isDryRun);
	}

	refused(code: ErrorCode): void {
		this.localReplies.add(this.localReplySlots.get(code) ?? 0, 1);
	}

	retried(service: string, reason: RetryReason): void {
		this.services.retried(service, reason);
	}

	retrySkipped(reason: RetrySkipReason): void {
		this.services.retrySkipped(reason);
	}

	hedged(service: string, outcome: HedgeOutcome): void {
		this.hedges.hedged(service, outcome);
	}

	hedgeSkipped(reason: HedgeSkipReason): void {
		this.hedges.hedgeSkipped(reason);
	}

	mirrored(service: string, outcome: 'ok' | ErrorCode): void {
		this.services.mirrored(service, outcome);
	}

	connected(service: string, seconds: number): void {
		this.services.connected(service, seconds);
	}

	connectFailed(service: string): void {
		this.services.connectFailed(service);
	}

	discovered(service: string, result: 'ok' | 'failed'): void {
		this.services.discovered(service, result);
	}

	ejected(service: string, reason: EjectionCause): void {
		this.endpoints.ejected(service, reason);
	}

	ejectionSkipped(service: string, reason: 'cap'): void {
		this.endpoints.ejectionSkipped(service, reason);
	}

	healthChecked(service: string, result: HealthResult): void {
		this.services.healthChecked(service, result);
	}

	/** No endpoint of the service is well, so that all are used; or some are again. */
	panicked(service: string, isPanicking: boolean): void {
		this.endpoints.panicked(service, isPanicking);
	}

	/** A circuit breaker of `resilience/` fits as it is; `null`: the service has none. */
	watchCircuit(service: string, view: CircuitView | null): void {
		this.services.watchCircuit(service, view);
	}

	watchPool(service: string, read: PoolReader): void {
		this.services.watchPool(service, read);
	}

	/** `read`: all endpoints of the service as they are now. */
	watchEndpoints(service: string, read: () => Iterable<EndpointView>): void {
		this.endpoints.watch(service, read);
	}

	unwatch(service: string): void {
		this.services.unwatch(service);
		this.endpoints.unwatch(service);
	}

	/** `read`: lines that the stream has lost so far. */
	watchLogDrops(stream: string, read: () => number): void {
		this.logDrops.set(stream, read);
	}

	/** Names, types and labels of everything registered: what docs/metrics.md must list. */
	families(): { readonly name: string; readonly type: string; readonly labels: readonly string[] }[] {
		return this.registry.getMetricsAsArray().map((metric) => {
			const { name, type, labelNames } = metric as unknown as { name: string; type: string; labelNames: string[] };
			return { name, type, labels: [...labelNames] };
		});
	}

	/** The exposition, whole. */
	async text(): Promise<string> {
		let text = '';
		for await (const piece of this.pieces()) text += piece;
		return text;
	}

	/** The exposition in pieces, the event loop running between them. */
	async *pieces(): AsyncGenerator<string> {
		const { app } = this;
		const appText = app === null ? null : await app.read();
		await this.process?.refresh();
		for (const metric of this.registry.getMetricsAsArray() as readonly unknown[]) {
			const isOurs = metric instanceof HotFamily || metric instanceof ReadFamily;
			for (const piece of isOurs ? metric.pieces() : promClientPieces(await (metric as Gauge).get())) {
				if (piece !== '') yield piece;
				await this.options.breathe();
			}
		}
		if (app !== null && appText !== null) yield* app.pieces(appText, this.sampleNames(), this.options.breathe);
	}

	async close(): Promise<void> {
		await this.app?.close();
	}

	/** Every sample name that our families use, with its family. */
	private sampleNames(): Map<string, string> {
		const names = new Map<string, string>();
		for (const { name, type } of this.families()) {
			names.set(name, name);
			if (type !== 'histogram') continue;
			for (const suffix of ['_bucket', '_sum', '_count']) names.set(`${name}${suffix}`, name);
		}
		return names;
	}

	private configureIstio({ istio, maxSeries }: MetricsSettings): void {
		if (istio && this.istio === null) {
			this.istio = new IstioMetrics(this.options.workload, maxSeries, () => this.tls.ownId);
			this.istio.register(this.registry);
		} else if (istio) {
			for (const family of this.istio?.families ?? []) family.maxSeries = maxSeries;
		} else if (this.istio !== null) {
			for (const { name } of this.istio.families) this.registry.removeSingleMetric(name);
			this.istio = null;
		}
	}

	private configureApp({ app }: MetricsSettings): void {
		const before = this.app?.source;
		if (before?.origin === app?.origin && before?.socket === app?.socket && before?.path === app?.path) return;
		this.app?.close().catch(() => undefined); // nothing waits for the old one
		this.app = app === null ? null : new AppMetrics(app, this.registry, this.options.log);
	}

	private registerGauges(): void {
		const registers = [this.registry];
		const read = { active: () => this.active, dropped: () => this.droppedByFamily(), logDrops: this.logDrops };
		new Gauge({
			name: 'http_server_active_requests',
			help: 'Requests to the app being served.',
			registers,
			collect() {
				this.set(read.active());
			},
		});
		new Counter({
			name: 'outrigger_series_dropped_total',
			help: 'Observations counted under __other__ because their metric had reached maxSeries.',
			labelNames: ['metric'],
			registers,
			collect() {
				this.reset();
				for (const [metric, count] of read.dropped()) this.inc({ metric }, count);
			},
		});
		new Counter({
			name: 'outrigger_log_lines_dropped_total',
			help: 'Log lines lost because whoever reads the stream was too slow.',
			labelNames: ['stream'],
			registers,
			collect() {
				this.reset();
				for (const [stream, count] of read.logDrops) this.inc({ stream }, count());
			},
		});
	}

	/** Of the families whose number of series depends on traffic, or on how many endpoints there are. */
	private droppedByFamily(): [string, number][] {
		const families = [
			this.durations,
			this.clientDurations,
			this.endpoints,
			this.authorization.family,
			...(this.istio?.families ?? []),
		];
		return families.map((family) => [family.name, family.dropped]);
	}
}

/** Of a counter or a gauge of prom-client, whose own way is one text however many series there are. */
function* promClientPieces({ name, help, type, values }: Awaited<ReturnType<Gauge['get']>>): Generator<string> {
	// Its types say a number; at run time it is the word.
	let piece = familyHead(name, help, String(type));
	for (const [index, { labels, value }] of values.entries()) {
		const names = Object.keys(labels);
		const labelValues = Object.values(labels).map(String);
		piece += sampleLine(name, labelText(names, labelValues), value);
		if (index % SERIES_A_PIECE !== SERIES_A_PIECE - 1) continue;
		yield piece;
		piece = '';
	}
	if (piece !== '') yield piece;
}
