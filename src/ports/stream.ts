/**
 * The one seam for every protocol. Towards `proxy/` each side of an exchange is a stream; what differs between HTTP/1
 * and HTTP/2 stays inside the connection classes.
 *
 * Rules that both sides keep:
 * - Bytes given to a sink are borrowed: copy or write them before returning.
 * - After `onEnd` or `onReset` a sink hears nothing more of that direction; after `reset` of nothing at all.
 * - Writes are gathered until `flush`, `end`, or until they fill a segment: a head and the body that came with it leave
 *   in one system call. Whoever delivers a batch of bytes calls `onFlush` after the last of it.
 * - A `false` from a write means: stop until `onDrain`. The bytes were taken all the same.
 */
import type { LentAlarm } from '../clock.ts';
import type { ProxyError } from '../error.ts';
import type { RequestHead, ResponseHead } from '../http/head.ts';
import type { HeaderList } from '../http/header-list.ts';

/** Who is at the other end of a downstream connection. One object a connection. */
export interface Peer {
	readonly address: string;
	readonly port: number;
	/** The address is 127.0.0.0/8 or ::1: local replies may explain themselves. */
	readonly isLoopback: boolean;
	readonly scheme: 'http' | 'https';
	/** Verified identity (SPIFFE id) of the peer; `''` without one. */
	readonly principal: string;
	/**
	 * What a verified client certificate adds to `x-forwarded-client-cert`, as an element of that list; `''` without one. A peer
	 * may have one and no principal: not every certificate names a SPIFFE id.
	 */
	readonly certificateElement: string;
}

/** What a stream tells its exchange about the incoming direction, and when the outgoing one takes more. */
export interface StreamSink {
	onData(buffer: Buffer, start: number, end: number): void;
	onEnd(trailers: HeaderList | null): void;
	/** The stream is dead, both ways. */
	onReset(error: ProxyError): void;
	onDrain(): void;
	/** The batch of bytes that came in together has been delivered. */
	onFlush(): void;
}

/** What every stream does for its exchange. */
interface Stream {
	write(buffer: Buffer, start: number, end: number): boolean;
	/** Ends the outgoing message and flushes. */
	end(trailers: HeaderList | null): void;
	flush(): void;
	/** Stops both directions at once; a body that had begun never looks whole to the peer. */
	reset(error: ProxyError): void;
	/** Incoming direction. Idempotent. */
	pause(): void;
	resume(): void;
	/**
	 * After a 101, or a 2xx to CONNECT: from now on bytes in both directions are opaque. Incoming ones still come through
	 * `onData`, the peer's end as `onEnd(null)`; outgoing ones go through `write`, `end` half-closes.
	 */
	takeTunnel(): void;
}

/** A request that came in. */
export interface DownstreamStream extends Stream {
	readonly peer: Peer;
	/** For the deadlines of its exchange. */
	readonly alarm: LentAlarm;
	/** Sends an interim (1xx) response. Not to HTTP/1.0 clients: the stream leaves it out. */
	inform(head: ResponseHead): void;
	/** Starts the final response. Framing is taken from the head; the codec adds what its protocol needs. */
	head(head: ResponseHead): void;
	/** The exchange is over and its record made: the connection may go on. Called exactly once. */
	release(): void;
}

/** What makes exchanges: the listener calls it for each head. */
export interface RequestHandler {
	/** The sink that hears of this request's body from now on. */
	onRequest(stream: DownstreamStream, head: RequestHead): StreamSink;
	/** A head that could not be parsed, or did not come in time: answer it. The stream closes after the answer. */
	onBadRequest(stream: DownstreamStream, error: ProxyError, head: RequestHead): void;
	/** A connection whose bytes are opaque from the first one. */
	onTunnel(stream: DownstreamStream): StreamSink;
}

export interface UpstreamSink extends StreamSink {
	onInformational(head: ResponseHead): void;
	/** Borrowed until the call returns. */
	onHead(head: ResponseHead): void;
}

/** One attempt's place on an upstream connection. */
export interface UpstreamStream extends Stream {
	/** The connection had carried a request before. */
	readonly isReused: boolean;
	/** True once a byte of this request may have been handed to the system. */
	readonly hasWritten: boolean;
	/** True once a byte of the response has come. */
	readonly hasRead: boolean;
	/** `address:port` or the socket's path. */
	readonly address: string;
	/** Starts the request and names who hears the answer. */
	head(head: RequestHead, sink: UpstreamSink): void;
	/** Instead of `head`: the connection carries opaque bytes from its first one. */
	openTunnel(sink: StreamSink): void;
	/** Sends no more of the answer to the sink and gives the connection back or up. For an answer that nobody wants. */
	abandon(): void;
}

/** Who waits for a connection. */
export interface UpstreamWaiter {
	onStream(stream: UpstreamStream): void;
	/** No connection: `connect_failed`, `connect_timeout`, `limit_connections`… Always `unsent`. */
	onNoStream(error: ProxyError): void;
}

/** The connections of one service. */
export interface UpstreamPool {
	/**
	 * A stream at once when a connection is idle; an error at once when a limit is reached; otherwise `null`, and the waiter
	 * hears later: never before this call has returned. `fresh` asks for a connection that has carried nothing yet.
	 */
	acquire(waiter: UpstreamWaiter, fresh: boolean): UpstreamStream | ProxyError | null;
	/** The waiter is no longer interested. Does nothing when it does not wait. */
	cancel(waiter: UpstreamWaiter): void;
}
