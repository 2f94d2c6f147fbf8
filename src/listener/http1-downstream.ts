/**
 * One HTTP/1 connection of a client.
 *
 * Theory of operation. One exchange at a time: the parser stops after each message, and what the client sent beyond it
 * (pipelining) is held, with the socket paused, until the exchange has released the connection. `stage` says who owns
 * the incoming bytes: the parser (`reading`), nobody yet (`holding`), a tunnel (`tunnel`), or the bin (`lingering`).
 *
 * Closing has manners: after the last response we send FIN and read on for a moment, because a close with unread bytes
 * makes the kernel send RST, which can destroy the response on its way (RFC 9112 §9.6).
 *
 * Deadlines, by standing: no byte of a head → `idle`; a head begun → `headTimeout`; an exchange has its own.
 */
import type net from 'node:net';
import { TimerEntry } from '../clock.ts';
import { ProxyError } from '../error.ts';
import { Framing, type HttpVersion, type RequestHead, type ResponseHead } from '../http/head.ts';
import type { HeaderList } from '../http/header-list.ts';
import { chunkHeader, LAST_CHUNK, writeTrailers } from '../http1/chunked-writer.ts';
import { RequestParser, type RequestVisitor } from '../http1/request-parser.ts';
import { type ResponseWriteOptions, writeResponseHead } from '../http1/write-head.ts';
import { type SocketOwner, watchSocket } from '../io/byte-socket.ts';
import { WriteGather } from '../io/write-gather.ts';
import type { DownstreamStream, Peer, StreamSink } from '../ports/stream.ts';
import { Standing, type TableEntry } from './connection-table.ts';
import type { ListenerContext } from './context.ts';

const Stage = { reading: 0, holding: 1, tunnel: 2, lingering: 3, closed: 4 } as const;
type Stage = (typeof Stage)[keyof typeof Stage];

/** How long a closed connection is read on, and how much: enough for a response to arrive, too little to be a gift. */
const LINGER_MS = 2000;
const LINGER_BYTES = 1024 * 1024;

interface MutableWriteOptions extends ResponseWriteOptions {
	clientVersion: HttpVersion;
	close: boolean;
	keepAliveTimeoutSeconds: number;
}

export class Http1Downstream extends TimerEntry implements DownstreamStream, RequestVisitor, SocketOwner, TableEntry {
	readonly peer: Peer;
	standing: Standing = Standing.active;
	tablePrev: TableEntry | null = null;
	tableNext: TableEntry | null = null;

	private readonly socket: net.Socket;
	private readonly context: ListenerContext;
	private readonly parser: RequestParser;
	private readonly out: WriteGather;
	private readonly writeOptions: MutableWriteOptions = { clientVersion: 11, close: false, keepAliveTimeoutSeconds: 0 };
	private stage: Stage = Stage.reading;
	private sink: StreamSink | null = null;
	/** An exchange owns the outgoing direction until it releases it. */
	private isBusy = false;
	private isFeeding = false;
	private requestEnded = false;
	private isChunked = false;
	private closesAfter = false;
	private peerEnded = false;
	private held: Buffer | null = null;
	private isPaused = false;
	private lingered = 0;

	constructor(socket: net.Socket, peer: Peer, context: ListenerContext) {
		super();
		this.socket = socket;
		this.peer = peer;
		this.context = context;
		this.parser = new RequestParser(this, context.headLimits);
		this.out = new WriteGather(socket);
		this.writeOptions.keepAliveTimeoutSeconds = Math.floor(context.idleMs / 1000);
		watchSocket(socket, this);
	}

	/** Starts reading. */
	start(): void {
		if (this.stage === Stage.closed) return;
		if (this.context.idleMs > 0) this.context.timers.arm(this, this.context.idleMs);
		if (this.context.isRaw) {
			this.stage = Stage.tunnel;
			this.isBusy = true;
			this.becomeActive();
			this.sink = this.context.handler.onTunnel(this);
		}
		this.socket.resume();
	}

	// --- the socket's side ---------------------------------------------------------------------------------------

	onBytes(buffer: Buffer, length: number): void {
		switch (this.stage) {
			case Stage.reading:
				this.feed(buffer, 0, length);
				return;
			case Stage.holding:
				this.hold(buffer, 0, length);
				return;
			case Stage.tunnel:
				this.sink?.onData(buffer, 0, length);
				this.sink?.onFlush();
				return;
			case Stage.lingering:
				this.lingered += length;
				if (this.lingered > LINGER_BYTES) this.destroy();
				return;
			case Stage.closed:
				return;
		}
	}

	/** Parses until the bytes are used up or an exchange needs the connection for itself. */
	private feed(buffer: Buffer, from: number, length: number): void {
		let at = from;
		let before = from;
		this.isFeeding = true;
		do {
			before = at;
			at = this.parser.feed(buffer, at, length);
			this.sink?.onFlush();
			if (this.isBusy && this.requestEnded) {
				if (at < length && this.stage !== Stage.closed) this.hold(buffer, at, length);
				else if (this.stage === Stage.reading) this.stage = Stage.holding;
				break;
			}
		} while (at < length && at > before && this.stage === Stage.reading);
		this.isFeeding = false;
		if (!this.isBusy && this.stage === Stage.reading) this.awaitHead();
	}

	/** Keeps what came too early and stops the socket: the next read happens after the exchange. */
	private hold(buffer: Buffer, from: number, to: number): void {
		if (this.stage === Stage.tunnel) {
			this.sink?.onData(buffer, from, to);
			this.sink?.onFlush();
			return;
		}
		this.stage = Stage.holding;
		const bytes = buffer.subarray(from, to);
		this.held = this.held === null ? Buffer.from(bytes) : Buffer.concat([this.held, bytes]);
		this.socket.pause();
	}

	/** No exchange: either nothing of the next head has come, or a part of it. */
	private awaitHead(): void {
		const { context } = this;
		if (this.parser.isIdle) {
			if (this.closesAfter || this.peerEnded || context.closesIdle()) return this.close();
			if (this.standing !== Standing.idle) {
				context.table.move(this, Standing.idle);
				if (context.idleMs > 0) context.timers.armAt(this, context.clock.now() + context.idleMs);
			}
			return;
		}
		if (this.peerEnded) return this.destroy();
		if (this.standing !== Standing.waiting || !this.isHeadTimed) {
			this.isHeadTimed = true;
			context.table.move(this, Standing.waiting);
			if (context.headTimeoutMs > 0) context.timers.arm(this, context.headTimeoutMs);
		}
	}
	/** The head timeout runs; a fresh connection is `waiting` too, but may be silent for as long as an idle one. */
	private isHeadTimed = false;

	private becomeActive(): void {
		this.context.table.move(this, Standing.active);
		this.context.timers.disarm(this);
		this.isHeadTimed = false;
	}

	onPeerEnd(): void {
		this.peerEnded = true;
		switch (this.stage) {
			case Stage.tunnel:
				this.sink?.onEnd(null);
				return;
			case Stage.reading:
				if (!this.isBusy) return this.parser.isIdle ? this.close() : this.destroy();
				if (!this.requestEnded) this.sinkReset('the client ended the connection within its request');
				return;
			case Stage.holding:
				// A half-closed client still waits for its answer.
				return;
			default:
				this.destroy();
		}
	}

	onWritable(): void {
		this.out.reclaim();
		this.sink?.onDrain();
	}

	onClosed(error: Error | null): void {
		if (this.stage === Stage.closed) return;
		this.stage = Stage.closed;
		this.context.timers.disarm(this);
		this.context.table.remove(this);
		const code = (error as NodeJS.ErrnoException | null)?.code;
		if (this.isBusy)
			this.sinkReset(code === undefined ? 'the client went away' : `the client went away (${code})`, error);
	}

	private sinkReset(detail: string, cause: Error | null = null): void {
		const { sink } = this;
		this.sink = null;
		sink?.onReset(new ProxyError('client_closed', detail, { cause }));
	}

	override onTimer(): void {
		if (this.stage === Stage.lingering || this.parser.isIdle) return this.destroy();
		const { headTimeoutMs } = this.context;
		this.onParseError(new ProxyError('head_timeout', `no complete head within ${headTimeoutMs} ms`));
	}

	// --- the parser's side ---------------------------------------------------------------------------------------

	onRequestHead(head: RequestHead): void {
		this.becomeActive();
		this.isBusy = true;
		this.requestEnded = false;
		this.writeOptions.clientVersion = head.version;
		this.closesAfter = !head.keepAlive;
		const sink = this.context.handler.onRequest(this, head);
		// A local reply may have ended the exchange already.
		if (this.isBusy) this.sink = sink;
	}

	onBody(buffer: Buffer, start: number, end: number): void {
		this.sink?.onData(buffer, start, end);
	}

	onMessageEnd(trailers: HeaderList | null): void {
		this.requestEnded = true;
		this.sink?.onEnd(trailers);
	}

	onParseError(error: ProxyError): void {
		this.closesAfter = true;
		if (this.isBusy) {
			// The head was fine and is being served: the body broke.
			const { sink } = this;
			this.sink = null;
			sink?.onReset(error);
			return;
		}
		this.becomeActive();
		this.isBusy = true;
		this.requestEnded = false;
		this.writeOptions.clientVersion = 11;
		this.context.handler.onBadRequest(this, error, this.parser.head);
	}

	// --- the exchange's side -------------------------------------------------------------------------------------

	inform(head: ResponseHead): void {
		if (this.writeOptions.clientVersion === 10 || this.stage === Stage.closed) return;
		this.writeOptions.close = false;
		this.out.addText(writeResponseHead(head, this.writeOptions));
		this.out.flush();
	}

	head(head: ResponseHead): void {
		const isClosing = this.closesAfter || this.peerEnded || !head.keepAlive || this.context.isDraining();
		const endsWithConnection =
			head.framing === Framing.close || (head.framing === Framing.chunked && this.writeOptions.clientVersion === 10);
		this.closesAfter = isClosing || (endsWithConnection && this.writeOptions.clientVersion === 10);
		this.writeOptions.close = this.closesAfter;
		// What the app ends by closing becomes chunked towards HTTP/1.1: the client can tell a whole body from a cut one.
		if (endsWithConnection && this.writeOptions.clientVersion === 11) head.framing = Framing.chunked;
		this.isChunked = head.framing === Framing.chunked && this.writeOptions.clientVersion === 11;
		this.out.addText(writeResponseHead(head, this.writeOptions));
	}

	write(buffer: Buffer, start: number, end: number): boolean {
		if (end === start || this.stage === Stage.closed) return true;
		if (this.isChunked) {
			this.out.addText(chunkHeader(end - start));
			this.out.addBytes(buffer, start, end);
			this.out.addText('\r\n');
		} else {
			this.out.addBytes(buffer, start, end);
		}
		return this.out.isAccepting;
	}

	end(trailers: HeaderList | null): void {
		if (this.stage === Stage.closed) return;
		if (this.isChunked) this.out.addText(trailers === null ? LAST_CHUNK : writeTrailers(trailers));
		this.out.flush();
		if (this.stage === Stage.tunnel) this.socket.end();
	}

	flush(): void {
		if (!this.out.isEmpty && this.stage !== Stage.closed) this.out.flush();
	}

	reset(_error: ProxyError): void {
		this.sink = null;
		if (this.stage === Stage.closed) return;
		// RST, not FIN: a body that ends with the connection must not look whole.
		this.socket.resetAndDestroy();
		this.forget();
	}

	pause(): void {
		if (this.isPaused || this.stage === Stage.holding) return;
		this.isPaused = true;
		this.socket.pause();
	}

	resume(): void {
		if (!this.isPaused) return;
		this.isPaused = false;
		if (this.held === null) this.socket.resume();
	}

	takeTunnel(): void {
		this.isChunked = false;
		this.flush();
		this.stage = Stage.tunnel;
		const { held } = this;
		this.held = null;
		if (held !== null) {
			this.sink?.onData(held, 0, held.length);
			this.sink?.onFlush();
			this.socket.resume();
		}
		if (this.peerEnded) this.sink?.onEnd(null);
	}

	release(): void {
		this.sink = null;
		this.isBusy = false;
		if (this.stage === Stage.closed) return;
		this.isChunked = false;
		if (this.stage === Stage.tunnel) {
			this.socket.destroySoon();
			return this.forget();
		}
		if (!this.requestEnded || this.closesAfter) return this.close();
		this.stage = Stage.reading;
		this.resume();
		if (!this.isFeeding) this.next();
	}

	/** Goes on with what the client sent ahead, or waits. */
	private next(): void {
		const { held } = this;
		if (held === null) return this.awaitHead();
		this.held = null;
		this.socket.resume();
		this.feed(held, 0, held.length);
	}

	// --- the listener's side -------------------------------------------------------------------------------------

	/** The end of a drain's patience: a busy connection closes after its response. */
	closeIfIdle(): void {
		if (!this.isBusy && this.stage === Stage.reading && this.parser.isIdle) this.close();
	}

	evict(): void {
		this.destroy();
	}

	/** FIN, then a short time in which the client may still send. */
	private close(): void {
		if (this.stage === Stage.lingering || this.stage === Stage.closed) return;
		this.flush();
		this.held = null;
		if (this.peerEnded) {
			this.socket.destroySoon();
			return this.forget();
		}
		this.stage = Stage.lingering;
		this.context.table.move(this, Standing.waiting);
		this.context.timers.arm(this, LINGER_MS);
		this.socket.end();
		this.socket.resume();
	}

	destroy(): void {
		if (this.stage === Stage.closed) return;
		if (this.isBusy) this.sinkReset('the connection was closed');
		this.socket.destroy();
		this.forget();
	}

	private forget(): void {
		if (this.stage === Stage.closed) return;
		this.stage = Stage.closed;
		this.context.timers.disarm(this);
		this.context.table.remove(this);
	}
}
