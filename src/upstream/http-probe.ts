/**
 * Asks a path over the same dialer and codec as traffic. The status decides, once the answer has come whole: one that
 * breaks off is no answer.
 *
 * Theory of operation. Each question is an object of its own, since a dial cannot be taken back and its outcome may come
 * when nobody waits for it any more. With `keepsConnection` the connection rests here until the next question. When it
 * turns out to be dead then, before a byte of the answer, the question is asked once more on a fresh one: that the endpoint
 * closed an idle connection says nothing of its health.
 */
import type net from 'node:net';
import type { ProxyError } from '../error.ts';
import { RequestHead, type ResponseHead } from '../http/head.ts';
import { DEFAULT_HEAD_LIMITS } from '../http1/limits.ts';
import type { UpstreamSink } from '../ports/stream.ts';
import type { DialedReader, Dialer, DialOutcome } from './dial.ts';
import { type ConnectionKeeper, Http1Upstream } from './http1-upstream.ts';
import { PROBE_USER_AGENT, type Probe, type ProbeListener } from './probe.ts';

/** Bytes of an answer that are read so that its connection can be used again; a longer one has answered by its status. */
const MAX_BODY_BYTES = 64 * 1024;

export interface HttpProbeOptions {
	readonly dialer: Dialer;
	/** Path and query. */
	readonly path: string;
	/** Value of `Host`. */
	readonly authority: string;
	/** Lowest and highest status that is well. */
	readonly from: number;
	readonly to: number;
	/** Whether a connection carries more than one question. */
	readonly keepsConnection: boolean;
}

export class HttpProbe implements Probe, ConnectionKeeper {
	readonly options: HttpProbeOptions;
	private question: HttpQuestion | null = null;
	private kept: Http1Upstream | null = null;
	private isClosed = false;

	constructor(options: HttpProbeOptions) {
		this.options = options;
	}

	ask(listener: ProbeListener): void {
		this.question = new HttpQuestion(this, listener);
		if (this.kept === null) this.options.dialer.dial(this.question);
		else this.question.send(this.kept);
	}

	cancel(): string {
		return this.question?.cancel() ?? 'no answer';
	}

	close(): void {
		this.isClosed = true;
		this.cancel();
		this.kept?.destroy();
	}

	onReusable(connection: Http1Upstream): void {
		if (this.isClosed || !this.options.keepsConnection) connection.destroy();
		else this.kept = connection;
	}

	onGone(connection: Http1Upstream): void {
		if (this.kept === connection) this.kept = null;
	}

	onIdleClose(): void {
		// The next question dials.
	}

	onKeepAliveHint(): void {
		// One connection that may be dead is asked again at no cost.
	}
}

class HttpQuestion implements DialOutcome, UpstreamSink {
	private readonly probe: HttpProbe;
	private listener: ProbeListener | null;
	private connection: Http1Upstream | null = null;
	private status = 0;
	private bodyBytes = 0;

	constructor(probe: HttpProbe, listener: ProbeListener) {
		this.probe = probe;
		this.listener = listener;
	}

	send(connection: Http1Upstream): void {
		const { path, authority } = this.probe.options;
		this.connection = connection;
		const head = new RequestHead();
		head.method = 'GET';
		head.path = path;
		head.authority = authority;
		head.headers.append('user-agent', PROBE_USER_AGENT);
		connection.head(head, this);
		connection.end(null);
	}

	cancel(): string {
		const { connection } = this;
		this.listener = null;
		this.connection = null;
		connection?.abandon();
		const { path } = this.probe.options;
		if (connection === null) return 'no connection';
		return this.status === 0 ? `${path} did not answer` : `the answer of ${path} did not end`;
	}

	onDialed(socket: net.Socket, address: string): DialedReader {
		const connection = new Http1Upstream(socket, address, this.probe, DEFAULT_HEAD_LIMITS);
		if (this.listener === null) connection.destroy();
		else this.send(connection);
		return connection;
	}

	onDialFailed(error: ProxyError): void {
		this.settle(error.detail);
	}

	onHead(head: ResponseHead): void {
		this.status = head.status;
	}

	onData(_buffer: Buffer, start: number, end: number): void {
		this.bodyBytes += end - start;
		if (this.bodyBytes <= MAX_BODY_BYTES) return;
		this.connection?.abandon();
		this.judge();
	}

	onEnd(): void {
		this.judge();
	}

	onReset(error: ProxyError): void {
		const { connection } = this;
		this.connection = null;
		if (connection?.isReused === true && !connection.hasRead) this.probe.options.dialer.dial(this);
		else this.settle(error.detail);
	}

	private judge(): void {
		const { path, from, to } = this.probe.options;
		this.settle(this.status >= from && this.status <= to ? null : `${path} answered ${this.status}`);
	}

	private settle(failure: string | null): void {
		const { listener } = this;
		this.listener = null;
		this.connection = null;
		listener?.onProbed(failure);
	}

	onInformational(): void {
		// The final answer is still to come.
	}
	onDrain(): void {
		// The request is one small head.
	}
	onFlush(): void {
		// Nothing is passed on.
	}
}
