/** Opens connections to one endpoint. The only place where the system's connect errors get our names. */
import net from 'node:net';
import { type Clock, TimerEntry, type Timers } from '../clock.ts';
import { ProxyError } from '../error.ts';
import { resetSocket, sharedReadBuffer } from '../io/byte-socket.ts';
import { loopClock } from '../io/loop-clock.ts';
import type { ConnectionRecorder } from '../ports/telemetry.ts';

/** Where an app listens: a port on this host, or a Unix socket. */
export type Endpoint = { readonly port: number } | { readonly socket: string };

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
	readonly endpoint: Endpoint;
	/** Milliseconds until a connect attempt is given up; 0: as the system has it. */
	readonly connectTimeoutMs: number;
	readonly service: string;
	readonly clock: Clock;
	readonly timers: Timers;
	readonly recorder: ConnectionRecorder;
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
		const { endpoint } = this.dialer.options;
		const onread = {
			buffer: sharedReadBuffer,
			callback: (length: number, buffer: Uint8Array): boolean => {
				loopClock.refresh();
				this.reader?.onBytes(buffer as Buffer, length);
				return true;
			},
		};
		const address =
			'port' in endpoint ? { port: endpoint.port, host: LOOPBACKS[this.family] as string } : { path: endpoint.socket };
		const socket = net.connect({ ...address, allowHalfOpen: true, noDelay: true, onread });
		this.socket = socket;
		const onError = (error: NodeJS.ErrnoException) => {
			loopClock.refresh();
			this.failed(error);
		};
		socket.once('error', onError);
		socket.once('connect', () => {
			if ('port' in endpoint && socket.localPort === endpoint.port) {
				// RST, so that no TIME_WAIT keeps the app from its port.
				resetSocket(socket);
				return this.failed(selfConnect());
			}
			socket.removeListener('error', onError);
			loopClock.refresh();
			this.connected(socket);
		});
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
		if ('port' in this.dialer.options.endpoint && this.firstCause === null) {
			this.firstCause = cause;
			this.family = 1 - this.family;
			this.connect();
			return;
		}
		const first = this.firstCause ?? cause;
		const detail = `connect to ${this.dialer.addressOf(1 - this.family)}: ${first.code ?? 'failed'}`;
		this.settle(new ProxyError('connect_failed', detail, { cause: first, unsent: true }));
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
	/** Index in `LOOPBACKS` of the family that answered last. */
	workingFamily = 0;

	constructor(options: DialerOptions) {
		this.options = options;
	}

	/** Exactly one of the outcome's two methods is called, never before this returns. */
	dial(outcome: DialOutcome): void {
		new Dial(this, outcome);
	}

	addressOf(family: number): string {
		const { endpoint } = this.options;
		if ('socket' in endpoint) return endpoint.socket;
		return family === 0 ? `${LOOPBACKS[0]}:${endpoint.port}` : `[${LOOPBACKS[1]}]:${endpoint.port}`;
	}
}

/**
 * A loopback port that nobody listens on can be given to the very socket that dials it, and TCP then connects it to
 * itself (simultaneous open, RFC 9293 §3.5): the app would seem to be there, and would find its port taken.
 */
function selfConnect(): NodeJS.ErrnoException {
	return Object.assign(new Error('connected to itself'), { code: 'ECONNREFUSED' });
}

/** The socket is being given up: its last words interest nobody. */
function ignore(): void {
	// nothing to do
}
