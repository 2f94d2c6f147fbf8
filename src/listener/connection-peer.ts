/** Who is at the other end of a connection, and until when that is believed. */
import type net from 'node:net';
import { plainAddress } from '../http/forwarded.ts';
import type { VerifiedPeer } from '../ports/handshake.ts';
import type { Peer } from '../ports/stream.ts';

export class ConnectionPeer implements Peer {
	readonly address: string;
	readonly port: number;
	readonly isLoopback: boolean;
	readonly scheme: 'http' | 'https';
	readonly principal: string;
	readonly certificateElement: string;
	/** Epoch milliseconds of its certificate; 0: it has shown none. */
	readonly expiresAt: number;
	/** Certificates by which it was greeted (`InboundTls.version`); `null`: plaintext. */
	readonly version: object | null;
	/** Monotonic milliseconds at which it is asked to connect anew; 0: nothing has changed yet. */
	reconnectAt = 0;

	/** `verified`: what TLS has made of it; `null`: plaintext. */
	constructor(socket: net.Socket, verified: VerifiedPeer | null, version: object | null) {
		// A dual-stack listener shows IPv4 peers as ::ffff:a.b.c.d; everybody else writes them plainly.
		this.address = plainAddress(socket.remoteAddress ?? '');
		this.port = socket.remotePort ?? 0;
		this.isLoopback = this.address.startsWith('127.') || this.address === '::1';
		this.scheme = verified === null ? 'http' : 'https';
		this.principal = verified?.principal ?? '';
		this.certificateElement = verified?.certificateElement ?? '';
		this.expiresAt = verified?.expiresAt ?? 0;
		this.version = version;
	}
}
