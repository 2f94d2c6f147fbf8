/**
 * Asks the app whether it is well: that its port accepts, or that a path answers 2xx. It calls over the same dialer and
 * codec as traffic does, one connection a check.
 *
 * Theory of operation. Checks never overlap. While the app is not known to be well they come quickly, so that readiness
 * and recovery are noticed at once; afterwards at the route file's interval. `suspect` (a request could not connect, or
 * failures have opened the circuit) brings the next check forward, and while there is doubt they stay quick: an app that
 * was away for less than an interval is seen to be away and to come back, which is what lets traffic through again.
 */
import type net from 'node:net';
import { TimerEntry, type Timers } from '../clock.ts';
import type { ProxyError } from '../error.ts';
import { RequestHead, type ResponseHead } from '../http/head.ts';
import type { HeaderList } from '../http/header-list.ts';
import { DEFAULT_HEAD_LIMITS } from '../http1/limits.ts';
import type { UpstreamSink } from '../ports/stream.ts';
import type { DialedReader, Dialer, DialOutcome } from './dial.ts';
import { type ConnectionKeeper, Http1Upstream } from './http1-upstream.ts';

/** While the app is not well, or may not be. */
const EAGER_MS = 20;
/** A check over HTTP must be answered within this; as the default of Envoy's and Kubernetes' probes. */
const ANSWER_MS = 1000;

export interface HealthOptions {
	readonly dialer: Dialer;
	readonly timers: Timers;
	/** `null`: the port accepts. */
	readonly path: string | null;
	readonly authority: string;
	/** Milliseconds between checks while the app is well. */
	readonly intervalMs: number;
	/** Traffic is being held back for its failures: whatever the last check said, look closely. */
	isDoubtful(): boolean;
	/** Called on each change; the first answer counts as one. */
	onChange(isHealthy: boolean, reason: string): void;
}

const NO_POOL: ConnectionKeeper = {
	onReusable: (connection) => connection.destroy(),
	onGone: noop,
	onIdleClose: noop,
	onKeepAliveHint: noop,
};

export class HealthCheck extends TimerEntry {
	private readonly options: HealthOptions;
	private isHealthy = false;
	private hasAnswered = false;
	private probe: Probe | null = null;
	private isStopped = false;
	/** What the last failed check saw. */
	lastReason = 'not checked yet';

	constructor(options: HealthOptions) {
		super();
		this.options = options;
	}

	start(): void {
		this.isStopped = false;
		this.check();
	}

	stop(): void {
		this.isStopped = true;
		this.options.timers.disarm(this);
		this.probe?.cancel();
		this.probe = null;
	}

	/** Traffic could not reach the app, or failed too often: look now. */
	suspect(): void {
		if (this.isStopped || this.probe !== null || !this.isHealthy) return;
		this.options.timers.disarm(this);
		this.check();
	}

	override onTimer(): void {
		this.check();
	}

	private check(): void {
		this.probe = new Probe(this.options, (failure) => this.settled(failure));
	}

	private settled(failure: string | null): void {
		this.probe = null;
		if (this.isStopped) return;
		const isHealthy = failure === null;
		const { timers, intervalMs, isDoubtful } = this.options;
		timers.arm(this, isHealthy && !isDoubtful() ? intervalMs : EAGER_MS);
		if (failure !== null) this.lastReason = failure;
		if (this.hasAnswered && isHealthy === this.isHealthy) return;
		this.hasAnswered = true;
		this.isHealthy = isHealthy;
		this.options.onChange(isHealthy, failure ?? '');
	}
}

/** One check. Reports once: `null` when all is well, else what was seen. */
class Probe extends TimerEntry implements DialOutcome, UpstreamSink {
	private readonly options: HealthOptions;
	private readonly report: (failure: string | null) => void;
	private connection: Http1Upstream | null = null;
	private isOver = false;

	constructor(options: HealthOptions, report: (failure: string | null) => void) {
		super();
		this.options = options;
		this.report = report;
		options.dialer.dial(this);
	}

	onDialed(socket: net.Socket, address: string): DialedReader {
		const connection = new Http1Upstream(socket, address, NO_POOL, DEFAULT_HEAD_LIMITS);
		this.connection = connection;
		const { path } = this.options;
		if (this.isOver) connection.destroy();
		else if (path === null) this.end(null);
		else this.ask(connection, path);
		return connection;
	}

	private ask(connection: Http1Upstream, path: string): void {
		const head = new RequestHead();
		head.method = 'GET';
		head.path = path;
		head.authority = this.options.authority;
		head.headers.append('user-agent', 'outrigger-health');
		this.options.timers.arm(this, ANSWER_MS);
		connection.head(head, this);
		connection.end(null);
	}

	onDialFailed(error: ProxyError): void {
		this.end(error.detail);
	}

	onHead(head: ResponseHead): void {
		this.end(head.status >= 200 && head.status < 300 ? null : `${this.options.path} answered ${head.status}`);
	}

	onReset(error: ProxyError): void {
		this.end(error.detail);
	}

	override onTimer(): void {
		this.end(`${this.options.path} did not answer within ${ANSWER_MS} ms`);
	}

	cancel(): void {
		this.isOver = true;
		this.options.timers.disarm(this);
		this.connection?.destroy();
	}

	private end(failure: string | null): void {
		if (this.isOver) return;
		this.cancel();
		this.report(failure);
	}

	onInformational(): void {
		// The final answer is still to come.
	}
	onData(): void {
		// Only the status counts.
	}
	onEnd(_trailers: HeaderList | null): void {
		// The head has said it all.
	}
	onDrain(): void {
		// The request is one small head.
	}
	onFlush(): void {
		// Nothing is passed on.
	}
}

function noop(): void {
	// A probe's connection belongs to no pool.
}
