/** Opens connections to one endpoint. The only place where the system's connect errors get our names. */
import net from 'node:net';
import { type Clock, TimerEntry, type Timers } from '../clock.ts';
import { ProxyError } from '../error.ts';
import { resetSocket, sharedReadBuffer } from '../io/byte-socket.ts';
import { loopClock } from '../io/loop-clock.ts';
import type { ConnectionRecorder } from '../ports/telemetry.ts';
import { type DialTarget, hostPort } from './dial-target.ts';
import type { OwnListeners } from './own-listeners.ts';

/** `localhost` means both families; apps that bind only `::1` are found on the second try. */
const LOOPBACKS = ['127.0.0.1', '::1'] as const;

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
}

/** One connect attempt; its own deadline. */
class Dial extends TimerEntry {
	private readonly dialer: Dialer;
	private readonly outcome: DialOutcome;
	private readonly startedAt: number;
	private socket: net.Socket | null = null;
	private reader: DialedReader | null = null;
	private family: number;
	private firstCause: NodeJS.ErrnoException | null = null;
	private isSettled = false;

	constructor(dialer: Dialer, outcome: DialOutcome) {
		super();
		this.dialer = dialer;
		this.outcome = outcome;
		this.family = dialer.workingFamily;
		this.startedAt = dialer.options.clock.now();
		if (dialer.options.connectTimeoutMs > 0) dialer.options.timers.arm(this, dialer.options.connectTimeoutMs);
		this.connect();
	}

	private connect(): void {
		const onread = {
			buffer: sharedReadBuffer,
			callback: (length: number, buffer: Uint8Array): boolean => {
				loopClock.refresh();
				this.reader?.onBytes(buffer as Buffer, length);
				return true;
			},
		};
		const socket = net.connect({ ...this.where(), allowHalfOpen: true, noDelay: true, onread });
		this.socket = socket;
		const onError = (error: NodeJS.ErrnoException) => {
			loopClock.refresh();
			this.failed(error);
		};
		socket.once('error', onError);
		socket.once('connect', () => {
			loopClock.refresh();
			if (isConnectedToItself(socket)) {
				// RST, so that no TIME_WAIT keeps the app from its port.
				resetSocket(socket);
				return this.failed(selfConnect());
			}
			if (this.dialer.options.ownListeners.hasPeerOf(socket)) return this.settle(this.loop(socket));
			socket.removeListener('error', onError);
			this.connected(socket);
		});
	}

	private where(): net.TcpNetConnectOpts | net.IpcNetConnectOpts {
		const { target } = this.dialer.options;
		switch (target.kind) {
			case 'loopback':
				return { port: target.port, host: LOOPBACKS[this.family] as string };
			case 'socket':
				return { path: target.path };
			case 'host':
				// All addresses of the name are tried, both families by turns (RFC 8305).
				return { port: target.port, host: target.host, autoSelectFamily: true };
		}
	}

	private connected(socket: net.Socket): void {
		const { dialer } = this;
		const { options } = dialer;
		this.isSettled = true;
		options.timers.disarm(this);
		dialer.workingFamily = this.family;
		options.recorder.connected(options.service, (options.clock.now() - this.startedAt) / 1000);
		this.reader = this.outcome.onDialed(socket, dialer.addressOf(this.family));
	}

	private failed(cause: NodeJS.ErrnoException): void {
		if (this.isSettled) return;
		const { target } = this.dialer.options;
		if (target.kind === 'loopback' && this.firstCause === null) {
			this.firstCause = cause;
			this.family = 1 - this.family;
			this.connect();
			return;
		}
		const first = this.firstCause ?? cause;
		if (isResolverError(first)) {
			const name = target.kind === 'host' ? target.host : this.dialer.addressOf(this.family);
			return this.settle(
				new ProxyError('dns_failed', `${name} does not resolve: ${first.code}`, { cause: first, unsent: true }),
			);
		}
		const detail = `connect to ${this.dialer.addressOf(1 - this.family)}: ${first.code ?? 'failed'}`;
		this.settle(new ProxyError('connect_failed', detail, { cause: first, unsent: true }));
	}

	private loop(socket: net.Socket): ProxyError {
		const peer = hostPort(socket.remoteAddress ?? '', socket.remotePort ?? 0);
		const detail = `${this.dialer.addressOf(this.family)} leads to ${peer}, where this sidecar listens itself`;
		return new ProxyError('loop_detected', detail, { unsent: true });
	}

	override onTimer(): void {
		if (this.isSettled) return;
		const { connectTimeoutMs } = this.dialer.options;
		const detail = `connect to ${this.dialer.addressOf(this.family)} took longer than ${connectTimeoutMs} ms`;
		this.settle(new ProxyError('connect_timeout', detail, { unsent: true }));
	}

	private settle(error: ProxyError): void {
		const { options } = this.dialer;
		this.isSettled = true;
		options.timers.disarm(this);
		this.socket?.on('error', ignore);
		this.socket?.destroy();
		options.recorder.connectFailed(options.service);
		this.outcome.onDialFailed(error);
	}
}

export class Dialer {
	readonly options: DialerOptions;
	/** Index in `LOOPBACKS` of the family that answered last; says nothing about other targets. */
	workingFamily = 0;

	constructor(options: DialerOptions) {
		this.options = options;
	}

	/** Exactly one of the outcome's two methods is called, never before this returns. */
	dial(outcome: DialOutcome): void {
		new Dial(this, outcome);
	}

	addressOf(family: number): string {
		const { target } = this.options;
		switch (target.kind) {
			case 'loopback':
				return hostPort(LOOPBACKS[family] as string, target.port);
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
