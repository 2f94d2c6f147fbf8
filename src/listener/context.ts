/** What every connection of a listener shares. Made once by the listener. */
import type { Clock, Timers } from '../clock.ts';
import type { HeadLimits } from '../http1/limits.ts';
import type { RequestHandler } from '../ports/stream.ts';
import type { ConnectionTable, TableEntry } from './connection-table.ts';

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
	/** Each response is the last one of its connection. */
	isDraining(): boolean;
	/** A connection that waits for a request closes. */
	closesIdle(): boolean;
}
