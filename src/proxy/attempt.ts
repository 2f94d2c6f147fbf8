/**
 * One try of an exchange against one endpoint: waits for a connection, hears the upstream's side, and is its own line of
 * the attempt ledger. It decides nothing; the exchange does.
 */
import type { LatencyCell } from '../balancing/latency-cell.ts';
import type { ErrorCode, ProxyError } from '../error.ts';
import type { ResponseHead } from '../http/head.ts';
import type { HeaderList } from '../http/header-list.ts';
import type { DownstreamStream, UpstreamSink, UpstreamStream, UpstreamWaiter } from '../ports/stream.ts';
import type { AttemptOutcome, AttemptRecord } from '../ports/telemetry.ts';
import { failureKind } from '../resilience/failure-kind.ts';
import { isIdleRaceLost } from '../resilience/retry.ts';
import type { Endpoint } from './endpoint.ts';
import type { Service } from './service.ts';

/** What an attempt needs of its exchange. */
export interface AttemptOwner {
	readonly stream: DownstreamStream;
	readonly startedNow: number;
	now(): number;
	/** Whether an attempt that ended so, after so long, says nothing about its service. */
	isSpared(code: ErrorCode | '', hadMs: number): boolean;
	onConnected(attempt: Attempt, stream: UpstreamStream): void;
	/** Whatever ended it without a whole response. */
	onAttemptFailed(attempt: Attempt, error: ProxyError): void;
	inform(head: ResponseHead): void;
	onResponseHead(attempt: Attempt, head: ResponseHead): void;
	onResponseData(buffer: Buffer, start: number, end: number): void;
	onResponseEnd(trailers: HeaderList | null): void;
}

export class Attempt implements UpstreamSink, UpstreamWaiter, AttemptRecord {
	/** Where it went, or would have gone. */
	endpoint: string;
	isReused = false;
	connectMs = 0;
	firstByteMs = -1;
	isHedge = false;
	outcome: AttemptOutcome = '';
	status = 0;
	durationMs = 0;
	readonly backoffMs: number;
	/** Clock time at which it began. */
	readonly startedAt: number;
	/** It counts against `limits.retries` and the budget: the exchange gives that back when it ends. */
	readonly isBudgeted: boolean;
	stream: UpstreamStream | null = null;
	readonly target: Endpoint | null;
	private isSettled = false;
	/** It counts among the attempts of its endpoint. */
	private isCounted = false;
	private readonly exchange: AttemptOwner;
	private readonly service: Service;

	/** `target`: where it goes; `null` when there is nowhere to go. */
	constructor(
		exchange: AttemptOwner,
		service: Service,
		target: Endpoint | null,
		startedAt: number,
		backoffMs: number,
		isBudgeted: boolean,
	) {
		this.exchange = exchange;
		this.service = service;
		this.target = target;
		this.endpoint = target?.address ?? '';
		this.startedAt = startedAt;
		this.backoffMs = backoffMs;
		this.isBudgeted = isBudgeted;
	}

	get startMs(): number {
		return this.startedAt - this.exchange.startedNow;
	}

	/** Asks its endpoint for a connection, as `UpstreamPool.acquire` does. */
	begin(target: Endpoint, fresh: boolean): UpstreamStream | ProxyError | null {
		this.isCounted = true;
		target.active++;
		return target.pool.acquire(this, fresh);
	}

	take(stream: UpstreamStream): void {
		this.stream = stream;
		this.endpoint = stream.address;
	}

	/** The breaker never let it begin: it owes it no outcome. */
	refuse(): void {
		this.isSettled = true;
	}

	/** Tells breaker, budget and ejector how it ended; the first call counts. `''`: a whole response came. */
	settle(code: ErrorCode | '', now: number): void {
		if (this.outcome === '') {
			this.outcome = code === '' ? 'ok' : code;
			this.durationMs = now - this.startedAt;
		}
		if (this.isSettled) return;
		this.isSettled = true;
		if (this.exchange.isSpared(code, now - this.startedAt)) return this.service.forgive(now);
		this.service.settle(this.target, code, this.status, now);
		if (this.service.isTimed && this.target !== null) this.time(this.target.latency, code, now);
	}

	private time(cell: LatencyCell, code: ErrorCode | '', now: number): void {
		const latencyMs = this.firstByteMs < 0 ? now - this.startedAt : this.firstByteMs;
		if (code === '') cell.observe(latencyMs, now);
		else if (failureKind(code) !== undefined) cell.failed(latencyMs, now);
	}

	/** Its reused connection has died without an answer. */
	hasLostIdleRace(code: ErrorCode): boolean {
		const { stream } = this;
		return stream !== null && isIdleRaceLost(code, stream.isReused, stream.hasRead);
	}

	/** Another attempt was answered first. How this one would have ended is not known, but that it takes so long is. */
	lose(now: number): void {
		this.forgive('lost', now);
		if (!this.service.isTimed || this.target === null) return;
		const { latency } = this.target;
		if (now - this.startedAt > latency.valueAt(now)) latency.observe(now - this.startedAt, now);
	}

	/** How it ended says nothing about the health of the service, such as that the app closes idle connections. */
	forgive(code: ErrorCode | 'lost', now: number): void {
		this.outcome = code;
		this.durationMs = now - this.startedAt;
		if (this.isSettled) return;
		this.isSettled = true;
		this.service.forgive(now);
	}

	/** Gives its places back: among the retries, and at its endpoint. */
	release(): void {
		if (this.isBudgeted) this.service.budget.release();
		if (this.isCounted && this.target !== null) this.target.active--;
	}

	/** Stops it, whatever it is doing; it is not heard of again. */
	cancel(error: ProxyError): void {
		if (this.stream === null) this.target?.pool.cancel(this);
		else this.stream.reset(error);
	}

	onStream(stream: UpstreamStream): void {
		this.connectMs = this.exchange.now() - this.startedAt;
		this.exchange.onConnected(this, stream);
	}

	onNoStream(error: ProxyError): void {
		this.connectMs = this.exchange.now() - this.startedAt;
		this.exchange.onAttemptFailed(this, error);
	}

	onInformational(head: ResponseHead): void {
		this.exchange.inform(head);
	}

	onHead(head: ResponseHead): void {
		this.status = head.status;
		this.exchange.onResponseHead(this, head);
	}

	onData(buffer: Buffer, start: number, end: number): void {
		this.exchange.onResponseData(buffer, start, end);
	}

	onEnd(trailers: HeaderList | null): void {
		this.exchange.onResponseEnd(trailers);
	}

	onReset(error: ProxyError): void {
		this.exchange.onAttemptFailed(this, error);
	}

	onDrain(): void {
		this.exchange.stream.resume();
	}

	onFlush(): void {
		this.exchange.stream.flush();
	}
}
