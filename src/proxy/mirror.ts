/**
 * A copy of a request, sent to a service whose answer interests nobody (the Gateway API's RequestMirror).
 *
 * Theory of operation. A mirror never holds up the exchange that it was taken from, and never fails it. It takes the bytes
 * of the body as they come; what its connection does not take is kept by the socket up to `MAX_HELD_BYTES`, and a mirror
 * that lags further behind is cut. It counts at its service like any exchange and attempt, so a sick service is left alone, and
one that is busy gets no copies beyond `limits.requests`; that there was none is counted as well. It lives on
 * when the exchange is over, but not for longer than `ANSWER_MS` after its last byte; when the client broke off, it is cut
 * as well. Until that last byte the exchange's own deadlines are enough: how long a client takes for its body says nothing
 * about the service.
 */
import { TimerEntry } from '../clock.ts';
import { type ErrorCode, ProxyError } from '../error.ts';
import { copyForNextHop, type RequestHead, type ResponseHead } from '../http/head.ts';
import type { HeaderList } from '../http/header-list.ts';
import type { UpstreamSink, UpstreamStream, UpstreamWaiter } from '../ports/stream.ts';
import type { Backend } from './backend.ts';
import type { ProxyContext } from './context.ts';
import type { Endpoint } from './endpoint.ts';
import type { Service } from './service.ts';

/** What a body of ordinary size may bring before a connection is open. */
const MAX_HELD_BYTES = 256 * 1024;
/** As Envoy's default for a request to an upstream: nobody waits, but a connection is taken. */
const ANSWER_MS = 15_000;
const SWITCHING_PROTOCOLS = 101;

export class Mirror extends TimerEntry implements UpstreamSink, UpstreamWaiter {
	private readonly context: ProxyContext;
	private readonly head: RequestHead;
	private readonly service: Service;
	private readonly endpoint: Endpoint;
	private stream: UpstreamStream | null = null;
	private held: Buffer[] = [];
	private heldBytes = 0;
	private hasEnded = false;
	private trailers: HeaderList | null = null;
	private status = 0;
	private isOver = false;

	private constructor(context: ProxyContext, head: RequestHead, service: Service, endpoint: Endpoint) {
		super();
		this.context = context;
		this.head = copyForNextHop(head);
		this.service = service;
		this.endpoint = endpoint;
	}

	/** `null`: there is nowhere to send it, or the service must be left alone. */
	static start(context: ProxyContext, backend: Backend, head: RequestHead): Mirror | null {
		const { service, group } = backend;
		if (service === null) return null;
		const now = context.clock.now();
		const endpoint = group?.pick(context.random, null, 0, now) ?? null;
		const refusal = endpoint === null ? service.noEndpoint() : refusalBy(service, now);
		if (endpoint === null || refusal !== null) {
			context.recorder.mirrored(service.name, refusal?.code ?? 'no_healthy_endpoint');
			return null;
		}
		const mirror = new Mirror(context, head, service, endpoint);
		mirror.begin();
		return mirror;
	}

	private begin(): void {
		this.endpoint.active++;
		this.context.mirrorsUnderWay.add(this);
		const got = this.endpoint.pool.acquire(this, false);
		if (got instanceof ProxyError) this.over(got.code);
		else if (got !== null) this.onStream(got);
	}

	onStream(stream: UpstreamStream): void {
		this.stream = stream;
		stream.head(this.head, this);
		let accepting = true;
		for (const chunk of this.held) accepting = stream.write(chunk, 0, chunk.length);
		this.held = [];
		if (accepting) this.heldBytes = 0;
		if (this.hasEnded) stream.end(this.trailers);
		else stream.flush();
	}

	onNoStream(error: ProxyError): void {
		this.over(error.code);
	}

	// --- the request's side --------------------------------------------------------------------------------------

	/** Borrowed bytes of the body. */
	data(buffer: Buffer, start: number, end: number): void {
		if (this.isOver) return;
		const { stream } = this;
		if (stream === null) this.held.push(Buffer.from(buffer.subarray(start, end)));
		else if (stream.write(buffer, start, end)) return;
		this.heldBytes += end - start;
		if (this.heldBytes > MAX_HELD_BYTES) this.stop(cutOff('the copy takes less than comes'));
	}

	flush(): void {
		if (!this.isOver) this.stream?.flush();
	}

	end(trailers: HeaderList | null): void {
		if (this.isOver) return;
		this.hasEnded = true;
		this.trailers = trailers;
		this.context.timers.armAt(this, this.context.clock.now() + ANSWER_MS);
		this.stream?.end(trailers);
	}

	/** The exchange is over: what is whole goes on by itself. */
	release(): void {
		if (!this.hasEnded) this.stop(cutOff('the mirrored request was not whole'));
	}

	/** The sidecar stops: nobody is left who could see to it. */
	cut(): void {
		this.stop(new ProxyError('draining', 'the sidecar stops'));
	}

	private stop(error: ProxyError): void {
		if (this.isOver) return;
		if (this.stream === null) this.endpoint.pool.cancel(this);
		else this.stream.reset(error);
		this.over(error.code);
	}

	// --- the upstream's side -------------------------------------------------------------------------------------

	onHead(head: ResponseHead): void {
		this.status = head.status;
		// Nobody asked for another protocol: what the connection speaks from now on is not known.
		if (head.status === SWITCHING_PROTOCOLS) this.stop(new ProxyError('upstream_protocol_error', '101 to a copy'));
	}

	onEnd(): void {
		this.over('');
	}

	onReset(error: ProxyError): void {
		this.over(error.code);
	}

	onDrain(): void {
		this.heldBytes = 0;
	}

	override onTimer(): void {
		this.stop(new ProxyError('attempt_timeout', `no whole answer within ${ANSWER_MS} ms`));
	}

	private over(code: ErrorCode | ''): void {
		if (this.isOver) return;
		this.isOver = true;
		this.held = [];
		this.endpoint.active--;
		this.service.active--;
		this.context.mirrorsUnderWay.remove(this);
		this.context.timers.disarm(this);
		this.service.settle(this.endpoint, code, this.status, this.context.clock.now());
		this.context.recorder.mirrored(this.service.name, code === '' ? 'ok' : code);
	}

	onInformational(): void {
		// Nobody listens.
	}
	onData(): void {
		// Nobody listens.
	}
	onFlush(): void {
		// Nobody listens.
	}
}

/** A place at its service, and the breaker's leave; `null`: it has both. */
function refusalBy(service: Service, now: number): ProxyError | null {
	const full = service.admit();
	if (full !== null) return full;
	const refusal = service.allow(now);
	if (refusal !== null) service.active--;
	return refusal;
}

/** The copies of one request. */
export class Mirrors {
	private readonly all: Mirror[] = [];

	add(mirror: Mirror): void {
		this.all.push(mirror);
	}

	/** Borrowed bytes of the body. */
	data(buffer: Buffer, start: number, end: number): void {
		for (const mirror of this.all) mirror.data(buffer, start, end);
	}

	flush(): void {
		for (const mirror of this.all) mirror.flush();
	}

	end(trailers: HeaderList | null): void {
		for (const mirror of this.all) mirror.end(trailers);
	}

	/** The exchange is over. */
	release(): void {
		for (const mirror of this.all) mirror.release();
	}
}

/** The copy lacks bytes through no fault of the service. */
function cutOff(detail: string): ProxyError {
	return new ProxyError('client_closed', detail);
}
