/**
 * What the listener hands its requests to, so that a reload is one assignment: whatever arrives after it finds the new
 * rules whole, and what has arrived before keeps the snapshot that it started with.
 */
import type { ProxyError } from '../error.ts';
import type { RequestHead } from '../http/head.ts';
import type { DownstreamStream, RequestHandler, StreamSink } from '../ports/stream.ts';

export class CurrentHandler implements RequestHandler {
	/** Set before the first request can come. */
	current!: RequestHandler;

	onRequest(stream: DownstreamStream, head: RequestHead): StreamSink {
		return this.current.onRequest(stream, head);
	}

	onBadRequest(stream: DownstreamStream, error: ProxyError, head: RequestHead): void {
		this.current.onBadRequest(stream, error, head);
	}

	onTunnel(stream: DownstreamStream): StreamSink {
		return this.current.onTunnel(stream);
	}
}
