/**
 * Joins two connections byte by byte, with no look at what they say: `passthrough: true`, and apps that speak `tcp`.
 * Backpressure and half-close go through; an error on one side, or silence of both for too long, resets the other.
 */
import { TimerEntry } from '../clock.ts';
import { ProxyError } from '../error.ts';
import type { DownstreamStream, StreamSink, UpstreamStream, UpstreamWaiter } from '../ports/stream.ts';
import type { ProxyContext } from './context.ts';
import type { Endpoint } from './endpoint.ts';

/** Where no rule says otherwise: as Envoy's and HAProxy's usual tunnel timeouts. */
const IDLE_MS = 60 * 60 * 1000;

type TunnelContext = Pick<ProxyContext, 'clock' | 'timers' | 'unmatched'>;

export class Tunnel extends TimerEntry implements StreamSink, UpstreamWaiter {
	private readonly context: TunnelContext;
	private readonly idleMs: number;
	private lastActivity: number;
	private readonly stream: DownstreamStream;
	private readonly endpoint: Endpoint | null;
	private upstream: UpstreamStream | null = null;
	private clientEnded = false;
	private upstreamEnded = false;
	private isOver = false;

	/** `to`: why opaque bytes have nowhere to go, else where they go. */
	constructor(stream: DownstreamStream, to: Endpoint | ProxyError, context: TunnelContext) {
		super();
		this.stream = stream;
		this.endpoint = to instanceof ProxyError ? null : to;
		this.context = context;
		this.idleMs = context.unmatched?.tunnelIdleMs ?? IDLE_MS;
		this.lastActivity = context.clock.now();
		if (this.idleMs > 0) context.timers.armAt(this, this.lastActivity + this.idleMs);
		stream.pause();
		const got = to instanceof ProxyError ? to : to.pool.acquire(this, true);
		if (got instanceof ProxyError) this.over(got);
		else if (got !== null) this.onStream(got);
	}

	onStream(upstream: UpstreamStream): void {
		this.upstream = upstream;
		upstream.openTunnel({
			onData: (buffer, start, end) => {
				this.lastActivity = this.context.clock.now();
				if (!this.stream.write(buffer, start, end)) upstream.pause();
			},
			onEnd: () => {
				this.upstreamEnded = true;
				this.stream.end(null);
				if (this.clientEnded) this.over(null);
			},
			onReset: (error) => this.over(error),
			onDrain: () => this.stream.resume(),
			onFlush: () => this.stream.flush(),
		});
		if (this.clientEnded) upstream.end(null);
		this.stream.resume();
	}

	onNoStream(error: ProxyError): void {
		this.over(error);
	}

	onData(buffer: Buffer, start: number, end: number): void {
		this.lastActivity = this.context.clock.now();
		if (this.upstream?.write(buffer, start, end) === false) this.stream.pause();
	}

	onEnd(): void {
		this.clientEnded = true;
		this.upstream?.end(null);
		if (this.upstreamEnded) this.over(null);
	}

	onReset(error: ProxyError): void {
		this.over(error);
	}

	override onTimer(): void {
		const idleAt = this.lastActivity + this.idleMs;
		if (idleAt > this.context.clock.now()) this.context.timers.armAt(this, idleAt);
		else this.over(new ProxyError('stream_idle', `no byte in either direction for ${this.idleMs} ms`));
	}

	onDrain(): void {
		this.upstream?.resume();
	}

	onFlush(): void {
		this.upstream?.flush();
	}

	private over(error: ProxyError | null): void {
		if (this.isOver) return;
		this.isOver = true;
		this.context.timers.disarm(this);
		if (error === null) this.upstream?.abandon();
		else {
			if (this.upstream === null) this.endpoint?.pool.cancel(this);
			else this.upstream.reset(error);
			this.stream.reset(error);
		}
		this.stream.release();
	}
}
