/**
 * One request and its response.
 *
 * Theory of operation. The exchange sits between two streams and holds what both sides need: the head, what must be sent
 * again if an attempt fails, the deadlines, and the record that telemetry reads when it is over. It hears the client as
 * a `StreamSink` and each attempt through `Attempt`. Whatever ends the last attempt under way (`exchange-attempts.ts`) is put
 * into `outcome`; only `run` turns an outcome into the next step, so a failure that comes back at once (a limit, an open
 * breaker) never recurses.
 * The steps themselves, and their order, are in `forward.ts`; the states in `exchange-state.ts`.
 */
import { ProxyError } from '../error.ts';
import type { Answer } from '../filters/filter.ts';
import { FieldId } from '../http/field-id.ts';
import { Framing, type RequestHead, type ResponseHead } from '../http/head.ts';
import type { HeaderList } from '../http/header-list.ts';
import { stripResponseHopByHop } from '../http/hop-by-hop.ts';
import type { DownstreamStream, StreamSink, UpstreamStream } from '../ports/stream.ts';
import { givesWay, type Hedging } from '../resilience/hedge.ts';
import { Attempt, type AttemptOwner } from './attempt.ts';
import { endsTunnel, openTunnel } from './connect.ts';
import type { ProxyContext, Route } from './context.ts';
import type { Endpoint } from './endpoint.ts';
import { ExchangeAttempts } from './exchange-attempts.ts';
import { State } from './exchange-state.ts';
import { type Deadline, NEVER } from './exchange-timing.ts';
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
	/** What is under way takes long. */
	hedge(exchange: Exchange): void;
	/** A head on its way to the client; `isFailure`: it is a local reply. */
	editResponse(exchange: Exchange, head: ResponseHead, isFailure: boolean): void;
	/** An attempt has failed: another one, or an answer. */
	conclude(exchange: Exchange, failure: ProxyError): void;
	/** Whether this status is to be retried; when true the retry is under way already. */
	retriesStatus(exchange: Exchange, attempt: Attempt, head: ResponseHead): boolean;
}

export class Exchange extends ExchangeAttempts implements StreamSink, AttemptOwner {
	private readonly steps: Steps;
	/** Another attempt may want the body again after it has been sent. */
	keepsBody = false;
	/** It holds a place at its service. */
	isAdmitted = false;
	/** Filters of the chain at hand that have had their say. */
	filtersRun = 0;
	/** Copies of the request that are under way. */
	mirrors: Mirrors | null = null;

	readonly body: RequestBody | null;
	requestTrailers: HeaderList | null = null;
	private responseEnded = false;
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
		const service = this.upstream as Service;
		const isAtOnce = this.attempts.length === 0 && !this.isDelayed;
		const now = isAtOnce ? this.startedNow : this.now();
		this.resumeAt = NEVER;
		const endpoint = this.steps.chooseEndpoint(this, !isBudgeted);
		const attempt = new Attempt(this, service, endpoint, now, this.nextBackoffMs, isBudgeted);
		this.nextBackoffMs = 0;
		this.begin(attempt);
		const refusal = endpoint === null ? service.noEndpoint() : service.allow(now);
		if (refusal !== null) {
			attempt.refuse();
			return this.onAttemptFailed(attempt, refusal);
		}
		const got = attempt.begin(endpoint as Endpoint, fresh || endsTunnel(this));
		if (got instanceof ProxyError) return this.onAttemptFailed(attempt, got);
		// What goes on at once leaves with the batch that brought it; nobody flushes what comes later.
		if (got !== null) return isAtOnce ? this.send(attempt, got) : this.onConnected(attempt, got);
		this.to(State.waiting);
		this.holdBody();
	}

	/** Starts an attempt beside those under way; the breaker has let it through. */
	hedge(endpoint: Endpoint, hedging: Hedging): void {
		const attempt = new Attempt(this, this.upstream as Service, endpoint, this.now(), 0, false);
		this.beginBeside(attempt, hedging);
		const got = attempt.begin(endpoint, false);
		if (got instanceof ProxyError) this.onAttemptFailed(attempt, got);
		else if (got !== null) this.onConnected(attempt, got);
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
		if (attempt === this.attempts[0])
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
	onAttemptFailed(attempt: Attempt, error: ProxyError): void {
		if (this.state === State.done) return;
		if (this.isHedged) return this.leave(attempt, error.code);
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

	// --- the upstream's side -------------------------------------------------------------------------------------

	inform(head: ResponseHead): void {
		// Of several attempts nobody knows whose answer will follow it.
		if (this.state !== State.sent || this.isHedged) return;
		this.lastActivity = this.now();
		stripResponseHopByHop(head);
		this.stream.inform(head);
	}

	onResponseHead(attempt: Attempt, head: ResponseHead): void {
		const now = this.now();
		this.lastActivity = now;
		this.time(attempt);
		attempt.firstByteMs = now - attempt.startedAt;
		const isTunnel = head.status === 101 || (this.head.method === 'CONNECT' && head.status >= 200 && head.status < 300);
		const refusal = head.status === 101 ? refuseSwitch(this.head, this.requestEnded) : null;
		if (refusal !== null) return this.failAttempt(attempt, refusal);
		if (this.isHedged && givesWay((this.matched as Route).rule.retry, head.status)) return this.giveWay(attempt);
		if (this.steps.retriesStatus(this, attempt, head)) return;
		this.win(attempt);
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

	private giveWay(attempt: Attempt): void {
		this.leave(attempt, '');
		attempt.stream?.abandon();
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
		this.dropAttempts(error);
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
		this.dropAttempts(error);
		this.reply(error);
	}

	onEnd(trailers: HeaderList | null): void {
		this.endRequest();
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
			this.dropAttempts(error);
			this.ownAnswer = null;
			return this.reply(error);
		}
		if (this.state === State.responding || this.state === State.tunnelling) return this.abort(error);
		this.note(error);
		if (this.status === 0) this.status = error.status;
		this.dropAttempts(error);
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
		if (deadline === 'hedge') {
			this.hedgeAt = NEVER;
			return this.steps.hedge(this);
		}
		const error = this.deadlineError(deadline, this.requestEnded);
		if (deadline === 'attempt' && this.current !== null) this.failAttempt(this.current, error);
		else this.expire(error);
	}

	private failAttempt(attempt: Attempt, error: ProxyError): void {
		this.time(attempt);
		attempt.cancel(error);
		this.onAttemptFailed(attempt, error);
	}

	private expire(error: ProxyError): void {
		this.time(this.current);
		if (this.state === State.responding || this.state === State.tunnelling) return this.abort(error);
		this.dropAttempts(error);
		if (this.state === State.replying) return this.sendAnswer();
		this.reply(error);
	}

	// --- the end, and the record ---------------------------------------------------------------------------------

	private finish(): void {
		if (this.state === State.done) return;
		this.over();
		const { context, upstream } = this;
		this.stream.alarm.giveBack(this);
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
