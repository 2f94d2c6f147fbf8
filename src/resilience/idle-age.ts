/**
 * How long an idle connection to a service may be used again, learned so that we let go of it before the other side does.
 *
 * Theory of operation. Two sources say when the other side closes (t): its own `Keep-Alive: timeout=`, the latest one
 * counting, and the idle ages at which it has closed connections. The smaller one holds, and a connection retires at
 * max(t/2, t − 1 s): a second covers a slow network and a busy loop, half of t the short ones.
 *
 * A closed connection alone proves no timeout. An age is believed once two closes at different moments agree on it.
 * Closes in quick succession are one moment; when there are many it was a restart or a deployment, which teaches
 * nothing: what the first of them taught is taken back. A different hint means another app, so the ages are forgotten.
 */

/** Until something is learned; undici's figure, below Node's own 5 s. */
const DEFAULT_IDLE_MS = 4_000;
/** Longest t that is believed; undici's cap. What lies between us and the app forgets a connection earlier than that. */
const LONGEST_MS = 600_000;
const MARGIN_MS = 1_000;
/** Closes not further apart belong to one moment. A dying process closes its sockets within a few milliseconds. */
const MOMENT_MS = 100;
/** As many closes in one moment are a mass close. */
const MASS_CLOSES = 3;
/** Ages agree within a quarter, or this: servers look at their idle connections about once a second. */
const AGREEMENT = 0.25;
const AGREEMENT_MS = 50;
/** How many moments are remembered: enough for two that agree among others that do not. */
const MOMENTS = 8;

export class IdleAge {
	/** What the app said last; -1 when it never did. */
	private hintMs = -1;
	private observedMs = Number.POSITIVE_INFINITY;
	/** Smallest idle age of each remembered moment, a ring; NaN where there is none. */
	private readonly ages = new Float64Array(MOMENTS).fill(Number.NaN);
	/** Slot of the latest moment, what it held before, and how many closes the moment has seen. */
	private slot = MOMENTS - 1;
	private overwritten = Number.NaN;
	private closes = 0;
	private lastCloseAt = Number.NEGATIVE_INFINITY;
	private retireMs = DEFAULT_IDLE_MS;

	/** The app said `Keep-Alive: timeout=`. 0: it will not wait at all. Negative (not said) is ignored. */
	keepAliveHint(seconds: number): void {
		if (!(seconds >= 0)) return;
		const hintMs = seconds * 1000;
		if (hintMs === this.hintMs) return;
		this.hintMs = hintMs;
		this.ages.fill(Number.NaN);
		this.overwritten = Number.NaN;
		this.settle();
	}

	/** The app closed a connection that had been idle for `ageMs`. Not for the ones that we closed. */
	closedIdle(ageMs: number, now: number): void {
		if (!(ageMs >= 0)) return;
		const isSameMoment = Math.abs(now - this.lastCloseAt) <= MOMENT_MS;
		this.lastCloseAt = now;
		if (!isSameMoment) {
			this.closes = 1;
			this.slot = (this.slot + 1) % MOMENTS;
			this.overwritten = this.ages[this.slot] as number;
			this.ages[this.slot] = ageMs;
		} else {
			this.closes++;
			if (this.closes > MASS_CLOSES) return;
			this.ages[this.slot] =
				this.closes === MASS_CLOSES ? this.overwritten : Math.min(this.ages[this.slot] as number, ageMs);
		}
		this.settle();
	}

	/** Idle milliseconds after which a connection is not used again. 0: never reuse one. */
	retireAfterMs(): number {
		return this.retireMs;
	}

	private settle(): void {
		this.observedMs = this.agreedAge();
		const isLearned = this.hintMs >= 0 || this.observedMs !== Number.POSITIVE_INFINITY;
		const t = Math.min(this.hintMs >= 0 ? this.hintMs : LONGEST_MS, this.observedMs, LONGEST_MS);
		this.retireMs = isLearned ? Math.max(t / 2, t - MARGIN_MS) : DEFAULT_IDLE_MS;
	}

	/** The smallest remembered age that another one confirms; Infinity without. */
	private agreedAge(): number {
		const sorted = this.ages.filter((age) => !Number.isNaN(age)).sort();
		for (let i = 1; i < sorted.length; i++) {
			const age = sorted[i - 1] as number;
			if ((sorted[i] as number) - age <= Math.max(AGREEMENT_MS, age * AGREEMENT)) return age;
		}
		return Number.POSITIVE_INFINITY;
	}
}
