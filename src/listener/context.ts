/** What every connection of a listener shares. Made once by the listener. */

import type net from 'node:net';
import type { Clock, Timers } from '../clock.ts';
import type { HeadLimits } from '../http1/limits.ts';
import type { AcceptedReader } from '../io/accept-shared.ts';
import type { HandshakeResult, Refusal, VerifiedPeer } from '../ports/handshake.ts';
import type { RequestHandler } from '../ports/stream.ts';
import type { ConnectionPeer } from './connection-peer.ts';
import type { ConnectionTable, TableEntry } from './connection-table.ts';

/** What a listener has accepted. */
export interface Connection extends TableEntry, AcceptedReader {
	/** Starts reading. */
	start(): void;
	/** The end of a drain's patience: a busy connection closes after its response. */
	closeIfIdle(): void;
	destroy(): void;
}

/** What connections share of which it is not known yet what they are. */
export interface GreetingContext {
	readonly timers: Timers;
	readonly table: Pick<ConnectionTable<TableEntry>, 'remove'>;
	/** Milliseconds for which a connection may be silent; 0: for ever. */
	readonly idleMs: number;
	/** It speaks HTTP from now on and has the place of `greeted`. `peer`: who has proven what; `null`: plaintext. */
	become(greeted: Connection, socket: net.Socket, peer: VerifiedPeer | null): Connection;
	onHandshake(result: HandshakeResult): void;
	onRefusal(refusal: Refusal, address: string): void;
	/** A `permissive` port has taken a connection in plaintext. */
	onPlaintext(): void;
}

export interface ListenerContext {
	readonly handler: RequestHandler;
	readonly timers: Timers;
	readonly clock: Clock;
	/** Where a connection says how it stands. */
	readonly table: Pick<ConnectionTable<TableEntry>, 'move' | 'remove'>;
	readonly headLimits: HeadLimits;
	/** Milliseconds a connection may be silent between requests; 0: for ever. */
	readonly idleMs: number;
	/** Milliseconds from the first byte of a head to its last; 0: for ever. */
	readonly headTimeoutMs: number;
	/** Bytes are opaque from the first one (`passthrough`). */
	readonly isRaw: boolean;
	/** A response that begins now is the last one of its connection. */
	isLast(peer: ConnectionPeer): boolean;
	/** A connection that waits for a request closes. */
	closesIdle(): boolean;
}
