/**
 * A TLS connection over a socket that is open already, which reads into the shared buffer as all others do.
 *
 * Theory of operation. Node's `TLSSocket` encrypts in C++ between its own handle and that of the socket below, and takes
 * `onread` only where it makes that socket itself. Its constructor asks `_wrapHandle` for the handle; ours gives it that of
 * the socket below, so that both can be had. `_start` and `receive` are what `tls.connect` and Node's own servers call at
 * these points. All of them are internals that have not changed for many versions; `abilities.ts` proves at start, on a
 * real connection, that they work on the running one, and where they do not, the plain constructor and `data` events serve.
 * How texts are written is told in `direct-writes.ts`.
 *
 * Three things Node leaves to its own `tls.connect` and servers, and are done here. An error after the handshake ends the
 * connection. A connection that ends without `close_notify` has been cut, by whoever stands between (RFC 8446 §6.1), and is
 * an error instead of an end. A client hears of sessions.
 */
import type net from 'node:net';
import tls from 'node:tls';
import type { AcceptedReader } from '../io/accept-shared.ts';
import { sharedReadBuffer } from '../io/byte-socket.ts';
import { loopClock } from '../io/loop-clock.ts';
import type { TextSocket } from '../io/write-gather.ts';
import { type DirectHandle, DirectWrites, type WriteCallback } from './direct-writes.ts';
import { withFirstBytes } from './session-tickets.ts';

export interface SecureOptions {
	readonly context: tls.SecureContext;
	readonly isServer: boolean;
	/** Of a server: whether a client is asked for its certificate. One that has none may go on; the owner judges. */
	readonly requestCert: boolean;
	/** In the order of preference. */
	readonly alpn: readonly string[];
	/** Of a client; `''`: none is named. */
	readonly servername: string;
	/** Of a client: a session to resume. */
	readonly session: Buffer | null;
	/** Bytes that the socket below has read already. */
	readonly received: Buffer | null;
	/** Gives the pre-shared key, in place of certificates. */
	readonly pskCallback?: () => unknown;
}

/** Owner of the plain bytes; asked for each time, because it changes when the handshake is over. */
export interface SecureOwner {
	readonly reader: AcceptedReader | null;
}

/** What the running Node can do (`abilities.ts`). */
export interface SecureAbilities {
	/** Connections read into the shared buffer. */
	readonly readsShared: boolean;
	/** See `direct-writes.ts`. */
	readonly writesDirectly: boolean;
}

export interface TlsHandle extends DirectHandle {
	receive(bytes: Buffer): void;
	/** `null` when the peer's certificate is valid. */
	verifyError(): Error | null;
	onnewsession: (id: Buffer, session: Buffer) => void;
}

interface HandleBelow {
	/** Bytes that the kernel has not taken yet. */
	readonly writeQueueSize: number;
	/** 0, or a code of libuv: `EALREADY` while it reads. At its end it has stopped reading by itself. */
	readStart(): number;
}

interface SocketBelow extends net.Socket {
	readonly _handle?: HandleBelow | null;
	/** It closes with RST. */
	resetAndClosing?: boolean;
}

/** Of the writing side. */
interface StreamState {
	/** Bytes that wait or are being written. */
	readonly length: number;
	readonly writing: boolean;
	readonly ending: boolean;
}

interface Internals extends tls.TLSSocket {
	connecting: boolean;
	_handle: TlsHandle | null;
	readonly _writableState: StreamState;
	_start(): void;
	_releaseControl(): boolean;
	_emitTLSError(error: Error): void;
	setServername(name: string): void;
	_wrapHandle(wrap: net.Socket | null, handle: unknown, hasActiveWrite: boolean): unknown;
}

const Base = tls.TLSSocket as unknown as new (socket: net.Socket | undefined, options: object) => Internals;

/** `secure` is emitted when the handshake is over, `error` or `close` when there will be none. */
export class SecureSocket extends Base implements TextSocket {
	private below: SocketBelow | null = null;
	private readonly writes = new DirectWrites();
	private writesDirectly = false;
	private isAccepted = false;
	private isCut = false;

	static over(raw: net.Socket, owner: SecureOwner, options: SecureOptions, abilities: SecureAbilities): SecureSocket {
		const { readsShared: isShared, writesDirectly } = abilities;
		const { context, isServer, requestCert, alpn, servername, session, received, pskCallback } = options;
		const settings = {
			raw,
			isServer,
			requestCert,
			rejectUnauthorized: false,
			secureContext: context,
			allowHalfOpen: true,
			...(alpn.length > 0 && { ALPNProtocols: [...alpn] }),
			...(session !== null && { session }),
			...(pskCallback !== undefined && { pskCallback }),
			...(isShared && { onread: readerFor(owner) }),
		};
		const socket = new SecureSocket(isShared ? undefined : raw, settings);
		socket.below = raw;
		socket.writesDirectly = writesDirectly;
		// Without a socket Node takes it for one that has yet to connect.
		socket.connecting = false;
		// A server that has been refused ends the connection below without a word: who asks for errors must hear of it.
		raw.on('error', (error) => socket.destroy(error));
		if (!isShared) readPlainly(socket, owner);
		if (!isServer && servername !== '') socket.setServername(servername);
		if (received !== null) withFirstBytes(received, (bytes) => socket._handle?.receive(bytes));
		if (!isServer) socket.begin();
		return socket;
	}

	private begin(): void {
		const handle = this._handle;
		// Node keeps sessions back until its own `tls.connect` has verified the peer. Here whoever listens has.
		if (handle !== null) handle.onnewsession = (_id, session) => this.emit('session', session);
		this._start();
	}

	override _wrapHandle(wrap: net.Socket | null, handle: unknown, hasActiveWrite: boolean): unknown {
		const { raw } = (this as unknown as { _tlsOptions: { raw: net.Socket & { _handle: unknown } } })._tlsOptions;
		if (wrap !== null) return super._wrapHandle(wrap, handle, hasActiveWrite);
		return super._wrapHandle(raw, raw._handle, raw.writableLength > 0);
	}

	/** The handshake is over and its outcome accepted: from now on what breaks the connection is an `error` of it. */
	accept(): void {
		this.isAccepted = true;
		this._releaseControl();
	}

	/** Past the stream, where neither it nor OpenSSL has anything to do first. Not empty. */
	writeText(text: string): void {
		const { _handle: handle, _writableState: state, below, writes } = this;
		// An empty chunk is written, too, and has no length.
		const isFree = state.length === 0 && !state.writing && !state.ending && writes.isOver;
		const isDirect = this.writesDirectly && this.isAccepted && isFree && handle?.reading === true;
		if (!isDirect || !below?._handle) {
			this.write(text, 'latin1');
			return;
		}
		const error = writes.write(handle, below._handle, text);
		if (error !== null) this.destroy(error);
		// A slow reader: the stream waits for it as for a write of its own, and does not begin it again.
		else if (writes.isHeld) this.write(text, 'latin1');
	}

	override _write(chunk: unknown, encoding: BufferEncoding, callback: WriteCallback): void {
		if (this.writes.isHeld) this.writes.afterLast(callback);
		else if (this.writes.isOver) super._write(chunk, encoding, callback);
		else this.afterLast(callback, () => super._write(chunk, encoding, callback));
	}

	override _writev(chunks: { chunk: unknown; encoding: BufferEncoding }[], callback: WriteCallback): void {
		this.afterLast(callback, () => super._writev?.(chunks, callback));
	}

	override _final(callback: WriteCallback): void {
		this.afterLast(callback, () => super._final(callback));
	}

	private afterLast(fail: WriteCallback, then: () => void): void {
		this.writes.afterLast((error) => {
			if (error === null) then();
			else fail(error);
		});
	}

	/** Node only tells of it, and leaves a connection that hears and says nothing any more. */
	override _emitTLSError(error: Error): void {
		this.destroy(error);
	}

	override push(chunk: unknown, encoding?: BufferEncoding): boolean {
		if (chunk !== null) return super.push(chunk, encoding);
		if (!this.isAccepted) {
			// There will be no handshake, and nobody reads what would have come after it.
			this.destroy();
			return false;
		}
		// After `close_notify` the connection below is still being read.
		this.isCut = this.below?._handle?.readStart() === 0;
		return super.push(null);
	}

	override emit(event: string | symbol, ...args: readonly unknown[]): boolean {
		if (event !== 'end' || !this.isCut) return Reflect.apply(super.emit, this, [event, ...args]);
		this.destroy(new Error('the connection was cut: it ended without close_notify'));
		return true;
	}

	/** What OpenSSL has against the peer's certificate; `null`: nothing, or there is none. */
	get verifyError(): Error | null {
		return this._handle?.verifyError() ?? null;
	}

	/**
	 * RST below: nothing that was cut looks whole. The socket below is told how to close and is closed by ours: where it has gone
	 * before, Node frees what OpenSSL may be at work with, if this is called from within a handshake.
	 */
	override resetAndDestroy(): this {
		if (this.below !== null) this.below.resetAndClosing = true;
		return this.destroy();
	}
}

function readerFor(owner: SecureOwner) {
	return {
		buffer: sharedReadBuffer,
		callback(length: number, buffer: Buffer): boolean {
			loopClock.refresh();
			owner.reader?.onBytes(buffer, length);
			return true;
		},
	};
}

function readPlainly(socket: SecureSocket, owner: SecureOwner): void {
	socket.on('data', (chunk: Buffer) => {
		loopClock.refresh();
		owner.reader?.onBytes(chunk, chunk.length);
	});
}
