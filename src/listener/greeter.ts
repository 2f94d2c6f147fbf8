/**
 * A connection on a port that takes TLS, until it is known what it is and who is there.
 *
 * Theory of operation. The first byte decides: 22 begins a TLS handshake (RFC 8446 §5.1), which no HTTP message can begin
 * with. A `permissive` port passes anything else on as plaintext; then this object only hands bytes through. A peer that
 * says nothing may be silent as long as an idle connection; from its first byte on it has the time of a handshake. The
 * place in the table goes to the connection that this becomes.
 */
import type net from 'node:net';
import { TimerEntry } from '../clock.ts';
import { plainAddress } from '../http/forwarded.ts';
import type { AcceptedReader } from '../io/accept-shared.ts';
import { loopClock } from '../io/loop-clock.ts';
import { type HandshakeOwner, type InboundTls, isRefusal, type RunningHandshake } from '../io/secure.ts';
import type { HandshakeResult, Refusal, VerifiedPeer } from '../ports/handshake.ts';
import { Standing, type TableEntry } from './connection-table.ts';
import type { Connection, GreetingContext } from './context.ts';

/** Content type of a handshake record. */
const TLS_HANDSHAKE = 22;

export class Greeter extends TimerEntry implements Connection, HandshakeOwner {
	standing: Standing = Standing.active;
	tablePrev: TableEntry | null = null;
	tableNext: TableEntry | null = null;
	private readonly raw: net.Socket;
	private readonly tls: InboundTls;
	private readonly context: GreetingContext;
	private handshake: RunningHandshake | null = null;
	/** What it has become in plaintext. */
	private plain: AcceptedReader | null = null;
	/** Of a connection that is gone the system does not tell it any more. */
	private readonly address: string;
	private isDone = false;

	constructor(raw: net.Socket, tls: InboundTls, context: GreetingContext) {
		super();
		this.raw = raw;
		this.tls = tls;
		this.context = context;
		this.address = plainAddress(raw.remoteAddress ?? '');
		raw.on('error', this.onGone);
		raw.on('end', this.onGone);
		raw.on('close', this.onGone);
	}

	start(): void {
		if (this.isDone) return;
		const { idleMs, timers } = this.context;
		if (idleMs > 0) timers.arm(this, idleMs);
		this.raw.resume();
	}

	onBytes(buffer: Buffer, length: number): void {
		if (this.plain !== null) return this.plain.onBytes(buffer, length);
		if (this.isDone || this.handshake !== null || length === 0) return;
		this.context.timers.disarm(this);
		if (buffer[0] === TLS_HANDSHAKE) this.greet(Buffer.from(buffer.subarray(0, length)));
		else if (this.tls.mode === 'permissive') this.takePlain(buffer, length);
		else this.onRefused({ fault: 'plaintext', detail: 'the first byte is not one of TLS' });
	}

	private greet(received: Buffer): void {
		this.raw.pause();
		const handshake = this.tls.accept(this.raw, received, this.context.timers, this);
		if (isRefusal(handshake)) return this.onRefused(handshake);
		this.stopListening();
		this.handshake = handshake;
	}

	private takePlain(buffer: Buffer, length: number): void {
		this.finish();
		this.context.onPlaintext();
		const connection = this.context.become(this, this.raw, null);
		this.plain = connection;
		connection.start();
		connection.onBytes(buffer, length);
	}

	onSecure(socket: net.Socket, peer: VerifiedPeer, result: HandshakeResult): AcceptedReader {
		this.finish();
		this.context.onHandshake(result);
		const connection = this.context.become(this, socket, peer);
		connection.start();
		return connection;
	}

	onRefused(refusal: Refusal): void {
		if (this.isDone) return;
		this.finish();
		this.context.table.remove(this);
		this.context.onRefusal(refusal, this.address);
		this.raw.on('error', () => undefined);
		this.raw.destroy();
	}

	/** Gone without a word: a port that is looked at, or a connection made in advance. */
	private readonly onGone = (): void => {
		if (this.isDone) return;
		loopClock.refresh();
		this.destroy();
	};

	override onTimer(): void {
		this.destroy();
	}

	closeIfIdle(): void {
		if (this.handshake === null) this.destroy();
	}

	destroy(): void {
		if (this.isDone) return;
		this.finish();
		this.context.table.remove(this);
		this.raw.on('error', () => undefined);
		if (this.handshake === null) this.raw.destroy();
		else this.handshake.cancel();
	}

	/** From now on somebody else answers for the socket. */
	private finish(): void {
		this.isDone = true;
		this.context.timers.disarm(this);
		this.stopListening();
	}

	private stopListening(): void {
		this.raw.removeListener('error', this.onGone);
		this.raw.removeListener('end', this.onGone);
		this.raw.removeListener('close', this.onGone);
	}
}
