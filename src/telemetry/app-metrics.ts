/**
 * Fetches the app's own metrics at scrape (`telemetry.metrics.mergeApp`).
 *
 * undici and opossum are loaded at the first scrape that wants them. The breaker keeps an app that hangs from holding
 * every scrape for the whole timeout: after a few failures we answer at once without it and try again later.
 */
import type CircuitBreaker from 'opossum';
import Counter from 'prom-client/lib/counter.js';
import Gauge from 'prom-client/lib/gauge.js';
import type Registry from 'prom-client/lib/registry.js';
import type { Client } from 'undici';
import type { Breathe } from '../ports/control.ts';
import type { Log } from '../ports/log.ts';
import { AppExposition } from './app-exposition.ts';

/** Where the app listens and what to ask it for. */
export interface AppMetricsSource {
	/** `http://127.0.0.1:8080`. */
	readonly origin: string;
	/** Path of the app's unix socket; `''` when it has a port. */
	readonly socket: string;
	/** `/metrics`. */
	readonly path: string;
	/** Milliseconds for the whole answer. */
	readonly timeoutMs?: number;
}

/** Well below Prometheus' usual scrape timeout of 10 s, so that ours still arrive. */
const FETCH_TIMEOUT_MS = 2000;
/** Prometheus' own usual bound for one target is 10 MiB and more; a larger text would cost us our memory. */
const MAX_BYTES = 10 * 1024 * 1024;
/** Failures within the window before the breaker opens: one slow scrape is no reason. */
const BREAKER_VOLUME = 3;
const BREAKER_ERROR_PERCENTAGE = 50;
const BREAKER_WINDOW_MS = 60_000;
const BREAKER_RESET_MS = 15_000;
const ACCEPT = 'text/plain;version=0.0.4,*/*;q=0.1';
/** HTML of a catch-all route is no exposition. */
const TEXT_TYPES = /^(?:text\/plain|application\/openmetrics-text)\b/i;
const STATUS_OK = 200;
/** The text is looked through in pieces of about this many bytes: a millisecond of work. */
const PIECE_BYTES = 64 * 1024;
const LINE_FEED = 10;
const UP = 'outrigger_app_metrics_up';
const CLASHES = 'outrigger_app_metrics_clashes_total';

export class AppMetrics {
	readonly source: AppMetricsSource;
	private readonly registry: Registry;
	private readonly log: Log;
	private readonly up: Gauge;
	private readonly clashes: Counter<'metric'>;
	private opened: Promise<{ readonly client: Client; readonly breaker: CircuitBreaker<[], Buffer> }> | null = null;

	constructor(source: AppMetricsSource, registry: Registry, log: Log) {
		this.source = source;
		this.registry = registry;
		this.log = log;
		const registers = [registry];
		this.up = new Gauge({ name: UP, help: 'Whether the metrics of the app could be read at this scrape.', registers });
		this.clashes = new Counter({
			name: CLASHES,
			help: 'Families of the app left out of a scrape because one of ours has the same name.',
			labelNames: ['metric'],
			registers,
		});
	}

	/** The app's exposition text as bytes; `null` when it could not be had. */
	async read(): Promise<Buffer | null> {
		try {
			this.opened ??= this.open();
			const { breaker } = await this.opened;
			const text = await breaker.fire();
			this.up.set(1);
			return text;
		} catch (error) {
			this.up.set(0);
			const reason = error instanceof Error ? error.message : String(error);
			this.log.debug({ path: this.source.path, reason }, 'the metrics of the app could not be read');
			return null;
		}
	}

	/** What of the app's text may follow ours. `ours`: our sample names with their families. */
	async *pieces(text: Buffer, ours: ReadonlyMap<string, string>, breathe: Breathe): AsyncGenerator<string> {
		const exposition = new AppExposition(ours);
		let at = 0;
		while (at < text.length) {
			const lineEnd = text.indexOf(LINE_FEED, at + PIECE_BYTES);
			const end = lineEnd === -1 ? text.length : lineEnd + 1;
			const piece = exposition.pass(text.toString('utf8', at, end));
			if (piece !== '') yield piece;
			at = end;
			await breathe();
		}
		for (const metric of exposition.clashes) this.clashes.inc({ metric });
		if (exposition.clashes.size === 0 && exposition.malformed === 0) return;
		const fields = { clashes: [...exposition.clashes], malformedLines: exposition.malformed };
		this.log.debug(fields, 'metrics of the app were left out');
	}

	/** Also takes its own metrics out of the registry. */
	async close(): Promise<void> {
		for (const name of [UP, CLASHES]) this.registry.removeSingleMetric(name);
		if (this.opened === null) return;
		const { client, breaker } = await this.opened;
		breaker.shutdown();
		await client.destroy();
	}

	private async open() {
		// Of packages in CommonJS, the bundle's chunks have a default export and no names.
		const [{ default: undici }, { default: Breaker }] = await Promise.all([import('undici'), import('opossum')]);
		const { origin, socket, path, timeoutMs } = this.source;
		const client = new undici.Client(origin, {
			maxResponseSize: MAX_BYTES,
			...(socket === '' ? {} : { socketPath: socket }),
		});
		const fetchOnce = async (): Promise<Buffer> => {
			const signal = AbortSignal.timeout(timeoutMs ?? FETCH_TIMEOUT_MS);
			const response = await client.request({ method: 'GET', path, headers: { accept: ACCEPT }, signal });
			const type = String(response.headers['content-type'] ?? '');
			if (response.statusCode !== STATUS_OK || !TEXT_TYPES.test(type)) {
				await response.body.dump();
				throw new Error(`answered ${response.statusCode} ${type}`);
			}
			return Buffer.from(await response.body.arrayBuffer());
		};
		const breaker = new Breaker(fetchOnce, {
			timeout: false,
			rollingPercentilesEnabled: false,
			enableSnapshots: false,
			volumeThreshold: BREAKER_VOLUME,
			errorThresholdPercentage: BREAKER_ERROR_PERCENTAGE,
			rollingCountTimeout: BREAKER_WINDOW_MS,
			resetTimeout: BREAKER_RESET_MS,
		});
		return { client, breaker };
	}
}
