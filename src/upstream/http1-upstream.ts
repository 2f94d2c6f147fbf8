/**
 * One HTTP/1.1 connection to an endpoint: carries one exchange at a time, rests in the pool between them.
 *
 * Theory of operation. `phase` says what bytes mean: `idle` (none may come: any byte or FIN ends the connection),
 * `busy` (they belong to the expected response), `tunnel` (opaque), `closed`. The parser stops at the end of a message;
 * what lies beyond it in the same read was never asked for and poisons the connection (response smuggling), so the
 * connection decides about its reuse only after the parser has returned, and before the sink hears of the end: by the
 * time a pipelined next request asks the pool, this connection is either clean and in it, or gone.
 */
import type net from 'node:net';
import { ProxyError } from '../error.ts';
import { Framing, type RequestHead, type ResponseHead } from '../http/head.ts';
import type { HeaderList } from '../http/header-list.ts';
import type { HeadLimits } from '../http1/limits.ts';
import type { ResponseParser, ResponseVisitor } from '../http1/response-parser.ts';
import { writeRequestHead } from '../http1/write-head.ts';
import { endAfterWrites, resetSocket, type SocketOwner, watchSocket } from '../io/byte-socket.ts';
import { WriteGather } from '../io/write-gather.ts';
import type { StreamSink, UpstreamSink, UpstreamStream } from '../ports/stream.ts';
import { giveParser, takeParser } from './response-parsers.ts';

const Phase = { idle: 0, busy: 1, tunnel: 2, closed: 3 } as const;
type Phase = (typeof Phase)[keyof typeof Phase];

/** What the pool wants to hear of its connections. */
export interface ConnectionKeeper {
	/** The connection is clean and may carry another request. */
	onReusable(connection: Http1Upstream): void;
	/** The connection is gone, whatever it was doing. Called once. */
	onGone(connection: Http1Upstream): void;
	/** The peer closed it while it was idle. */
	onIdleClose(connection: Http1Upstream): void;
	/** The peer said how long it keeps idle connections. */
	onKeepAliveHint(seconds: number): void;
}

export class Http1Upstream implements UpstreamStream, ResponseVisitor, SocketOwner {
	readonly address: string;
	isReused = false;
	hasRead = false;
	/** Clock time at which it became idle; kept by the pool. */
	idleSince = 0;
	/** Clock time at which it was dialed; kept by the pool. */
	openedAt = 0;
	/** Certificates by which it was made; kept by the pool. */
	version: object | null = null;
	/** Clock time at which it is to be made anew, since they have changed; kept by the pool. 0: they have not. */
	reconnectAt = 0;
	/** Requests begun on it; kept by the pool. */
	requests = 0;

	private readonly socket: net.Socket;
	private readonly keeper: ConnectionKeeper;
	private readonly limits: HeadLimits;
	/** From the first byte of a response to its last. */
	private parser: ResponseParser | null = null;
	/** What was asked. */
	private method = '';
	private readonly out: WriteGather;
	private phase: Phase = Phase.idle;
	private sink: StreamSink | null = null;
	private headSink: UpstreamSink | null = null;
	private isChunked = false;
	private requestEnded = false;
	private hasHead = false;
	private responseEnded = false;
	private keepAlive = true;
	private trailers: HeaderList | null = null;
	private isPaused = false;

	constructor(socket: net.Socket, address: string, keeper: ConnectionKeeper, limits: HeadLimits) {
		this.socket = socket;
		this.address = address;
		this.keeper = keeper;
		this.limits = limits;
		this.out = new WriteGather(socket);
		watchSocket(socket, this);
	}

	// --- the exchange's side -------------------------------------------------------------------------------------

	head(head: RequestHead, sink: UpstreamSink): void {
		this.begin(sink);
		this.headSink = sink;
		this.isChunked = head.framing === Framing.chunked;
		this.method = head.method;
		this.out.addText(writeRequestHead(head));
	}

	openTunnel(sink: StreamSink): void {
		this.begin(sink);
		this.phase = Phase.tunnel;
	}

	private begin(sink: StreamSink): void {
		this.phase = Phase.busy;
		this.sink = sink;
		this.isReused = this.requests > 0;
		this.requests++;
		this.out.hasWritten = false;
		this.hasRead = false;
		this.requestEnded = false;
		this.hasHead = false;
		this.responseEnded = false;
		this.keepAlive = true;
		this.trailers = null;
	}

	write(buffer: Buffer, start: number, end: number): boolean {
		if (end === start) return true;
		if (this.isChunked && this.phase === Phase.busy) this.out.addChunk(buffer, start, end);
		else this.out.addBytes(buffer, start, end);
		return this.out.isAccepting;
	}

	end(trailers: HeaderList | null): void {
		this.requestEnded = true;
		if (this.phase === Phase.tunnel) {
			this.out.flushNow();
			endAfterWrites(this.socket);
			return;
		}
		if (this.isChunked) this.out.addLastChunk(trailers);
		this.flush();
	}

	flush(): void {
		if (this.phase !== Phase.closed) this.out.flush();
	}

	reset(_error: ProxyError): void {
		const wasTunnel = this.phase === Phase.tunnel;
		this.sink = null;
		this.headSink = null;
		// Opaque bytes have no framing: without RST what was cut would look whole.
		if (wasTunnel) {
			this.out.flushNow();
			resetSocket(this.socket);
		}
		this.destroy();
	}

	abandon(): void {
		this.sink = null;
		this.headSink = null;
		if (this.phase === Phase.tunnel && this.requestEnded) this.destroySoon();
		else if (this.phase !== Phase.idle) this.destroy();
	}

	/** A tunnel that both sides have ended: what is still on its way out may leave. */
	private destroySoon(): void {
		this.out.flushNow();
		this.phase = Phase.closed;
		this.socket.destroySoon();
		this.keeper.onGone(this);
	}

	pause(): void {
		if (this.isPaused) return;
		this.isPaused = true;
		this.socket.pause();
	}

	resume(): void {
		if (!this.isPaused) return;
		this.isPaused = false;
		this.socket.resume();
	}

	takeTunnel(): void {
		this.phase = Phase.tunnel;
		this.isChunked = false;
	}

	// --- the pool's side -----------------------------------------------------------------------------------------

	/** Big bodies leave before `flush`, so only who writes knows. */
	get hasWritten(): boolean {
		return this.out.hasWritten;
	}

	get isIdle(): boolean {
		return this.phase === Phase.idle;
	}

	/** Closes it from our side; says nothing to a sink. */
	destroy(): void {
		if (this.phase === Phase.closed) return;
		this.phase = Phase.closed;
		this.out.discard();
		this.socket.destroy();
		this.keeper.onGone(this);
	}

	// --- the socket's side ---------------------------------------------------------------------------------------

	onBytes(buffer: Buffer, length: number): void {
		switch (this.phase) {
			case Phase.busy:
				this.hasRead = true;
				this.feed(buffer, length);
				return;
			case Phase.tunnel:
				this.hasRead = true;
				this.sink?.onData(buffer, 0, length);
				this.sink?.onFlush();
				return;
			case Phase.idle:
				// Nobody asked: an answer to nothing must never become the answer to the next request.
				this.destroy();
				return;
			case Phase.closed:
				return;
		}
	}

	private feed(buffer: Buffer, length: number): void {
		const parser = this.parser ?? takeParser(this, this.limits, this.method);
		const used = parser.feed(buffer, 0, length);
		this.parser = parser.isIdle ? null : parser;
		this.goOn(buffer, used, length);
		// Only now: its trailers are passed on at the end of the response.
		if (parser.isIdle) giveParser(parser);
	}

	/** With what the parser has made of the bytes, and those that it has left. */
	private goOn(buffer: Buffer, used: number, length: number): void {
		// TypeScript does not see that the visitor's calls change the phase.
		const phase = this.phase as Phase;
		if (phase === Phase.tunnel) {
			if (used < length) this.sink?.onData(buffer, used, length);
			this.sink?.onFlush();
			return;
		}
		if (phase === Phase.closed) return;
		if (this.responseEnded) this.complete(used < length);
		else this.sink?.onFlush();
	}

	/** The response has ended: keeps the connection or not, then tells the exchange. */
	private complete(hasExcess: boolean): void {
		const { sink, trailers } = this;
		this.sink = null;
		this.headSink = null;
		if (hasExcess || !this.keepAlive || !this.requestEnded) this.destroy();
		else {
			this.phase = Phase.idle;
			this.resume();
			this.keeper.onReusable(this);
		}
		sink?.onEnd(trailers);
	}

	onPeerEnd(): void {
		switch (this.phase) {
			case Phase.idle:
				this.keeper.onIdleClose(this);
				this.destroy();
				return;
			case Phase.busy:
				// True: the end of the connection was the end of the body (RFC 9112 §6.3, the last case).
				if (this.parser?.finish() && this.responseEnded) this.complete(true);
				else this.fail('upstream_closed', `${this.address} closed the connection ${this.progress()}`, null);
				return;
			case Phase.tunnel:
				this.sink?.onEnd(null);
				return;
			case Phase.closed:
				return;
		}
	}

	private progress(): string {
		if (!this.hasRead) return this.isReused ? 'before an answer (it had been idle)' : 'before an answer';
		return this.hasHead ? 'before the end of its answer' : 'within the head of its answer';
	}

	onWritable(): void {
		this.out.reclaim();
		this.sink?.onDrain();
	}

	onClosed(error: Error | null): void {
		if (this.phase === Phase.closed) return;
		if (this.phase === Phase.idle) {
			this.keeper.onIdleClose(this);
			return this.destroy();
		}
		const code = (error as NodeJS.ErrnoException | null)?.code;
		// EPIPE is what a write finds after the peer's FIN; a reset is the peer's RST.
		if (code === undefined || code === 'EPIPE')
			this.fail('upstream_closed', `${this.address} closed the connection`, error);
		// Under TLS 1.3 a server looks at our certificate when our handshake is over, and its refusal comes as an answer.
		else if (code.startsWith('ERR_SSL')) this.fail('upstream_tls_failed', `TLS with ${this.address}: ${code}`, error);
		else this.fail('upstream_reset', `${this.address} reset the connection (${code}) ${this.progress()}`, error);
	}

	private fail(
		code: 'upstream_closed' | 'upstream_reset' | 'upstream_tls_failed',
		detail: string,
		cause: Error | null,
	): void {
		const { sink } = this;
		const error = new ProxyError(code, detail, { cause, unsent: !this.hasWritten });
		this.sink = null;
		this.headSink = null;
		this.destroy();
		sink?.onReset(error);
	}

	// --- the parser's side ---------------------------------------------------------------------------------------

	onInformational(head: ResponseHead): void {
		this.headSink?.onInformational(head);
	}

	onResponseHead(head: ResponseHead): void {
		this.hasHead = true;
		this.keepAlive = head.keepAlive;
		if (head.keepAliveTimeout >= 0) this.keeper.onKeepAliveHint(head.keepAliveTimeout);
		this.headSink?.onHead(head);
	}

	onBody(buffer: Buffer, start: number, end: number): void {
		this.sink?.onData(buffer, start, end);
	}

	onMessageEnd(trailers: HeaderList | null): void {
		// A tunnel's message ends with its head.
		if (this.phase !== Phase.busy) return;
		this.responseEnded = true;
		this.trailers = trailers;
	}

	onParseError(error: ProxyError): void {
		const { sink } = this;
		this.sink = null;
		this.headSink = null;
		this.destroy();
		sink?.onReset(error);
	}
}
