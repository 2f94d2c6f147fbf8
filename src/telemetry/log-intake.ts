/**
 * Takes logs that the app posts (`telemetry.logIntake`) and writes them to the sidecar's log stream.
 *
 * Theory of operation. A request is judged whole before anything is written: either all of its records come out or
 * none, and the reply says why. What the app sent stands under `record`, so that no field of it can pass for one of
 * ours. Everything is bounded: bodies, records, depth, requests at once, records a second; a flood costs the app its
 * own logs, never the requests that the sidecar serves.
 */
import type { Clock } from '../clock.ts';
import type {
	BoundAddress,
	Breathe,
	ControlHandler,
	ControlReply,
	ControlRequest,
	ControlServer,
} from '../ports/control.ts';
import { workloadJson } from './access-log.ts';
import type { Workload } from './istio-metrics.ts';
import { type JsonRecord, splitRecords } from './json-records.ts';
import { jsonString, jsonTime } from './json-text.ts';
import type { LineWriter } from './log-stream.ts';

export interface LogIntakeOptions {
	readonly path: string;
	readonly workload: Workload;
	readonly stream: LineWriter;
	readonly clock: Clock;
	readonly breathe: Breathe;
	/** Makes the server that calls the handler: `(handler) => new HttpControlServer({listen, handler, log})`. */
	readonly serve: (handler: ControlHandler) => ControlServer;
	readonly limits?: Partial<LogIntakeLimits>;
}

export interface LogIntakeLimits {
	readonly bodyBytes: number;
	/** In one request. */
	readonly records: number;
	/** Levels of nesting. */
	readonly depth: number;
	/** Requests at once. */
	readonly concurrency: number;
	/** Over all requests; a second's worth of burst. */
	readonly recordsPerSecond: number;
}

/** An app's log handler sends a line or a small batch at a time; these leave it room and keep us small. */
const LIMITS: LogIntakeLimits = {
	bodyBytes: 1024 * 1024,
	records: 1000,
	depth: 32,
	concurrency: 16,
	recordsPerSecond: 5000,
};
/** Records written before the event loop has its turn: about a millisecond. */
const RECORDS_PER_TURN = 100;
const MILLIS_PER_SECOND = 1000;
const STATUS = {
	noContent: 204,
	bad: 400,
	forbidden: 403,
	notFound: 404,
	method: 405,
	large: 413,
	rate: 429,
	busy: 503,
};
const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(?:-|$)/;

export class LogIntake implements ControlServer {
	/** Requests that were refused for their number or rate. */
	refused = 0;
	private readonly options: LogIntakeOptions;
	private readonly limits: LogIntakeLimits;
	private readonly server: ControlServer;
	private readonly linePrefix: string;
	private running = 0;
	private tokens: number;
	private tokensAt: number;

	constructor(options: LogIntakeOptions) {
		this.options = options;
		this.limits = { ...LIMITS, ...options.limits };
		this.tokens = this.limits.recordsPerSecond;
		this.tokensAt = options.clock.now();
		this.linePrefix = `,"kind":"app","workload":${workloadJson(options.workload)}`;
		this.server = options.serve((request) => this.handle(request));
	}

	start(): Promise<BoundAddress> {
		return this.server.start();
	}

	stop(): Promise<void> {
		return this.server.stop();
	}

	private handle(request: ControlRequest): ControlReply | Promise<ControlReply> {
		// No app sends an Origin, every browser does: no web page may write our log.
		if (request.header('origin') !== '') return refusal(STATUS.forbidden, 'requests of web pages are not taken');
		if (request.path !== this.options.path) return refusal(STATUS.notFound, `logs go to ${this.options.path}`);
		if (request.method !== 'POST') return refusal(STATUS.method, 'logs are sent with POST', { allow: 'POST' });
		if (this.running >= this.limits.concurrency) {
			this.refused++;
			return refusal(STATUS.busy, 'too many requests at once', { 'retry-after': '1' });
		}
		return this.take(request);
	}

	private async take(request: ControlRequest): Promise<ControlReply> {
		this.running++;
		try {
			const { bodyBytes, recordsPerSecond } = this.limits;
			const body = await request.body(bodyBytes);
			if (body === null) return refusal(STATUS.large, `the body is over ${bodyBytes} bytes`);
			const result = splitRecords(new TextDecoder().decode(body), this.limits);
			if (!result.ok) return refusal(result.isTooMany === true ? STATUS.large : STATUS.bad, result.reason);
			if (!this.tryTake(result.records.length)) {
				this.refused++;
				return refusal(STATUS.rate, `over ${recordsPerSecond} records a second`, { 'retry-after': '1' });
			}
			await this.write(result.records, request.header('traceparent'));
			return { status: STATUS.noContent, body: '' };
		} finally {
			this.running--;
		}
	}

	private async write(records: readonly JsonRecord[], traceparent: string): Promise<void> {
		const posted = TRACEPARENT.exec(traceparent);
		for (const [index, { text, fields }] of records.entries()) {
			if (index > 0 && index % RECORDS_PER_TURN === 0) await this.options.breathe();
			const trace = posted ?? TRACEPARENT.exec(textField(fields, 'traceparent', 'traceparent'));
			const traceId = trace?.[1] ?? hexField(textField(fields, 'trace_id', 'traceId'), 32);
			const spanId = trace?.[2] ?? hexField(textField(fields, 'span_id', 'spanId'), 16);
			this.options.stream.write(
				`{"time":${jsonTime(this.options.clock.wall())}${this.linePrefix}` +
					`,"trace_id":${jsonString(traceId)},"span_id":${jsonString(spanId)},"record":${text}}\n`,
			);
		}
	}

	/** Token bucket over the records of all requests. */
	private tryTake(records: number): boolean {
		const { recordsPerSecond } = this.limits;
		const now = this.options.clock.now();
		const refill = ((now - this.tokensAt) / MILLIS_PER_SECOND) * recordsPerSecond;
		this.tokens = Math.min(recordsPerSecond, this.tokens + refill);
		this.tokensAt = now;
		if (records > this.tokens) return false;
		this.tokens -= records;
		return true;
	}
}

function textField(fields: Readonly<Record<string, unknown>>, snake: string, camel: string): string {
	const value = fields[snake] ?? fields[camel];
	return typeof value === 'string' ? value : '';
}

/** The value when it is an id of so many hex digits, else `''`. */
function hexField(value: string, digits: number): string {
	return value.length === digits && /^[0-9a-f]+$/.test(value) ? value : '';
}

function refusal(status: number, detail: string, headers?: Record<string, string>): ControlReply {
	return {
		status,
		headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
		body: `${JSON.stringify({ error: 'log_not_taken', detail })}\n`,
	};
}
