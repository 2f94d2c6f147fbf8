/**
 * One call of `FetchX509SVID` over the agent's Unix socket, on a connection of its own: messages as they come, then exactly
 * one end. Node's own HTTP/2 speaks, and is loaded with the first call.
 */
import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders } from 'node:http2';
import net from 'node:net';
import { GrpcStatus, grpcMessage, toldStatus } from '../http/grpc-status.ts';
import { GrpcFrames } from './grpc-frames.ts';

type Http2 = typeof import('node:http2');

/** The default of gRPC's libraries, so no other client would read more. */
const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;
/** Node counts it in megabytes: what is under way, some windows of 64 KiB. */
const SESSION_MEMORY_MB = 2;
const MAX_HEADER_LIST_BYTES = 16 * 1024;
/** An empty message, not compressed. */
const REQUEST = Buffer.alloc(5);
const HEADERS = {
	':method': 'POST',
	':path': '/SpiffeWorkloadAPI/FetchX509SVID',
	':authority': 'localhost',
	'content-type': 'application/grpc',
	te: 'trailers',
	'user-agent': 'outrigger',
	// So that nobody is made to ask by a request that he forwards (SPIFFE Workload Endpoint §3).
	'workload.spiffe.io': 'true',
} as const;

/** In words, by the system's code. */
const UNREACHABLE: Readonly<Record<string, string>> = {
	ENOENT: 'there is no such socket',
	ECONNREFUSED: 'nobody listens on the socket',
	EACCES: 'this user may not write to the socket',
	ECONNRESET: 'the agent broke the connection off',
	EPIPE: 'the agent broke the connection off',
};

export interface StreamEnd {
	/** gRPC's; `null`: there was none. */
	readonly status: number | null;
	readonly reason: string;
}

export interface StreamListener {
	onMessage(message: Uint8Array): void;
	/** Never before the stream has been returned to whoever opened it. */
	onEnd(end: StreamEnd): void;
}

export class SvidStream {
	private readonly listener: StreamListener;
	private readonly frames = new GrpcFrames(MAX_MESSAGE_BYTES);
	private session: ClientHttp2Session | null = null;
	private httpStatus = 0;
	private status: number | null = null;
	private message = '';
	/** What broke it off; `''` while nothing has. */
	private failure = '';
	private isOver = false;

	static open(socketPath: string, listener: StreamListener): SvidStream {
		const stream = new SvidStream(listener);
		import('node:http2').then(
			(http2) => stream.connect(http2, socketPath),
			// A Node.js that was built without it.
			(error: Error) => stream.cancel(`there is no HTTP/2 here: ${error.message}`),
		);
		return stream;
	}

	private constructor(listener: StreamListener) {
		this.listener = listener;
	}

	/** Ends it, which the listener hears of within this call. */
	cancel(reason: string): void {
		this.failure ||= reason;
		this.end();
	}

	private connect(http2: Http2, socketPath: string): void {
		if (this.isOver) return;
		const session = http2.connect('http://localhost', {
			// What the session makes of its errors is less than they say.
			createConnection: () => net.connect(socketPath).on('error', this.onError),
			maxSessionMemory: SESSION_MEMORY_MB,
			settings: { enablePush: false, maxHeaderListSize: MAX_HEADER_LIST_BYTES },
		});
		this.session = session;
		session.on('error', this.onError);
		// An agent that stops waits in vain for this stream to end.
		session.on('goaway', () => this.cancel('the agent is going away'));
		this.ask(session);
	}

	private ask(session: ClientHttp2Session): void {
		const stream: ClientHttp2Stream = session.request(HEADERS);
		stream.on('error', this.onError);
		stream.on('response', (headers) => {
			this.httpStatus = headers[':status'] ?? 0;
			this.readStatus(headers);
		});
		stream.on('trailers', (headers) => this.readStatus(headers));
		stream.on('data', (chunk: Buffer) => this.onData(chunk));
		stream.on('close', () => this.end());
		stream.end(REQUEST);
	}

	private readonly onError = (error: NodeJS.ErrnoException): void => {
		this.failure ||= UNREACHABLE[error.code ?? ''] ?? error.message;
	};

	private readStatus(headers: IncomingHttpHeaders): void {
		const status = headers['grpc-status'];
		if (typeof status !== 'string' || !/^\d{1,3}$/.test(status)) return;
		this.status = Number(status);
		this.message = grpcMessage(String(headers['grpc-message'] ?? ''));
	}

	private onData(chunk: Buffer): void {
		if (this.isOver || this.httpStatus !== 200) return;
		const messages = this.frames.feed(chunk);
		if (!Array.isArray(messages)) return this.cancel(`the answer ${messages.reason}`);
		for (const message of messages) {
			if (!this.isOver) this.listener.onMessage(message);
		}
	}

	private end(): void {
		if (this.isOver) return;
		this.isOver = true;
		this.session?.destroy();
		this.listener.onEnd({ status: this.status, reason: this.reason() });
	}

	private reason(): string {
		const { status, message, failure, httpStatus } = this;
		if (status !== null && status !== GrpcStatus.ok) return `the agent answered ${toldStatus(status, message)}`;
		if (failure !== '') return failure;
		if (status !== null) return 'the agent ended the stream';
		if (httpStatus === 0) return 'the agent closed the connection without an answer';
		return `the agent's answer has no grpc-status (HTTP ${httpStatus})`;
	}
}
