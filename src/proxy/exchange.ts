/**
 * One request and its response.
 *
 * Theory of operation. The exchange sits between two streams and holds what both sides need: the head, what must be sent
 * again if an attempt fails, the deadlines, and the record that telemetry reads when it is over. It hears the client as
 * a `StreamSink` and each attempt through `Attempt`. Whatever ends an attempt is put into `outcome`; only `run` turns an
 * outcome into the next step, so a failure that comes back at once (a limit, an open breaker) never recurses.
 * The steps themselves, and their order, are in `forward.ts`; the states in `exchange-state.ts`.
 */
import { type ErrorCode, ProxyError } from '../error.ts';
import type { Answer } from '../filters/filter.ts';
import { FieldId } from '../http/field-id.ts';
import { Framing, type RequestHead, type ResponseHead } from '../http/head.ts';
import type { HeaderList } from '../http/header-list.ts';
import { stripResponseHopByHop } from '../http/hop-by-hop.ts';
import type { DownstreamStream, StreamSink, UpstreamStream } from '../ports/stream.ts';
import { Attempt, type AttemptOwner } from './attempt.ts';
import { endsTunnel, openTunnel } from './connect.ts';
import type { ProxyContext, Route } from './context.ts';
import type { Endpoint } from './endpoint.ts';
import { State } from './exchange-state.ts';
import { type Deadline, ExchangeTiming, NEVER } from './exchange-timing.ts';
import { LocalAnswer } from './local-answer.ts';
import type { Mirrors } from './mirror.ts';
import { RequestBody } from './request-body.ts';
import type { Service } from './service.ts';
import { refuseSwitch } from './switching.ts';

/** The decisions, as `forward.ts` makes them: given to the exchange so that it needs not know who obeys whom. */
export interface Steps {
	/** The time that was to pass has passed. */
	resume(exchange: Exchange): void;
	/** The endpoint for the next attempt; `null` when there is none. `isReplay`: after the first one, that of an idle race. */
	chooseEndpoint(exchange: Exchange, isReplay: boolean): Endpoint | null;
	/** A head on its way to the client; `isFailure`: it is a local reply. */
	editResponse(exchange: Exchange, head: ResponseHead, isFailure: boolean): void;
	/** An attempt has failed: another one, or an answer. */
	conclude(exchange: Exchange, failure: ProxyError): void;
	/** Whether this status is to be retried; when true the retry is under way already. */
	retriesStatus(exchange: Exchange, attempt: Attempt, head: ResponseHead): boolean;
}

export class Exchange extends ExchangeTiming implements StreamSink, AttemptOwner {
	private readonly steps: Steps;
	/** Attempts made so far, replays of the idle race not counted. */
	attemptsMade = 0;
	hasRacedIdle = false;
	/** A retry may want the body again after it has been sent. */
	keepsBody = false;
	/** It holds a place at its service. */
	isAdmitted = false;
	/** Filters of the chain at hand that have had their say. */
	filtersRun = 0;
	/** Copies of the request that are under way. */
	mirrors: Mirrors | null = null;

	readonly body: RequestBody | null;
	requestEnded = false;
	requestTrailers: HeaderList | null = null;
	private responseEnded = false;
	private current: Attempt | null = null;
	private outcome: ProxyError | null = null;
	private isRunning = false;
	private ownAnswer: LocalAnswer | null = null;

	constructor(context: ProxyContext, steps: Steps, stream: DownstreamStream, head: RequestHead) {
		super(context, stream, head);
		this.steps = steps;
		this.body = head.framing === Framing.none ? null : new RequestBody();
	}

	// --- attempts ------------------------------------------------------------------------------------------------

	/** Starts the next attempt. What goes wrong at once becomes the outcome. */
	attempt(fresh: boolean, isBudgeted: boolean): void {
		const route = this.matched as Route;
		const service = this.upstream as Service;
		const isAtOnce = this.attempts.length === 0 && !this.isDelayed;
		const now = isAtOnce ? this.startedNow : this.now();
		this.resumeAt = NEVER;
		const endpoint = this.steps.chooseEndpoint(this, !isBudgeted);
		const attempt = new Attempt(this, service, endpoint, now, this.nextBackoffMs, isBudgeted);
		this.nextBackoffMs = 0;
		this.attempts.push(attempt);
		this.current = attempt;
		this.attemptDeadline = route.attemptTimeoutMs > 0 ? now + route.attemptTimeoutMs : NEVER;
		this.setTimer();
		const refusal = endpoint === null ? service.noEndpoint() : service.allow(now);
		if (refusal !== null) {
			attempt.refuse();
			return this.onAttemptFailed(refusal);
		}
		const got = attempt.begin(endpoint as Endpoint, fresh || endsTunnel(this));
		if (got instanceof ProxyError) return this.onAttemptFailed(got);
		// What goes on at once leaves with the batch that brought it; nobody flushes what comes later.
		if (got !== null) return isAtOnce ? this.send(attempt, got) : this.onConnected(attempt, got);
		this.to(State.waiting);
		this.holdBody();
	}

	onConnected(attempt: Attempt, stream: UpstreamStream): void {
		this.send(attempt, stream);
		stream.flush();
	}

	private send(attempt: Attempt, stream: UpstreamStream): void {
		attempt.take(stream);
		this.to(State.sent);
		if (endsTunnel(this)) return openTunnel(attempt, stream);
		stream.head(this.headNow(), attempt);
		attempt.isReused = stream.isReused;
		if (this.attempts.length === 1)
			this.addedMs = this.context.preciseClock.now() - attempt.startedAt - attempt.connectMs;
		const { body } = this;
		let accepting = true;
		if (body !== null) {
			accepting = body.sendTo(stream);
			if (!this.keepsBody || body.isOverLimit) body.drop();
		}
		if (this.requestEnded) stream.end(this.requestTrailers);
		if (accepting) this.stream.resume();
	}

	/** Nobody to give the body to for now: the client waits. */
	protected override holdBody(): void {
		if (this.body !== null && !this.requestEnded) this.stream.pause();
	}

	/** Anything that ends an attempt without a response that is good enough. */
	onAttemptFailed(error: ProxyError): void {
		if (this.state === State.done) return;
		if (this.state === State.responding || this.state === State.tunnelling) return this.abort(error);
		this.outcome = error;
		this.run();
	}

	/** The only place where outcomes become steps. */
	run(): void {
		if (this.isRunning) return;
		this.isRunning = true;
		while (this.outcome !== null) {
			const failure = this.outcome;
			this.outcome = null;
			this.steps.conclude(this, failure);
		}
		this.isRunning = false;
	}

	/** The answer will be retried: its connection is not worth reading to the end. */
	discardResponse(attempt: Attempt): void {
		this.settleAttempt('');
		attempt.stream?.abandon();
	}

	/** The attempt that is over; whoever takes it settles it. Its place among the retries is free. */
	takeAttempt(): Attempt | null {
		const attempt = this.current;
		this.current = null;
		this.attemptDeadline = NEVER;
		attempt?.release();
		return attempt;
	}

	private settleAttempt(code: ErrorCode | ''): void {
		this.takeAttempt()?.settle(code, this.now());
	}

	/** Stops the attempt under way, whatever it is doing, or the wait for the next: that is paid for already. */
	private dropAttempt(error: ProxyError): void {
		const attempt = this.current;
		this.settleAttempt(error.code);
		attempt?.cancel(error);
		if (this.state === State.backingOff) this.upstream?.budget.release();
		this.resumeAt = NEVER;
	}

	// --- the upstream's side -------------------------------------------------------------------------------------

	inform(head: ResponseHead): void {
		if (this.state !== State.sent) return;
		this.lastActivity = this.now();
		stripResponseHopByHop(head);
		this.stream.inform(head);
	}

	onResponseHead(attempt: Attempt, head: ResponseHead): void {
		const now = this.now();
		this.lastActivity = now;
		attempt.firstByteMs = now - attempt.startedAt;
		const isTunnel = head.status === 101 || (this.head.method === 'CONNECT' && head.status >= 200 && head.status < 300);
		const refusal = head.status === 101 ? refuseSwitch(this.head, this.requestEnded) : null;
		if (refusal !== null) return this.failAttempt(refusal);
		if (this.steps.retriesStatus(this, attempt, head)) return;
		this.status = head.status;
		stripResponseHopByHop(head);
		// Whether the app closes its connection is no business of the client's. What follows a refused CONNECT may not be HTTP.
		head.keepAlive = isTunnel || this.head.method !== 'CONNECT';
		if (this.requestId !== '') head.headers.setId(FieldId.requestId, this.requestId);
		this.steps.editResponse(this, head, false);
		this.body?.drop();
		if (isTunnel) return this.beginTunnel(attempt, head);
		this.to(State.responding);
		this.stream.head(head);
	}

	private beginTunnel(attempt: Attempt, head: ResponseHead): void {
		this.to(State.tunnelling);
		this.isTunnel = true;
		// Both are for an answer, and this one is whole.
		this.requestDeadline = NEVER;
		this.attemptDeadline = NEVER;
		attempt.settle('', this.now());
		this.requestEnded = false;
		attempt.stream?.takeTunnel();
		this.stream.head(head);
		this.stream.takeTunnel();
	}

	onResponseData(buffer: Buffer, start: number, end: number): void {
		this.responseBytes += end - start;
		this.lastActivity = this.now();
		if (!this.stream.write(buffer, start, end)) this.current?.stream?.pause();
	}

	onResponseEnd(trailers: HeaderList | null): void {
		this.responseEnded = true;
		if (this.state === State.tunnelling) {
			this.stream.end(null);
			if (this.requestEnded) this.endTunnel();
			return;
		}
		this.stream.end(trailers);
		const { current } = this;
		this.settleAttempt('');
		// A response that came before its request had ended: the rest of the request has nowhere to go.
		if (!this.requestEnded) current?.stream?.abandon();
		this.finish();
	}

	private endTunnel(): void {
		const { current } = this;
		this.settleAttempt('');
		current?.stream?.abandon();
		this.finish();
	}

	/** Too late for an answer: the client must see that the response is broken. */
	private abort(error: ProxyError): void {
		this.note(error);
		this.dropAttempt(error);
		this.stream.reset(error);
		this.finish();
	}

	// --- the client's side ---------------------------------------------------------------------------------------

	onData(buffer: Buffer, start: number, end: number): void {
		this.requestBytes += end - start;
		this.lastActivity = this.now();
		this.mirrors?.data(buffer, start, end);
		switch (this.state) {
			case State.sent:
			case State.responding:
			case State.tunnelling:
				if (this.isBodyTooLarge()) return this.refuseBody();
				if (this.keepsBody && this.state === State.sent) this.body?.keepSent(buffer, start, end);
				if (this.current?.stream?.write(buffer, start, end) === false) this.stream.pause();
				return;
			case State.replying:
			case State.done:
				return;
			default:
				if (this.isBodyTooLarge()) return this.refuseBody();
				this.body?.keep(buffer, start, end);
		}
	}

	private isBodyTooLarge(): boolean {
		const limit = this.matched?.maxBodyBytes ?? 0;
		return limit > 0 && this.requestBytes > limit && this.state !== State.tunnelling;
	}

	private refuseBody(): void {
		const error = new ProxyError('body_too_large', `the body is larger than ${this.matched?.maxBodyBytes} bytes`);
		if (this.state === State.responding) return this.abort(error);
		this.dropAttempt(error);
		this.reply(error);
	}

	onEnd(trailers: HeaderList | null): void {
		this.requestEnded = true;
		if (this.state === State.tunnelling) {
			this.current?.stream?.end(null);
			if (this.responseEnded) this.endTunnel();
			return;
		}
		if (trailers !== null) this.requestTrailers = trailers.clone();
		this.mirrors?.end(this.requestTrailers);
		if (this.state === State.replying) return this.sendAnswer();
		if (this.state === State.sent || this.state === State.responding) this.current?.stream?.end(this.requestTrailers);
	}

	onReset(error: ProxyError): void {
		if (this.state === State.done) return;
		if (error.code !== 'client_closed' && this.state !== State.responding && this.state !== State.tunnelling) {
			// The request's body broke its framing; the client can still be told.
			this.dropAttempt(error);
			this.ownAnswer = null;
			return this.reply(error);
		}
		if (this.state === State.responding || this.state === State.tunnelling) return this.abort(error);
		this.note(error);
		if (this.status === 0) this.status = error.status;
		this.dropAttempt(error);
		this.finish();
	}

	onDrain(): void {
		this.current?.stream?.resume();
	}

	onFlush(): void {
		this.mirrors?.flush();
		this.current?.stream?.flush();
	}

	// --- answers of our own --------------------------------------------------------------------------------------

	/** Answers with a local reply. */
	reply(error: ProxyError): void {
		if (this.state === State.done) return;
		this.note(error);
		this.respond(LocalAnswer.to(error, this, this.context.isVerbose || this.stream.peer.isLoopback));
	}

	/** Answers as a rule says, which is no failure. */
	answerWith(made: Answer): void {
		this.respond(LocalAnswer.of(made, this));
	}

	/** A short body that is still coming is read first, so that the connection can live on. */
	private respond(answer: LocalAnswer): void {
		this.isLocalReply = true;
		this.ownAnswer = answer;
		this.status = answer.status;
		this.steps.editResponse(this, answer.head, this.errorCode !== '');
		if (!this.requestEnded && answer.waitsForRequest(this.head)) {
			if (this.state !== State.replying) this.to(State.replying);
			this.stream.resume();
			return this.setTimer();
		}
		this.sendAnswer();
	}

	private sendAnswer(): void {
		const { ownAnswer: answer } = this;
		if (answer === null) return;
		this.responseBytes += answer.sendTo(this.stream, this.head.method, this.requestEnded);
		this.finish();
	}

	// --- time ----------------------------------------------------------------------------------------------------

	protected override onDeadline(deadline: Deadline): void {
		if (deadline === 'resume') return this.steps.resume(this);
		const error = this.deadlineError(deadline, this.requestEnded);
		if (deadline === 'attempt') this.failAttempt(error);
		else this.expire(error);
	}

	private failAttempt(error: ProxyError): void {
		this.current?.cancel(error);
		this.onAttemptFailed(error);
	}

	private expire(error: ProxyError): void {
		if (this.state === State.responding || this.state === State.tunnelling) return this.abort(error);
		this.dropAttempt(error);
		if (this.state === State.replying) return this.sendAnswer();
		this.reply(error);
	}

	// --- the end, and the record ---------------------------------------------------------------------------------

	private finish(): void {
		if (this.state === State.done) return;
		this.over();
		const { context, upstream } = this;
		context.timers.disarm(this);
		this.body?.drop();
		const ended = context.preciseClock.now();
		this.durationMs = ended - this.startedNow;
		this.addedMs += ended - this.now();
		if (this.isAdmitted && upstream !== null) upstream.active--;
		this.mirrors?.release();
		context.recorder.ended(this);
		this.stream.release();
	}
}
