/**
 * Time and randomness as arguments. The system's own are made in `app.ts` (from `io/`); tests bring theirs.
 * Nothing else in the project asks the process for the time.
 */

export interface Clock {
	/** Monotonic milliseconds with a fraction, for durations. */
	now(): number;
	/** Milliseconds since the Unix epoch, for logs. */
	wall(): number;
}

export interface Random {
	/** Uniform in [0, 1). Not for secrets. */
	next(): number;
	/** `bytes` random bytes as lower-case hex. */
	hex(bytes: number): string;
	/** A version-4 UUID (RFC 9562 §5.4). */
	uuid(): string;
}

/**
 * An entry of the timer wheel. Intrusive (the links live in the entry), so that arming a deadline on each request
 * allocates nothing; whoever has a deadline extends this class.
 */
export abstract class TimerEntry {
	timerPrev: TimerEntry | null = null;
	timerNext: TimerEntry | null = null;
	/** Absolute tick at which the entry fires; -1 when it is not armed. Owned by the wheel. */
	timerTick = -1;
	/** Called once when due, never before. May arm itself again. */
	abstract onTimer(): void;
}

/** An entry that calls somebody: for those that have more than one, or are none themselves. */
export class Alarm extends TimerEntry {
	private readonly ring: () => void;

	constructor(ring: () => void) {
		super();
		this.ring = ring;
	}

	override onTimer(): void {
		this.ring();
	}
}

type AlarmHolder = Pick<TimerEntry, 'onTimer'>;

/**
 * An alarm that many have, one after the other. It stays armed between them, so it may ring early for the next, who then looks at
 * a deadline of his own and asks again: nothing is armed and disarmed for each of them.
 */
export class LentAlarm extends TimerEntry {
	private holder: AlarmHolder | null = null;
	/** Clock time for which it was armed last. */
	private at = 0;

	/** Rings for this holder by `at` at the latest, as far as a timer is on time. */
	lend(holder: AlarmHolder, at: number, timers: Timers): void {
		this.holder = holder;
		if (this.timerTick !== -1 && this.at <= at) return;
		this.at = at;
		timers.armAt(this, at);
	}

	/** Does nothing when another one has it. */
	giveBack(holder: AlarmHolder): void {
		if (this.holder === holder) this.holder = null;
	}

	override onTimer(): void {
		this.holder?.onTimer();
	}
}

/** Coarse timers: an entry fires at or after its delay, late by at most one tick of `resolutionMs`. */
export interface Timers {
	readonly resolutionMs: number;
	/** Arms the entry, or moves it when it is armed already. `delayMs` ≥ 0. */
	arm(entry: TimerEntry, delayMs: number): void;
	/** As `arm`, at a time of the monotonic clock: for whoever has read it already. */
	armAt(entry: TimerEntry, deadlineMs: number): void;
	/** Does nothing when the entry is not armed. */
	disarm(entry: TimerEntry): void;
}
