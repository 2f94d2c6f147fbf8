/**
 * Asks `grpc.health.v1.Health/Check` over HTTP/2 in plain text with prior knowledge. SERVING is well; anything else is not,
 * a server that does not know the service or the method included (as Envoy has it).
 *
 * Theory of operation. Node's own HTTP/2 does it, since nothing here is on the data path; it is loaded with the first
 * question. The session stays open between questions; one that turns out to be dead before an answer gets the question once
 * more on a fresh one. Each question is an object of its own: its dial cannot be taken back.
 */
import type { ClientHttp2Session, IncomingHttpHeaders } from 'node:http2';
import type net from 'node:net';
import type { ProxyError } from '../error.ts';
import { grpcMessage } from '../http/grpc-status.ts';
import { loopClock } from '../io/loop-clock.ts';
import type { DialedReader, Dialer, DialOutcome } from './dial.ts';
import { checkRequest, ServingStatus, servingStatus } from './grpc-health-message.ts';
import { PROBE_USER_AGENT, type Probe, type ProbeListener } from './probe.ts';
import { SocketDuplex } from './socket-duplex.ts';

type Http2 = typeof import('node:http2');

/** Bytes of an answer: it is a frame around one number. */
const MAX_ANSWER_BYTES = 1024;
/** Memory of a session, in megabytes as Node counts it, and header list: a health check is small. */
const SESSION_MEMORY_MB = 1;
const MAX_HEADER_LIST_BYTES = 16 * 1024;

/** gRPC's status codes that have a meaning of their own here. */
const OK = '0';
const NOT_FOUND = '5';
const UNIMPLEMENTED = '12';

export interface GrpcProbeOptions {
	readonly dialer: Dialer;
	/** Value of `:authority`. */
	readonly authority: string;
	/** `''`: the whole server. */
	readonly service: string;
	/** Milliseconds, told to the server. */
	readonly timeoutMs: number;
}

export class GrpcProbe implements Probe {
	readonly options: GrpcProbeOptions;
	private question: GrpcQuestion | null = null;
	private kept: ClientHttp2Session | null = null;
	private isClosed = false;

	constructor(options: GrpcProbeOptions) {
		this.options = options;
	}

	ask(listener: ProbeListener): void {
		const question = new GrpcQuestion(this, listener);
		this.question = question;
		if (this.kept !== null && !this.kept.closed && !this.kept.destroyed) question.send(this.kept, true);
		else this.dial(question);
	}

	/** Loads HTTP/2 first, where nobody has. */
	dial(question: GrpcQuestion): void {
		import('node:http2').then(
			(http2) => {
				loopClock.refresh();
				question.dial(http2);
			},
			// A Node.js that was built without it.
			(error: Error) => question.settle(`there is no HTTP/2 here: ${error.message}`),
		);
	}

	cancel(): string {
		return this.question?.cancel() ?? 'no answer';
	}

	close(): void {
		this.isClosed = true;
		this.cancel();
		this.kept?.destroy();
		this.kept = null;
	}

	keep(session: ClientHttp2Session): void {
		if (this.isClosed) session.destroy();
		else this.kept = session;
	}
}

class GrpcQuestion implements DialOutcome {
	private readonly probe: GrpcProbe;
	private listener: ProbeListener | null;
	private http2: Http2 | null = null;
	private session: ClientHttp2Session | null = null;
	private isReused = false;
	private httpStatus = 0;
	/** gRPC's; `''` until it has come. */
	private status = '';
	private message = '';
	private readonly answer: Buffer[] = [];
	private answerBytes = 0;
	/** What broke it off; `''` while nothing has. */
	private failure = '';

	constructor(probe: GrpcProbe, listener: ProbeListener) {
		this.probe = probe;
		this.listener = listener;
	}

	dial(http2: Http2): void {
		this.http2 = http2;
		if (this.listener !== null) this.probe.options.dialer.dial(this);
	}

	onDialed(socket: net.Socket): DialedReader {
		const duplex = new SocketDuplex(socket);
		if (this.listener === null || this.http2 === null) {
			duplex.destroy();
			return duplex;
		}
		const session = this.http2.connect(`http://${this.probe.options.authority}`, {
			createConnection: () => duplex,
			maxSessionMemory: SESSION_MEMORY_MB,
			settings: { enablePush: false, maxHeaderListSize: MAX_HEADER_LIST_BYTES },
		});
		session.on('error', (error) => {
			this.failure ||= error.message;
		});
		this.send(session, false);
		return duplex;
	}

	onDialFailed(error: ProxyError): void {
		this.settle(error.detail);
	}

	send(session: ClientHttp2Session, isReused: boolean): void {
		const { authority, service, timeoutMs } = this.probe.options;
		this.session = session;
		this.isReused = isReused;
		const stream = session.request({
			':method': 'POST',
			':path': '/grpc.health.v1.Health/Check',
			':authority': authority,
			'content-type': 'application/grpc',
			te: 'trailers',
			'grpc-timeout': `${timeoutMs}m`,
			'user-agent': PROBE_USER_AGENT,
		});
		stream.on('response', (headers) => {
			this.httpStatus = headers[':status'] ?? 0;
			this.readStatus(headers);
		});
		stream.on('trailers', (headers) => this.readStatus(headers));
		stream.on('data', (chunk: Buffer) => this.onData(chunk));
		stream.on('error', (error) => {
			this.failure ||= error.message;
		});
		stream.on('close', () => this.onClosed());
		stream.end(checkRequest(service));
	}

	private readStatus(headers: IncomingHttpHeaders): void {
		const status = headers['grpc-status'];
		if (typeof status !== 'string') return;
		this.status = status;
		this.message = grpcMessage(String(headers['grpc-message'] ?? ''));
	}

	private onData(chunk: Buffer): void {
		this.answerBytes += chunk.length;
		if (this.answerBytes <= MAX_ANSWER_BYTES) this.answer.push(chunk);
		else {
			this.failure ||= `the answer is longer than ${MAX_ANSWER_BYTES} bytes`;
			this.session?.destroy();
		}
	}

	private onClosed(): void {
		loopClock.refresh();
		const { session } = this;
		if (this.listener === null || session === null) return;
		this.session = null;
		if (this.isReused && this.httpStatus === 0) {
			session.destroy();
			this.failure = '';
			this.probe.dial(this);
			return;
		}
		if (!session.destroyed) this.probe.keep(session);
		this.settle(this.judge());
	}

	private judge(): string | null {
		const { status, message, httpStatus } = this;
		const { service } = this.probe.options;
		if (status === '') {
			if (this.failure !== '') return `the gRPC health check broke off: ${this.failure}`;
			if (httpStatus === 0) return 'the gRPC health check was not answered';
			return `the gRPC health check was answered without a grpc-status (HTTP ${httpStatus})`;
		}
		if (status === NOT_FOUND) return `the server knows no gRPC service "${service}" (NOT_FOUND)`;
		if (status === UNIMPLEMENTED) return 'the server has no grpc.health.v1.Health (UNIMPLEMENTED)';
		if (status !== OK) return `the gRPC health check answered grpc-status ${status}${message && `: ${message}`}`;
		switch (servingStatus(Buffer.concat(this.answer))) {
			case ServingStatus.serving:
				return null;
			case ServingStatus.notServing:
				return 'the gRPC health check answered NOT_SERVING';
			case ServingStatus.serviceUnknown:
				return `the server knows no gRPC service "${service}" (SERVICE_UNKNOWN)`;
			case null:
				return 'the gRPC health check was answered with something else than a HealthCheckResponse';
			default:
				return 'the gRPC health check answered UNKNOWN';
		}
	}

	cancel(): string {
		const { session, httpStatus } = this;
		this.listener = null;
		// One that does not answer may be dead as a whole.
		session?.destroy();
		if (session === null) return 'no connection';
		return httpStatus === 0
			? 'the gRPC health check was not answered'
			: 'the answer of the gRPC health check did not end';
	}

	settle(failure: string | null): void {
		const { listener } = this;
		this.listener = null;
		listener?.onProbed(failure);
	}
}
