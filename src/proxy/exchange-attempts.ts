/**
 * The attempts of an exchange: which are under way, and how each of them ends.
 *
 * Theory of operation. Mostly there is one, `current`. Where the rule hedges, others may begin beside it as long as nothing
 * of a response has come and the request has been sent whole; they stand in `hedges` in the order in which they began, so that
 * `current` is always the oldest. What happens to one of several:
 *
 *   fails, or is answered with a status that gives way ──▶ it leaves; the oldest of the others is current
 *   is answered with any other status                  ──▶ it wins: it is current, and all others have lost
 *
 * How long an attempt takes is counted from when the request was whole: a client that sends slowly makes no endpoint slow.
 *
 * So a failure is the exchange's own (`Exchange.onAttemptFailed`) only when it comes from the last one, and from `responding` on
 * there is exactly one. An attempt that has lost is cancelled, gives its places back and tells breaker and ejector nothing.
 */
import { type ErrorCode, ProxyError } from '../error.ts';
import type { HedgeOutcome, Hedging } from '../resilience/hedge.ts';
import type { Attempt } from './attempt.ts';
import { State } from './exchange-state.ts';
import { ExchangeTiming, NEVER } from './exchange-timing.ts';

/** Of all exchanges with nothing beside the current attempt. */
const NONE: readonly Attempt[] = [];

export abstract class ExchangeAttempts extends ExchangeTiming {
	/** Attempts made so far, replays of the idle race and hedges not counted. */
	attemptsMade = 0;
	hasRacedIdle = false;
	/** `null`: it is not hedged. */
	hedging: Hedging | null = null;
	requestEnded = false;
	/** Clock time. */
	private requestEndedAt = 0;
	protected current: Attempt | null = null;
	private hedges = NONE;

	/** Once a response has begun: where it comes from. */
	get answering(): Attempt | null {
		return this.current;
	}

	/** More than one attempt is under way. */
	protected get isHedged(): boolean {
		return this.hedges.length > 0;
	}

	/** All that are under way, the oldest first. */
	get underWay(): readonly Attempt[] {
		return this.current === null ? NONE : [this.current, ...this.hedges];
	}

	/** An attempt begins, alone. */
	protected begin(attempt: Attempt): void {
		this.attempts.push(attempt);
		this.current = attempt;
		this.limit(attempt);
		if (this.hedging !== null && this.requestEnded) this.awaitHedge(this.hedging, attempt.startedAt);
		this.setTimer();
	}

	/** An attempt begins beside those under way. */
	protected beginBeside(attempt: Attempt, hedging: Hedging): void {
		attempt.isHedge = true;
		this.attempts.push(attempt);
		this.hedges = [...this.hedges, attempt];
		this.awaitHedge(hedging, attempt.startedAt);
	}

	/** All may take equally long, so the deadline is always that of the oldest. */
	private limit({ startedAt }: Attempt): void {
		const timeoutMs = this.matched?.attemptTimeoutMs ?? 0;
		this.attemptDeadline = timeoutMs > 0 ? startedAt + timeoutMs : NEVER;
	}

	private awaitHedge(hedging: Hedging, now: number): void {
		const afterMs = hedging.afterMs(now);
		if (afterMs < 0) this.context.recorder.hedgeSkipped('samples');
		this.hedgeAt = afterMs < 0 ? NEVER : now + afterMs;
	}

	/** The request is whole. */
	protected endRequest(): void {
		const now = this.now();
		this.requestEnded = true;
		this.requestEndedAt = now;
		if (this.hedging === null || this.current === null || this.state === State.responding) return;
		this.awaitHedge(this.hedging, now);
		this.setTimer();
	}

	/** The attempt that is over, the last one; whoever takes it settles it. Its places are free. `outcome`: if it is a hedge. */
	takeAttempt(outcome: HedgeOutcome = 'failed'): Attempt | null {
		const attempt = this.current;
		this.current = null;
		this.attemptDeadline = NEVER;
		this.hedgeAt = NEVER;
		if (attempt !== null) this.release(attempt, outcome);
		return attempt;
	}

	protected settleAttempt(code: ErrorCode | ''): void {
		this.takeAttempt()?.settle(code, this.now());
	}

	private release(attempt: Attempt, outcome: HedgeOutcome): void {
		attempt.release();
		if (!attempt.isHedge) return;
		const hasWon = this.state === State.responding || this.state === State.tunnelling;
		this.context.recorder.hedged(this.service, hasWon ? 'won' : outcome);
	}

	/** Stops whatever is under way, or the wait for the next attempt: that is paid for already. */
	protected dropAttempts(error: ProxyError): void {
		for (const hedge of this.hedges) {
			this.release(hedge, 'lost');
			// It had less time than the attempt that it was to help.
			hedge.forgive(error.code, this.now());
			hedge.cancel(error);
		}
		this.hedges = NONE;
		const attempt = this.takeAttempt('lost');
		attempt?.settle(error.code, this.now());
		attempt?.cancel(error);
		if (this.state === State.backingOff) this.upstream?.budget.release();
		this.resumeAt = NEVER;
	}

	/** One of several is over, and the exchange is not. `''`: it was answered. */
	protected leave(attempt: Attempt, code: ErrorCode | ''): void {
		const others = this.underWay.filter((each) => each !== attempt);
		const [oldest = null] = others;
		this.current = oldest;
		this.hedges = others.slice(1);
		if (oldest !== null) this.limit(oldest);
		this.release(attempt, 'failed');
		if (code !== '' && attempt.hasLostIdleRace(code)) attempt.forgive(code, this.now());
		else attempt.settle(code, this.now());
	}

	/** Its answer is the one that the client gets: nothing else is wanted any more. */
	protected win(attempt: Attempt): void {
		this.hedgeAt = NEVER;
		if (!this.isHedged) return;
		const error = new ProxyError('client_closed', 'another attempt was answered first');
		for (const other of this.underWay) {
			if (other === attempt) continue;
			this.time(other);
			this.release(other, 'lost');
			other.lose(this.now());
			other.cancel(error);
		}
		this.current = attempt;
		this.hedges = NONE;
		this.limit(attempt);
	}

	/** An attempt is being answered, or given up after it has taken so long. */
	protected time(attempt: Attempt | null): void {
		const { hedging } = this;
		if (hedging === null || attempt === null || attempt.isHedge || attempt.firstByteMs >= 0) return;
		const now = this.now();
		const isLater = this.requestEnded && this.requestEndedAt > attempt.startedAt;
		hedging.observe(now - (isLater ? this.requestEndedAt : attempt.startedAt), now);
	}
}
