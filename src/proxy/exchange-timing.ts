/**
 * Where an exchange stands, and its deadlines. One timer serves them all: it is set to the nearest, and looks around when it fires. It
 * is not moved when bytes flow; activity is a field, and an idle deadline that turns out to be early is set again.
 */
import { ProxyError } from '../error.ts';
import { ExchangeFacts } from './exchange-facts.ts';
import { canMove, State } from './exchange-state.ts';

export const NEVER = Number.POSITIVE_INFINITY;

export type Deadline = 'request' | 'attempt' | 'resume' | 'idle' | 'hedge';

export abstract class ExchangeTiming extends ExchangeFacts {
	/** Clock times; `NEVER` when there is no such deadline. */
	requestDeadline = NEVER;
	protected attemptDeadline = NEVER;
	/** Of the next attempt, or of the end of an injected delay. */
	resumeAt = NEVER;
	/** When another attempt is due beside what is under way. */
	protected hedgeAt = NEVER;
	/** Clock time of the last byte in either direction. */
	protected lastActivity = this.startedNow;
	private timerAt = NEVER;
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

	/** Arms the timer for the nearest deadline, unless it is armed for an earlier moment already. */
	protected setTimer(): void {
		const idleMs = this.idleLimitMs();
		const idleAt = idleMs > 0 ? this.lastActivity + idleMs : NEVER;
		const nearest = Math.min(this.requestDeadline, this.attemptDeadline, this.resumeAt, this.hedgeAt, idleAt);
		if (nearest === NEVER || (this.timerTick !== -1 && nearest >= this.timerAt)) return;
		this.timerAt = nearest;
		this.context.timers.armAt(this, nearest);
	}

	override onTimer(): void {
		const now = this.now();
		this.timerAt = NEVER;
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
	protected deadlineError(deadline: Exclude<Deadline, 'resume' | 'hedge'>, requestEnded: boolean): ProxyError {
		const { matched } = this;
		switch (deadline) {
			case 'request':
				return new ProxyError('request_timeout', `the whole request took longer than ${matched?.requestTimeoutMs} ms`);
			case 'attempt':
				return new ProxyError('attempt_timeout', `no whole answer within ${matched?.attemptTimeoutMs} ms`);
			case 'idle': {
				const detail = `no byte in either direction for ${this.idleLimitMs()} ms`;
				return new ProxyError('stream_idle', detail, { status: requestEnded ? 504 : 408 });
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
