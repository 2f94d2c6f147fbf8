/**
 * The connections of one service to one endpoint.
 *
 * Theory of operation. Idle connections are a stack: the one used last is the warmest and the least likely to have been
 * closed by the app. A waiter that finds none gets a dial of its own while `maxConnections` allows, and otherwise queues
 * (at most `pending` wait). A connection that comes free goes to the first waiter that takes a used one; the dial that
 * was made for that waiter then ends in the idle stack. A dial's failure is its own waiter's failure, nobody else's.
 *
 * Idle connections retire before the app would close them: after the learned idle age (`resilience/idle-age.ts`), checked
 * when one is taken and by a sweep.
 */

import type net from 'node:net';
import { type Clock, type Random, TimerEntry, type Timers } from '../clock.ts';
import { ProxyError } from '../error.ts';
import type { HeadLimits } from '../http1/limits.ts';
import { RECONNECT_MS } from '../io/secure.ts';
import type { UpstreamPool, UpstreamStream, UpstreamWaiter } from '../ports/stream.ts';
import type { IdleAge } from '../resilience/idle-age.ts';
import type { DialedReader, Dialer } from './dial.ts';
import { type ConnectionKeeper, Http1Upstream } from './http1-upstream.ts';

/** How often idle connections are looked at; retirement is at most this late, and checked again when one is taken. */
const SWEEP_MS = 1000;

export interface PoolOptions {
	readonly dialer: Dialer;
	readonly clock: Clock;
	readonly timers: Timers;
	readonly random: Random;
	readonly idleAge: IdleAge;
	/** Milliseconds an idle connection is kept; 0: as learned. */
	readonly idleMs: number;
	readonly maxConnections: number;
	/** How many exchanges may wait for a connection. */
	readonly maxPending: number;
	/** Requests after which a connection retires; 0: never. */
	readonly maxRequestsPerConnection: number;
	/** Milliseconds after which a connection retires; 0: never. */
	readonly maxAgeMs: number;
	readonly limits: HeadLimits;
}

interface Waiting {
	readonly waiter: UpstreamWaiter;
	readonly isFresh: boolean;
	isDialing: boolean;
}

export class Http1Pool extends TimerEntry implements UpstreamPool, ConnectionKeeper {
	private readonly options: PoolOptions;
	private readonly idle: Http1Upstream[] = [];
	private readonly waiting = new Map<UpstreamWaiter, Waiting>();
	/** All connections, dials included. */
	private open = 0;
	private dialing = 0;
	private isClosing = false;

	constructor(options: PoolOptions) {
		super();
		this.options = options;
	}

	get counts(): { active: number; idle: number; pending: number } {
		return { active: this.open - this.dialing - this.idle.length, idle: this.idle.length, pending: this.waiting.size };
	}

	acquire(waiter: UpstreamWaiter, fresh: boolean): UpstreamStream | ProxyError | null {
		if (!fresh && this.idle.length > 0) {
			const connection = this.takeIdle();
			if (connection !== null) return connection;
		}
		const { maxPending, maxConnections } = this.options;
		const hasRoom = this.open < maxConnections;
		if (!hasRoom && this.waiting.size - this.dialing >= maxPending) {
			const detail = `all ${maxConnections} connections are busy and ${maxPending} requests wait for one`;
			return new ProxyError(maxPending === 0 ? 'limit_connections' : 'limit_pending', detail, { unsent: true });
		}
		const entry: Waiting = { waiter, isFresh: fresh, isDialing: hasRoom };
		this.waiting.set(waiter, entry);
		if (hasRoom) this.dial(entry);
		else if (fresh) this.makeRoom();
		return null;
	}

	cancel(waiter: UpstreamWaiter): void {
		this.waiting.delete(waiter);
	}

	private takeIdle(): Http1Upstream | null {
		const { idle } = this;
		const now = this.options.clock.now();
		for (let connection = idle.pop(); connection !== undefined; connection = idle.pop()) {
			if (!this.isDue(connection, now)) return connection;
			connection.destroy();
		}
		return null;
	}

	private isDue(connection: Http1Upstream, now: number): boolean {
		const { idleMs, idleAge, maxAgeMs } = this.options;
		if (now - connection.idleSince >= (idleMs > 0 ? idleMs : idleAge.retireAfterMs())) return true;
		if (maxAgeMs > 0 && now - connection.openedAt >= maxAgeMs) return true;
		return connection.version !== null && this.isOutdated(connection, now);
	}

	/** Made by certificates that have been replaced. All at once would be a storm of handshakes. */
	private isOutdated(connection: Http1Upstream, now: number): boolean {
		const { dialer, random } = this.options;
		if (dialer.version() === connection.version) return false;
		if (connection.reconnectAt === 0) connection.reconnectAt = now + RECONNECT_MS * random.next();
		return now >= connection.reconnectAt;
	}

	/** A fresh connection is wanted, and every place is taken: an idle one makes way. */
	private makeRoom(): void {
		this.idle.pop()?.destroy();
	}

	private dial(entry: Waiting): void {
		this.open++;
		this.dialing++;
		this.options.dialer.dial({
			onDialed: (socket, address) => this.onDialed(entry, socket, address),
			onDialFailed: (error) => this.onDialFailed(entry, error),
		});
	}

	private onDialed(entry: Waiting, socket: net.Socket, address: string): DialedReader {
		this.dialing--;
		const connection = new Http1Upstream(socket, address, this, this.options.limits);
		connection.openedAt = this.options.clock.now();
		connection.version = this.options.dialer.version();
		if (this.waiting.get(entry.waiter) === entry) {
			this.waiting.delete(entry.waiter);
			entry.waiter.onStream(connection);
		} else this.onReusable(connection);
		return connection;
	}

	private onDialFailed(entry: Waiting, error: ProxyError): void {
		this.dialing--;
		this.open--;
		if (this.waiting.get(entry.waiter) === entry) {
			this.waiting.delete(entry.waiter);
			entry.waiter.onNoStream(error);
		}
		this.dialForNext();
	}

	/** A place has come free: the first waiter without a dial gets one. */
	private dialForNext(): void {
		if (this.waiting.size <= this.dialing || this.open >= this.options.maxConnections) return;
		for (const entry of this.waiting.values()) {
			if (entry.isDialing) continue;
			entry.isDialing = true;
			this.dial(entry);
			return;
		}
	}

	onReusable(connection: Http1Upstream): void {
		const { maxRequestsPerConnection } = this.options;
		if (this.isClosing || (maxRequestsPerConnection > 0 && connection.requests >= maxRequestsPerConnection)) {
			return connection.destroy();
		}
		const now = this.options.clock.now();
		connection.idleSince = now;
		// One that is never idle for long would never be looked at.
		if (connection.version !== null && this.isOutdated(connection, now)) return connection.destroy();
		if (this.waiting.size > 0) {
			for (const entry of this.waiting.values()) {
				if (entry.isFresh && connection.requests > 0) {
					// It has been waiting for longest and gets a dial of its own in this connection's place.
					if (!entry.isDialing && this.open >= this.options.maxConnections) return connection.destroy();
					continue;
				}
				this.waiting.delete(entry.waiter);
				entry.waiter.onStream(connection);
				return;
			}
			if (this.open >= this.options.maxConnections) return connection.destroy();
		}
		this.idle.push(connection);
		if (this.timerTick === -1) this.options.timers.arm(this, SWEEP_MS);
	}

	onGone(connection: Http1Upstream): void {
		this.open--;
		const at = this.idle.lastIndexOf(connection);
		if (at >= 0) this.idle.splice(at, 1);
		if (this.waiting.size > 0) this.dialForNext();
	}

	onIdleClose(connection: Http1Upstream): void {
		const now = this.options.clock.now();
		if (connection.requests > 0) this.options.idleAge.closedIdle(now - connection.idleSince, now);
	}

	onKeepAliveHint(seconds: number): void {
		this.options.idleAge.keepAliveHint(seconds);
	}

	override onTimer(): void {
		const now = this.options.clock.now();
		// Destroying takes a connection out of the stack, so the due ones are found first.
		for (const connection of this.idle.filter((each) => this.isDue(each, now))) connection.destroy();
		if (this.idle.length > 0) this.options.timers.arm(this, SWEEP_MS);
	}

	/** Closes what is idle; busy connections end with their exchanges. */
	close(): void {
		this.isClosing = true;
		for (const connection of [...this.idle]) connection.destroy();
		this.options.timers.disarm(this);
	}
}
