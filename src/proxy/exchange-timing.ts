/**
 * Where an exchange stands, and its deadlines. One timer serves them all: it is set to the nearest, and looks around when it fires. It
 * is not moved when bytes flow; activity is a field, and an idle deadline that turns out to be early is set again.
 */
import { type ErrorCode, ProxyError } from '../error.ts';
import { lowerGrpcTimeout } from '../http/grpc-timeout.ts';
import type { RequestHead } from '../http/head.ts';
import { hadFairTime } from '../resilience/deadlines.ts';
import { ExchangeFacts } from './exchange-facts.ts';
import { canMove, State } from './exchange-state.ts';
import type { LiveExchange } from './live-exchanges.ts';

export const NEVER = Number.POSITIVE_INFINITY;

/** `client`: no time, but the client of the request that this one is made for has left. */
export type Deadline = 'request' | 'attempt' | 'resume' | 'idle' | 'hedge' | 'client';

/** Whose word the deadline of the request is: the rule's, the caller's `grpc-timeout`, or that of the request that it is made for. */
export type DeadlineSource = 'rule' | 'grpc-timeout' | 'caller';

export abstract class ExchangeTiming extends ExchangeFacts implements LiveExchange {
	/** Clock times; `NEVER` when there is no such deadline. */
	requestDeadline = NEVER;
	/** What was stated of it, by a written `timeouts.request` or by `grpc-timeout`: it may be passed on to calls of the app. */
	statedDeadline = NEVER;
	deadlineBy: DeadlineSource = 'rule';
	/** It came with a `grpc-timeout`, which is lowered as time passes. */
	isGrpcTimed = false;
	/** It is made for a request whose client has left. */
	hasClientLeft = false;
	/** `x-request-id` of the request that this one is made for; `''` when that is not known. */
	callerRequestId = '';
	nextSpan: LiveExchange | null = null;
	linkBefore: LiveExchange | null = null;
	linkAfter: LiveExchange | null = null;
	firstCall: LiveExchange | null = null;
	madeFor: LiveExchange | null = null;
	protected attemptDeadline = NEVER;
	/** Of the next attempt, or of the end of an injected delay. */
	resumeAt = NEVER;
	/** When another attempt is due beside what is under way. */
	protected hedgeAt = NEVER;
	/** Clock time of the last byte in either direction. */
	protected lastActivity = this.startedNow;
	state: State = State.received;
	/** The wait before the attempt that comes next. */
	protected nextBackoffMs = 0;

	protected abstract onDeadline(deadline: Deadline): void;
	/** Nobody can be given the request's body for now. */
	protected abstract holdBody(): void;

	to(next: State): void {
		if (!canMove(this.state, next)) throw new Error(`exchange: no move from state ${this.state} to ${next}`);
		this.state = next;
	}

	/** The last move. Its calls and itself are strangers from now on. */
	protected over(): void {
		this.to(State.done);
		this.context.joining?.live.remove(this, this.now());
	}

	/** The request's head as it is true at this moment. */
	protected headNow(): RequestHead {
		if (this.isGrpcTimed) lowerGrpcTimeout(this.head.headers, this.requestDeadline - this.now());
		return this.head;
	}

	/** Whether an attempt that ended so, after so long, says nothing about its service: somebody else's deadline was too near. */
	isSpared(code: ErrorCode | '', hadMs: number): boolean {
		if (code !== 'request_timeout' || this.deadlineBy === 'rule') return false;
		return !hadFairTime(hadMs, this.matched?.requestTimeoutMs ?? 0);
	}

	onClientLeft(): void {
		if (this.state !== State.done) this.onDeadline('client');
	}

	/** Waits, then attempts again. */
	backOff(ms: number): void {
		this.to(State.backingOff);
		this.nextBackoffMs = ms;
		this.resumeIn(ms);
	}

	/** Lets time pass before it goes on: a fault that is injected on purpose. */
	delay(ms: number): void {
		this.to(State.delayed);
		this.isDelayed = true;
		this.resumeIn(ms);
	}

	private resumeIn(ms: number): void {
		this.resumeAt = this.now() + ms;
		this.holdBody();
		this.setTimer();
	}

	/** The alarm is to ring for the nearest deadline, or earlier. */
	protected setTimer(): void {
		const idleMs = this.idleLimitMs();
		const idleAt = idleMs > 0 ? this.lastActivity + idleMs : NEVER;
		const nearest = Math.min(this.requestDeadline, this.attemptDeadline, this.resumeAt, this.hedgeAt, idleAt);
		if (nearest !== NEVER) this.stream.alarm.lend(this, nearest, this.context.timers);
	}

	onTimer(): void {
		const now = this.now();
		const due = this.due(now);
		if (due !== null) this.onDeadline(due);
		if (this.state !== State.done) this.setTimer();
	}

	/** Milliseconds without a byte that end the exchange; 0: never. */
	private idleLimitMs(): number {
		const { matched } = this;
		if (matched === null) return this.context.defaultIdleMs;
		return this.isTunnel ? matched.tunnelIdleMs : matched.idleMs;
	}

	/** What a deadline that has passed is called. */
	deadlineError(deadline: Exclude<Deadline, 'resume' | 'hedge'>, requestEnded: boolean): ProxyError {
		const { matched } = this;
		switch (deadline) {
			case 'request':
				return this.requestTimeout();
			case 'client': {
				const detail = `the client of the request that this call is made for (${this.callerRequestId}) has left`;
				return new ProxyError('client_closed', detail, { setting: 'outbound.deadlines.cancel' });
			}
			case 'attempt':
				return new ProxyError('attempt_timeout', `no whole answer within ${matched?.attemptTimeoutMs} ms`);
			case 'idle': {
				const detail = `no byte in either direction for ${this.idleLimitMs()} ms`;
				return new ProxyError('stream_idle', detail, { status: requestEnded ? 504 : 408 });
			}
		}
	}

	private requestTimeout(): ProxyError {
		switch (this.deadlineBy) {
			case 'rule': {
				const detail = `the whole request took longer than ${this.matched?.requestTimeoutMs} ms`;
				return new ProxyError('request_timeout', detail);
			}
			case 'grpc-timeout':
				return new ProxyError('request_timeout', "the caller's `grpc-timeout` has passed", { setting: '' });
			case 'caller': {
				const detail = `the time of the request that this call is made for (${this.callerRequestId}) is up`;
				return new ProxyError('request_timeout', detail, { setting: 'outbound.deadlines.inherit' });
			}
		}
	}

	private due(now: number): Deadline | null {
		if (now >= this.requestDeadline) return 'request';
		if (now >= this.attemptDeadline) return 'attempt';
		if (now >= this.resumeAt) return 'resume';
		const idleMs = this.idleLimitMs();
		if (idleMs > 0 && now - this.lastActivity >= idleMs) return 'idle';
		return now >= this.hedgeAt ? 'hedge' : null;
	}
}
