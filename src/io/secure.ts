/**
 * TLS as listeners and dialers see it. What makes it lives in `identity/`, and is loaded with the first file that asks for
 * it: Node's TLS takes 6 MB and some 20 ms.
 */
import type net from 'node:net';
import type { Timers } from '../clock.ts';
import type { HandshakeResult, Refusal, VerifiedPeer } from '../ports/handshake.ts';
import type { AcceptedReader } from './accept-shared.ts';

/** Hears of exactly one end of a handshake, never before the call that began it has returned. */
export interface HandshakeOwner {
	/** `result`: whether a session was resumed. What is returned gets the plain bytes. */
	onSecure(socket: net.Socket, peer: VerifiedPeer, result: HandshakeResult): AcceptedReader;
	/** The connection has been cut. */
	onRefused(refusal: Refusal): void;
}

export interface RunningHandshake {
	/** Gives it up; the owner hears of that as of any other end. */
	cancel(): void;
}

/**
 * Milliseconds within which connections that were made by certificates which have been replaced are made anew, each at its
 * own time: when it is idle, or with a response.
 */
export const RECONNECT_MS = 60_000;

/** TLS on an inbound port. */
export interface InboundTls {
	/** `strict`: nothing else is taken. `permissive`: plaintext is, as from nobody in particular. */
	readonly mode: 'strict' | 'permissive';
	/** What stands for the certificates in force: another object once they are others. */
	version(): object | null;
	/** `received`: what has been read of `raw` already; it must be paused. */
	accept(raw: net.Socket, received: Buffer, timers: Timers, owner: HandshakeOwner): RunningHandshake | Refusal;
}

/** TLS towards one endpoint. */
export interface OutboundTls {
	/** As that of `InboundTls`. */
	version(): object | null;
	connect(raw: net.Socket, timers: Timers, owner: HandshakeOwner): RunningHandshake | Refusal;
}

export function isRefusal(outcome: object): outcome is Refusal {
	return 'fault' in outcome;
}
