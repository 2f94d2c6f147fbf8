/** Opens connections to one endpoint. The only place where the system's connect errors get our names. */
import dns from 'node:dns';
import net from 'node:net';
import { type Clock, TimerEntry, type Timers } from '../clock.ts';
import { ProxyError } from '../error.ts';
import { resetSocket, sharedReadBuffer } from '../io/byte-socket.ts';
import { loopClock } from '../io/loop-clock.ts';
import type { OutboundTls } from '../io/secure.ts';
import type { HandshakeRecorder } from '../ports/handshake.ts';
import type { ConnectionRecorder } from '../ports/telemetry.ts';
import { type DialTarget, hostPort } from './dial-target.ts';
import { attemptDelayMs, orderOfAddresses } from './happy-eyeballs.ts';
import type { OwnListeners } from './own-listeners.ts';
import { SecureDial } from './secure-dial.ts';

/** `localhost` means both families; apps that bind only `::1` are found on the second try. */
const LOOPBACKS = ['127.0.0.1', '::1'] as const;
/** Addresses of a name whose failures are told one by one. */
const MAX_TOLD = 4;

export interface DialedReader {
	onBytes(buffer: Buffer, length: number): void;
}

export interface DialOutcome {
	onDialed(socket: net.Socket, address: string): DialedReader;
	onDialFailed(error: ProxyError): void;
}

export interface DialerOptions {
	readonly target: DialTarget;
	/** Milliseconds until a connect attempt is given up, the search for the name included; 0: as the system has it. */
	readonly connectTimeoutMs: number;
	readonly service: string;
	readonly clock: Clock;
	readonly timers: Timers;
	readonly recorder: ConnectionRecorder;
	/** Never to be connected to. */
	readonly ownListeners: Pick<OwnListeners, 'hasPeerOf'>;
	/** `null`: plaintext. */
	readonly tls: OutboundTls | null;
	readonly handshakes: HandshakeRecorder;
}

interface Failure {
	/** `''`: of the target itself. */
	readonly address: string;
	readonly cause: NodeJS.ErrnoException;
}

/** Fires when the next address is to be tried beside those that have not answered. */
class NextAddress extends TimerEntry {
	private readonly dial: Dial;

	constructor(dial: Dial) {
		super();
		this.dial = dial;
	}

	override onTimer(): void {
		this.dial.tryNext();
	}
}

/**
 * One connection being opened; its own deadline.
 *
 * Theory of operation. A name is resolved by the system, and its addresses are raced (RFC 8305): the next one is tried
 * when one has failed, and beside those that have not answered within the delay; the first that connects wins, the others
 * are let go of. `autoSelectFamily` of Node.js gives an address up when the next one's turn comes, so that one which answers
 * late is lost. The two loopback addresses are tried one after the other: a busy app is not to be called twice.
 */
class Dial extends TimerEntry {
	private readonly dialer: Dialer;
	private readonly outcome: DialOutcome;
	private readonly startedAt: number;
	private readonly next = new NextAddress(this);
	/** In the order in which they are tried; `tried` of them have been. */
	private addresses: readonly string[] = [];
	private tried = 0;
	private delayMs = 0;
	private readonly pending = new Set<net.Socket>();
	private readonly failures: Failure[] = [];
	private reader: DialedReader | null = null;
	private isSettled = false;

	constructor(dialer: Dialer, outcome: DialOutcome) {
		super();
		this.dialer = dialer;
		this.outcome = outcome;
		this.startedAt = dialer.options.clock.now();
		if (dialer.options.connectTimeoutMs > 0) dialer.options.timers.arm(this, dialer.options.connectTimeoutMs);
		this.begin();
	}

	private begin(): void {
		const { target } = this.dialer.options;
		if (target.kind === 'socket') return this.connect('', { path: target.path });
		if (target.kind === 'loopback') return this.race(LOOPBACKS);
		if (net.isIP(target.host) !== 0) return this.race([target.host]);
		dns.lookup(target.host, { all: true }, (error, found) => {
			loopClock.refresh();
			if (this.isSettled) return;
			if (error !== null) this.failed('', error);
			else this.race(found.map(({ address }) => address));
		});
	}

	private race(addresses: readonly string[]): void {
		const { target, connectTimeoutMs, clock } = this.dialer.options;
		this.addresses = orderOfAddresses(addresses, this.dialer.workingAddress);
		if (target.kind === 'host') {
			const remainingMs = connectTimeoutMs > 0 ? Math.max(1, this.startedAt + connectTimeoutMs - clock.now()) : 0;
			this.delayMs = attemptDelayMs(this.addresses.length, remainingMs);
		}
		this.tryNext();
	}

	tryNext(): void {
		const { target, timers } = this.dialer.options;
		if (this.isSettled || target.kind === 'socket') return;
		const host = this.addresses[this.tried++];
		if (host === undefined) return;
		this.connect(host, { host, port: target.port });
		if (this.delayMs > 0 && this.tried < this.addresses.length) timers.arm(this.next, this.delayMs);
		else timers.disarm(this.next);
	}

	private connect(address: string, where: net.TcpNetConnectOpts | net.IpcNetConnectOpts): void {
		const onread = {
			buffer: sharedReadBuffer,
			callback: (length: number, buffer: Uint8Array): boolean => {
				loopClock.refresh();
				this.reader?.onBytes(buffer as Buffer, length);
				return true;
			},
		};
		const socket = net.connect({ ...where, allowHalfOpen: true, noDelay: true, onread });
		this.pending.add(socket);
		const onError = (error: NodeJS.ErrnoException) => {
			loopClock.refresh();
			this.pending.delete(socket);
			this.failed(address, error);
		};
		socket.once('error', onError);
		socket.once('connect', () => {
			loopClock.refresh();
			// Another one has won, or time is up, in the same turn of the event loop.
			if (this.isSettled) return;
			if (isConnectedToItself(socket)) {
				// RST, so that no TIME_WAIT keeps the app from its port.
				resetSocket(socket);
				this.pending.delete(socket);
				return this.failed(address, selfConnect());
			}
			if (this.dialer.options.ownListeners.hasPeerOf(socket)) return this.settle(this.loop(socket));
			socket.removeListener('error', onError);
			this.connected(socket, address);
		});
	}

	private connected(socket: net.Socket, address: string): void {
		const { dialer } = this;
		const { options } = dialer;
		this.pending.delete(socket);
		this.close();
		dialer.workingAddress = address;
		options.recorder.connected(options.service, (options.clock.now() - this.startedAt) / 1000);
		if (options.tls === null) this.reader = this.outcome.onDialed(socket, dialer.addressOf(address));
		else this.secure(socket, dialer.addressOf(address), options.tls);
	}

	private secure(raw: net.Socket, address: string, tls: OutboundTls): void {
		const { outcome } = this;
		const { timers, handshakes } = this.dialer.options;
		SecureDial.start(
			{ raw, address, tls, timers, handshakes },
			{
				onSecured: (socket) => outcome.onDialed(socket, address),
				onDialFailed: (error) => outcome.onDialFailed(error),
			},
		);
	}

	private failed(address: string, cause: NodeJS.ErrnoException): void {
		if (this.isSettled) return;
		this.failures.push({ address, cause });
		if (this.tried < this.addresses.length) return this.tryNext();
		if (this.pending.size === 0) this.settle(this.lost());
	}

	/** Every address has failed. */
	private lost(): ProxyError {
		const { target } = this.dialer.options;
		const first = this.failures[0] as Failure;
		const { cause } = first;
		if (isResolverError(cause)) {
			const name = target.kind === 'host' ? target.host : this.dialer.addressOf(first.address);
			return new ProxyError('dns_failed', `${name} does not resolve: ${cause.code}`, { cause, unsent: true });
		}
		const detail = `connect to ${this.dialer.addressOf(first.address)}: ${this.reasons(first, target.kind === 'host')}`;
		return new ProxyError('connect_failed', detail, { cause, unsent: true });
	}

	private reasons(first: Failure, isHost: boolean): string {
		if (!isHost || this.failures.length === 1) return first.cause.code ?? 'failed';
		const told = this.failures.slice(0, MAX_TOLD).map(({ address, cause }) => `${address} ${cause.code ?? 'failed'}`);
		return this.failures.length > told.length ? `${told.join(', ')}, …` : told.join(', ');
	}

	private loop(socket: net.Socket): ProxyError {
		const peer = hostPort(socket.remoteAddress ?? '', socket.remotePort ?? 0);
		const detail = `${this.currentAddress()} leads to ${peer}, where this sidecar listens itself`;
		return new ProxyError('loop_detected', detail, { unsent: true });
	}

	override onTimer(): void {
		if (this.isSettled) return;
		const detail = `connect to ${this.currentAddress()} took longer than ${this.dialer.options.connectTimeoutMs} ms`;
		this.settle(new ProxyError('connect_timeout', detail, { unsent: true }));
	}

	private currentAddress(): string {
		return this.dialer.addressOf(this.addresses[this.tried - 1] ?? '');
	}

	private settle(error: ProxyError): void {
		const { options } = this.dialer;
		this.close();
		options.recorder.connectFailed(options.service);
		this.outcome.onDialFailed(error);
	}

	/** Lets go of everything that is still being tried. */
	private close(): void {
		const { timers } = this.dialer.options;
		this.isSettled = true;
		timers.disarm(this);
		timers.disarm(this.next);
		for (const socket of this.pending) {
			socket.on('error', ignore);
			socket.destroy();
		}
		this.pending.clear();
	}
}

export class Dialer {
	readonly options: DialerOptions;
	/** The address that answered last: the next dial begins with it. `''`: none yet. */
	workingAddress = '';

	constructor(options: DialerOptions) {
		this.options = options;
	}

	/** Exactly one of the outcome's two methods is called, never before this returns. */
	dial(outcome: DialOutcome): void {
		new Dial(this, outcome);
	}

	/** What stands for the certificates that connections are made by now; `null`: plaintext. */
	version(): object | null {
		return this.options.tls?.version() ?? null;
	}

	/** As people know it. `address`: which of the loopback addresses it is about. */
	addressOf(address: string = LOOPBACKS[0]): string {
		const { target } = this.options;
		switch (target.kind) {
			case 'loopback':
				return hostPort(address, target.port);
			case 'socket':
				return target.path;
			case 'host':
				return hostPort(target.host, target.port);
		}
	}
}

/**
 * A local port that nobody listens on can be given to the very socket that dials it, and TCP then connects it to itself
 * (simultaneous open, RFC 9293 §3.5): the app would seem to be there, and would find its port taken.
 */
function isConnectedToItself(socket: net.Socket): boolean {
	const { localPort, remotePort } = socket;
	return localPort !== undefined && localPort === remotePort && socket.localAddress === socket.remoteAddress;
}

function selfConnect(): NodeJS.ErrnoException {
	return Object.assign(new Error('connected to itself'), { code: 'ECONNREFUSED' });
}

/** What getaddrinfo(3) reports, as libuv names it. */
function isResolverError({ code, syscall }: NodeJS.ErrnoException): boolean {
	return syscall === 'getaddrinfo' || code === 'ENOTFOUND' || code?.startsWith('EAI_') === true;
}

/** The socket is being given up: its last words interest nobody. */
function ignore(): void {
	// nothing to do
}
