/**
 * The deadlines of an exchange. One timer serves them all: it is set to the nearest, and looks around when it fires. It
 * is not moved when bytes flow; activity is a field, and an idle deadline that turns out to be early is set again.
 */
import { ProxyError } from '../error.ts';
import { ExchangeFacts } from './exchange-facts.ts';

export const NEVER = Number.POSITIVE_INFINITY;

export type Deadline = 'request' | 'attempt' | 'resume' | 'idle';

export abstract class ExchangeTiming extends ExchangeFacts {
	/** Clock times; `NEVER` when there is no such deadline. */
	requestDeadline = NEVER;
	protected attemptDeadline = NEVER;
	protected resumeAt = NEVER;
	/** Clock time of the last byte in either direction. */
	protected lastActivity = this.startedNow;
	private timerAt = NEVER;

	protected abstract onDeadline(deadline: Deadline): void;
	protected abstract isOver(): boolean;

	/** Arms the timer for the nearest deadline, unless it is armed for an earlier moment already. */
	protected setTimer(): void {
		const idleMs = this.idleLimitMs();
		const idleAt = idleMs > 0 ? this.lastActivity + idleMs : NEVER;
		const nearest = Math.min(this.requestDeadline, this.attemptDeadline, this.resumeAt, idleAt);
		if (nearest === NEVER || (this.timerTick !== -1 && nearest >= this.timerAt)) return;
		this.timerAt = nearest;
		this.context.timers.armAt(this, nearest);
	}

	override onTimer(): void {
		const now = this.now();
		this.timerAt = NEVER;
		const due = this.due(now);
		if (due !== null) this.onDeadline(due);
		if (!this.isOver()) this.setTimer();
	}

	/** Milliseconds without a byte that end the exchange; 0: never. */
	private idleLimitMs(): number {
		const { matched } = this;
		if (matched === null) return this.context.defaultIdleMs;
		return this.isTunnel ? matched.tunnelIdleMs : matched.idleMs;
	}

	/** What a deadline that has passed is called. */
	protected deadlineError(deadline: Exclude<Deadline, 'resume'>, requestEnded: boolean): ProxyError {
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
		return idleMs > 0 && now - this.lastActivity >= idleMs ? 'idle' : null;
	}
}
