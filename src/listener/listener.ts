/**
 * A bound port and its connections.
 *
 * Theory of operation. A listener that is holding accepts connections but does not read them until `release` is called (the
 * app listens for the first time): at most `hold` of them, each for at most `holdFor`, then they are served as things stand.
 *
 * Draining loses no request that it can save. First the kernel's queue is emptied: who stands in it is connected as far
 * as he knows, and a close would reset him. Then accepting stops. From the first moment each response says
 * `connection: close`; a connection without a request gets `IDLE_GRACE_MS` to send one and be told so, because one that
 * is closed while its next request is on the way looks like a failure to its client. `closeNow` ends what is left.
 */
import net from 'node:net';
import { type Clock, type Random, TimerEntry, type Timers } from '../clock.ts';
import type { HeadLimits } from '../http1/limits.ts';
import { acceptPlain, acceptShared } from '../io/accept-shared.ts';
import { breathe } from '../io/breathe.ts';
import { type InboundTls, RECONNECT_MS } from '../io/secure.ts';
import type { BoundAddress } from '../ports/control.ts';
import type { HandshakeResult, Refusal, VerifiedPeer } from '../ports/handshake.ts';
import type { Log } from '../ports/log.ts';
import type { RequestHandler } from '../ports/stream.ts';
import { ConnectionPeer } from './connection-peer.ts';
import { ConnectionTable } from './connection-table.ts';
import type { Connection, GreetingContext, ListenerContext } from './context.ts';
import { Greeter } from './greeter.ts';
import { Http1Downstream } from './http1-downstream.ts';
import { RefusalLog } from './refusal-log.ts';

/** Connections the kernel queues while the loop is busy; the system's own cap (somaxconn) applies too. */
const BACKLOG = 4096;
/**
 * How long a draining listener waits for the next request of an idle connection: many times the pause of a busy client,
 * and nothing beside the seconds that a drain may take.
 */
const IDLE_GRACE_MS = 300;
/** Answer to a connection that finds no place: it has sent nothing yet, so it can be told before it is read. */
const FULL_REPLY =
	'HTTP/1.1 503 Service Unavailable\r\nproxy-status: outrigger; error=connection_limit_reached; details="overloaded"\r\n' +
	'content-type: application/json\r\ncontent-length: 22\r\nconnection: close\r\n\r\n{"error":"overloaded"}';

export interface ListenerOptions {
	/** `''`: all addresses of both families. */
	readonly host: string;
	readonly port: number;
	readonly handler: RequestHandler;
	readonly timers: Timers;
	readonly clock: Clock;
	readonly random: Random;
	readonly log: Log;
	readonly headLimits: HeadLimits;
	readonly maxConnections: number;
	readonly idleMs: number;
	readonly headTimeoutMs: number;
	readonly isRaw: boolean;
	/** Connections wait until `release` is called. */
	readonly isHolding: boolean;
	/** How many may wait, and for how long. */
	readonly hold: number;
	readonly holdForMs: number;
	/** The internal hook of `io/accept-shared.ts` works on this Node. */
	readonly acceptsShared: boolean;
	/** A connection was refused for want of a place. */
	onRefused(): void;
	/** TLS on this port, as of now; `null`: plaintext. */
	tls(): InboundTls | null;
	onHandshake(result: HandshakeResult): void;
	/** A `permissive` port has taken a connection in plaintext. */
	onPlaintext(): void;
}

/** A connection that waits for the app to listen. */
class Held extends TimerEntry {
	private readonly connection: Connection;
	private readonly owner: Set<Held>;

	constructor(connection: Connection, owner: Set<Held>) {
		super();
		this.connection = connection;
		this.owner = owner;
	}

	override onTimer(): void {
		this.owner.delete(this);
		this.connection.start();
	}
}

/** The end of the time that idle connections have while draining. */
class IdleGrace extends TimerEntry {
	isOver = false;
	private readonly end: () => void;

	constructor(end: () => void) {
		super();
		this.end = end;
	}

	override onTimer(): void {
		this.isOver = true;
		this.end();
	}
}

export class Listener {
	private readonly options: ListenerOptions;
	private readonly server: net.Server;
	private readonly table: ConnectionTable<Connection>;
	private readonly context: ListenerContext;
	private readonly greeting: GreetingContext;
	private readonly refusals: RefusalLog;
	private readonly held = new Set<Held>();
	private readonly idleGrace = new IdleGrace(() => this.closeIdle());
	private isHolding: boolean;
	private isDraining = false;
	private isClosed = false;
	/** Connections taken from the kernel so far. */
	private accepted = 0;

	constructor(options: ListenerOptions) {
		this.options = options;
		this.isHolding = options.isHolding;
		this.table = new ConnectionTable(options.maxConnections);
		this.context = {
			handler: options.handler,
			timers: options.timers,
			clock: options.clock,
			table: this.table,
			headLimits: options.headLimits,
			idleMs: options.idleMs,
			headTimeoutMs: options.headTimeoutMs,
			isRaw: options.isRaw,
			isLast: (peer) => this.isDraining || this.isOutdated(peer),
			closesIdle: () => this.idleGrace.isOver,
		};
		this.refusals = new RefusalLog(options.log, options.clock);
		this.greeting = {
			timers: options.timers,
			table: this.table,
			idleMs: options.idleMs,
			become: (greeted, socket, peer) => this.become(greeted, socket, peer),
			onHandshake: options.onHandshake,
			onPlaintext: options.onPlaintext,
			onRefusal: (refusal, address) => this.onRefusal(refusal, address),
		};
		this.server = net.createServer({
			allowHalfOpen: true,
			noDelay: true,
			pauseOnConnect: !options.acceptsShared,
		});
	}

	/** Binds. Rejects with the system's error (`EADDRINUSE`, `EACCES`). */
	async start(): Promise<BoundAddress> {
		const { host, port, acceptsShared } = this.options;
		await new Promise<void>((resolve, reject) => {
			this.server.once('error', reject);
			const where = host === '' ? { port } : { host, port };
			this.server.listen({ ...where, backlog: BACKLOG }, () => {
				this.server.removeListener('error', reject);
				resolve();
			});
		});
		this.server.on('error', (error) => this.options.log.error({ err: error }, 'listener failed'));
		const onAccepted = (socket: net.Socket) => this.accept(socket);
		if (!acceptsShared || !acceptShared(this.server, onAccepted)) acceptPlain(this.server, onAccepted);
		return this.server.address() as net.AddressInfo;
	}

	get connections(): number {
		return this.table.size;
	}

	private accept(socket: net.Socket): Connection {
		this.accepted++;
		const tls = this.options.tls();
		const connection =
			tls === null
				? new Http1Downstream(socket, new ConnectionPeer(socket, null, null), this.context)
				: new Greeter(socket, tls, this.greeting);
		if (this.isClosed) socket.destroy();
		else if (this.isHolding && this.held.size >= this.options.hold) this.refuse(socket);
		else if (!this.table.admit(connection)) this.refuse(socket);
		else if (this.isHolding) this.holdBack(connection);
		else connection.start();
		return connection;
	}

	/**
	 * Connections go on when certificates change, when that of a client expires, and when the port takes plaintext no longer; but
	 * within `RECONNECT_MS` each is asked to come again, so that nobody is served for long who would not be let in.
	 */
	private isOutdated(peer: ConnectionPeer): boolean {
		const { clock, random } = this.options;
		const tls = this.options.tls();
		const isExpired = peer.expiresAt > 0 && clock.wall() >= peer.expiresAt;
		const isCurrent = peer.version === null ? tls?.mode !== 'strict' : tls?.version() === peer.version;
		if (isCurrent && !isExpired) return false;
		const now = clock.now();
		if (peer.reconnectAt === 0) peer.reconnectAt = now + RECONNECT_MS * random.next();
		return now >= peer.reconnectAt;
	}

	private refuse(socket: net.Socket): void {
		this.options.onRefused();
		// Who expects TLS can make nothing of an answer in plaintext.
		if (this.options.tls() !== null) return void socket.destroy();
		socket.write(FULL_REPLY, 'latin1');
		socket.destroySoon();
	}

	private become(greeted: Connection, socket: net.Socket, peer: VerifiedPeer | null): Connection {
		const version = peer === null ? null : (this.options.tls()?.version() ?? null);
		const connection = new Http1Downstream(socket, new ConnectionPeer(socket, peer, version), this.context);
		this.table.replace(greeted, connection);
		// Its handshake has lasted for longer than the grace of the others.
		if (this.idleGrace.isOver) this.options.timers.arm(this.idleGrace, IDLE_GRACE_MS);
		return connection;
	}

	private onRefusal(refusal: Refusal, address: string): void {
		this.options.onHandshake(refusal.fault);
		this.refusals.add(refusal, address);
	}

	private holdBack(connection: Connection): void {
		const entry = new Held(connection, this.held);
		this.held.add(entry);
		this.options.timers.arm(entry, this.options.holdForMs);
	}

	/** The app listens: held connections are served, new ones at once. */
	release(): void {
		this.isHolding = false;
		for (const entry of [...this.held]) {
			this.options.timers.disarm(entry);
			entry.onTimer();
		}
	}

	/** Stops accepting; resolves when the last connection has ended. */
	async drain(): Promise<void> {
		this.isDraining = true;
		this.release();
		await this.acceptQueued();
		const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
		this.options.timers.arm(this.idleGrace, IDLE_GRACE_MS);
		await closed;
		await this.emptied();
	}

	/**
	 * Takes what waits in the kernel's queue: each turn of the loop accepts at least one, until there is none. The first
	 * quiet turn proves nothing, it may have looked at the sockets before it called us.
	 */
	private async acceptQueued(): Promise<void> {
		for (let turns = 0, quiet = 0; quiet < 2 && turns < BACKLOG && !this.isClosed; turns++) {
			const before = this.accepted;
			await breathe();
			quiet = this.accepted === before ? quiet + 1 : 0;
		}
	}

	private closeIdle(): void {
		for (const connection of this.table.snapshot()) connection.closeIfIdle();
	}

	private async emptied(): Promise<void> {
		while (this.table.size > 0) {
			await new Promise<void>((resolve) => {
				this.table.onRemoved = resolve;
			});
		}
		this.table.onRemoved = null;
	}

	/** Ends every connection at once, and takes no other. */
	closeNow(): void {
		this.isClosed = true;
		for (const connection of this.table.snapshot()) connection.destroy();
	}
}
