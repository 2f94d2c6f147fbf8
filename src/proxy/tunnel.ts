/**
 * Joins two connections byte by byte, with no look at what they say: `passthrough: true`, and apps that speak `tcp`.
 * Backpressure and half-close go through; an error on one side resets the other.
 */
import type { ProxyError } from '../error.ts';
import { ProxyError as Failure } from '../error.ts';
import type { DownstreamStream, StreamSink, UpstreamStream, UpstreamWaiter } from '../ports/stream.ts';
import type { Service } from './service.ts';

export class Tunnel implements StreamSink, UpstreamWaiter {
	private readonly stream: DownstreamStream;
	private readonly service: Service;
	private upstream: UpstreamStream | null = null;
	private clientEnded = false;
	private upstreamEnded = false;
	private isOver = false;

	constructor(stream: DownstreamStream, service: Service) {
		this.stream = stream;
		this.service = service;
		stream.pause();
		const got = service.pool.acquire(this, true);
		if (got instanceof Failure) this.over(got);
		else if (got !== null) this.onStream(got);
	}

	onStream(upstream: UpstreamStream): void {
		this.upstream = upstream;
		upstream.openTunnel({
			onData: (buffer, start, end) => {
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
		if (this.upstream?.write(buffer, start, end) === false) this.stream.pause();
	}

	onEnd(): void {
		this.clientEnded = true;
		this.upstream?.end(null);
		if (this.upstreamEnded) this.over(null);
	}

	onReset(error: ProxyError): void {
		if (this.isOver) return;
		this.isOver = true;
		if (this.upstream === null) this.service.pool.cancel(this);
		else this.upstream.reset(error);
		this.stream.release();
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
		if (error === null) this.upstream?.abandon();
		else {
			this.upstream?.reset(error);
			this.stream.reset(error);
		}
		this.stream.release();
	}
}
