/**
 * One HTTP/1 connection of a client.
 *
 * Theory of operation. One exchange at a time: the parser stops after each message, and what the client sent beyond it
 * (pipelining) is held, with the socket paused, until the exchange has released the connection. `stage` says who owns
 * the incoming bytes: the parser (`reading`), nobody yet (`holding`), a tunnel (`tunnel`), or the bin (`lingering`).
 *
 * Closing has manners: when the last response has left our queue we send FIN and read on for a moment, because a close
 * with unread bytes makes the kernel send RST, which can destroy the response on its way (RFC 9112 §9.6). What has to be
 * cut off is reset, so that it never looks whole. No further request is looked at while the answers are not taken.
 *
 * Deadlines, by standing: no byte of a head → `idle`; a head begun → `headTimeout`; an exchange has its own. One alarm rings for all.
 */
import type net from 'node:net';
import { LentAlarm } from '../clock.ts';
import { ProxyError } from '../error.ts';
import type { RequestHead, ResponseHead } from '../http/head.ts';
import type { HeaderList } from '../http/header-list.ts';
import { RequestParser, type RequestVisitor } from '../http1/request-parser.ts';
import { afterWrites, endAfterWrites, resetSocket, type SocketOwner, watchSocket } from '../io/byte-socket.ts';
import type { WriteGather } from '../io/write-gather.ts';
import type { DownstreamStream, StreamSink } from '../ports/stream.ts';
import type { ConnectionPeer } from './connection-peer.ts';
import { Standing, type TableEntry } from './connection-table.ts';
import type { ListenerContext } from './context.ts';
import { Presence } from './presence.ts';
import { ResponseWriter } from './response-writer.ts';
import { CUT_REQUEST, LINGER_BYTES, LINGER_MS, Stage } from './stage.ts';

export class Http1Downstream implements DownstreamStream, RequestVisitor, SocketOwner, TableEntry {
	readonly peer: ConnectionPeer;
	readonly alarm = new LentAlarm();
	standing: Standing = Standing.active;
	tablePrev: TableEntry | null = null;
	tableNext: TableEntry | null = null;

	private readonly socket: net.Socket;
	private readonly context: ListenerContext;
	private readonly parser: RequestParser;
	private readonly writer: ResponseWriter;
	private readonly out: WriteGather;
	private stage: Stage = Stage.reading;
	private sink: StreamSink | null = null;
	/** An exchange owns the outgoing direction until it releases it. */
	private isBusy = false;
	private isFeeding = false;
	private requestEnded = false;
	private closesAfter = false;
	private peerEnded = false;
	private held: Buffer | null = null;
	private isPaused = false;
	private lingered = 0;
	/** Clock time at which the alarm should have rung for the connection itself. */
	private deadline = 0;
	private presence: Presence | null = null;

	constructor(socket: net.Socket, peer: ConnectionPeer, context: ListenerContext) {
		this.socket = socket;
		this.peer = peer;
		this.context = context;
		this.parser = new RequestParser(this, context.headLimits);
		this.writer = new ResponseWriter(socket, Math.floor(context.idleMs / 1000));
		this.out = this.writer.out;
		watchSocket(socket, this);
	}

	/** Starts reading. */
	start(): void {
		if (this.stage === Stage.closed) return;
		if (!this.context.isRaw) this.wait(this.context.idleMs);
		else {
			this.stage = Stage.tunnel;
			this.isBusy = true;
			this.becomeActive();
			this.sink = this.context.handler.onTunnel(this);
		}
		if (!this.isPaused) this.socket.resume();
	}

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
			if (!this.isBusy && !this.out.isAccepting && at < length && this.stage === Stage.reading) {
				this.hold(buffer, at, length);
				break;
			}
		} while (at < length && at > before && this.stage === Stage.reading);
		this.isFeeding = false;
		if (this.isBusy || this.stage > Stage.holding) return;
		if (this.out.isAccepting) this.awaitHead();
		else this.awaitDrain();
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
			if (this.standing === Standing.idle) return;
			context.table.move(this, Standing.idle);
			return this.wait(context.idleMs);
		}
		if (this.peerEnded) return this.close();
		if (this.standing !== Standing.waiting || !this.isHeadTimed) {
			this.isHeadTimed = true;
			context.table.move(this, Standing.waiting);
			this.wait(context.headTimeoutMs);
		}
	}

	/** A client that does not take its answers gets no more of them; `onWritable` goes on. */
	private awaitDrain(): void {
		const { context } = this;
		this.stage = Stage.holding;
		this.socket.pause();
		context.table.move(this, Standing.idle);
		this.wait(context.idleMs);
	}

	/** 0: for as long as it takes. */
	private wait(ms: number): void {
		const { clock, timers } = this.context;
		if (ms === 0) return this.alarm.giveBack(this);
		this.deadline = clock.now() + ms;
		this.alarm.lend(this, this.deadline, timers);
	}

	/** The head timeout runs; a fresh connection is `waiting` too, but may be silent for as long as an idle one. */
	private isHeadTimed = false;

	private becomeActive(): void {
		this.context.table.move(this, Standing.active);
		this.alarm.giveBack(this);
		this.isHeadTimed = false;
	}

	onPeerEnd(): void {
		this.peerEnded = true;
		switch (this.stage) {
			case Stage.tunnel:
				this.sink?.onEnd(null);
				return;
			case Stage.reading:
				if (!this.isBusy) return this.close();
				if (!this.requestEnded) this.sinkReset(CUT_REQUEST);
				return;
			default:
				// A half-closed client may still wait for its answer.
				if (this.socket.writableEnded) this.socket.destroySoon();
				else if (this.isAnswerDue) this.presence = new Presence(this, this.context.timers, this.context.clock);
		}
	}

	get isAnswerDue(): boolean {
		return this.isBusy && this.stage === Stage.holding && !this.writer.hasBegun;
	}

	onWritable(): void {
		this.out.reclaim();
		if (this.isBusy || this.stage !== Stage.holding) return this.sink?.onDrain();
		this.stage = Stage.reading;
		this.socket.resume();
		this.next();
	}

	onClosed(error: Error | null): void {
		if (this.stage === Stage.closed) return;
		this.forget();
		this.out.discard();
		const code = (error as NodeJS.ErrnoException | null)?.code;
		if (this.isBusy)
			this.sinkReset(code === undefined ? 'the client went away' : `the client went away (${code})`, error);
	}

	private sinkReset(detail: string, cause: Error | null = null): void {
		const { sink } = this;
		this.sink = null;
		sink?.onReset(new ProxyError('client_closed', detail, { cause }));
	}

	onTimer(): void {
		const { alarm, context, deadline } = this;
		if (deadline > context.clock.now()) return alarm.lend(this, deadline, context.timers);
		if (this.stage === Stage.lingering || this.parser.isIdle) return this.destroy();
		this.onParseError(new ProxyError('head_timeout', `no complete head within ${context.headTimeoutMs} ms`));
	}

	onRequestHead(head: RequestHead): void {
		this.becomeActive();
		this.isBusy = true;
		this.requestEnded = false;
		this.writer.clientVersion = head.version;
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
		this.writer.clientVersion = 11;
		const { head } = this.parser;
		// A head that is not whole has no host, and must not show that of the request before it.
		if (head.headers.text === '') head.authority = '';
		this.context.handler.onBadRequest(this, error, head);
	}

	// --- the exchange's side -------------------------------------------------------------------------------------

	inform(head: ResponseHead): void {
		if (this.stage !== Stage.closed) this.writer.inform(head);
	}

	head(head: ResponseHead): void {
		const isLast = this.peerEnded && this.held === null;
		const isClosing = this.closesAfter || isLast || !head.keepAlive || this.context.isLast(this.peer);
		this.closesAfter = this.writer.head(head, isClosing);
	}

	write(buffer: Buffer, start: number, end: number): boolean {
		if (end === start || this.stage === Stage.closed) return true;
		return this.writer.write(buffer, start, end);
	}

	end(trailers: HeaderList | null): void {
		if (this.stage === Stage.closed) return;
		this.writer.end(trailers);
		if (this.stage !== Stage.tunnel) return this.out.flush();
		this.out.flushNow();
		endAfterWrites(this.socket);
	}

	flush(): void {
		if (this.stage !== Stage.closed) this.out.flush();
	}

	reset(_error: ProxyError): void {
		this.sink = null;
		if (this.stage === Stage.closed) return;
		this.out.flushNow();
		this.forget();
		resetSocket(this.socket);
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
		this.writer.reset();
		this.flush();
		this.stage = Stage.tunnel;
		const { held } = this;
		this.held = null;
		if (held !== null) {
			this.socket.resume();
			this.sink?.onData(held, 0, held.length);
			this.sink?.onFlush();
		}
		if (this.peerEnded) this.sink?.onEnd(null);
	}

	release(): void {
		this.sink = null;
		this.isBusy = false;
		if (this.stage === Stage.closed) return;
		this.writer.reset();
		if (!this.requestEnded || this.closesAfter || this.stage === Stage.tunnel) return this.close();
		// Should the next head be malformed, its record must not show this one's.
		this.parser.head.method = '';
		this.parser.head.target = '';
		this.stage = Stage.reading;
		this.resume();
		if (!this.isFeeding) this.next();
	}

	/** Goes on with what the client sent ahead, or waits. */
	private next(): void {
		const { held } = this;
		if (!this.out.isAccepting) return this.awaitDrain();
		if (held === null) return this.awaitHead();
		this.held = null;
		this.socket.resume();
		this.feed(held, 0, held.length);
		if (this.peerEnded && this.isBusy && !this.requestEnded) this.sinkReset(CUT_REQUEST);
	}

	/** The end of a drain's patience: a busy connection closes after its response. */
	closeIfIdle(): void {
		if (!this.isBusy && this.stage === Stage.reading && this.parser.isIdle) this.close();
	}

	private close(): void {
		if (this.stage === Stage.lingering || this.stage === Stage.closed) return;
		this.out.flushNow();
		this.held = null;
		this.stage = Stage.lingering;
		this.wait(this.context.idleMs);
		this.socket.resume();
		afterWrites(this.socket, () => this.linger());
	}

	private linger(): void {
		if (this.stage !== Stage.lingering) return;
		this.context.table.move(this, Standing.waiting);
		this.wait(LINGER_MS);
		if (this.peerEnded) this.socket.destroySoon();
		else this.socket.end();
	}

	destroy(): void {
		if (this.stage === Stage.closed) return;
		this.out.flushNow();
		const isCut = this.isBusy || this.socket.writableLength > 0;
		this.forget();
		if (this.isBusy) this.sinkReset('the connection was closed');
		if (isCut) resetSocket(this.socket);
		else this.socket.destroy();
	}

	private forget(): void {
		if (this.stage === Stage.closed) return;
		this.stage = Stage.closed;
		this.presence?.stop();
		this.context.timers.disarm(this.alarm);
		this.context.table.remove(this);
	}
}
