/** Time that moves only when a test says so. */
import type { Clock, TimerEntry, Timers } from '../../src/clock.ts';

/** 2026-01-01T00:00:00Z: any fixed instant will do. */
const WALL_START_MS = Date.UTC(2026, 0, 1);

export class ManualClock implements Clock {
	private elapsed = 0;

	now(): number {
		return this.elapsed;
	}

	wall(): number {
		return WALL_START_MS + this.elapsed;
	}

	/** Moves the clock alone; timers fire through `ManualTimers.advance`. */
	move(ms: number): void {
		if (ms < 0) throw new RangeError('time does not run backwards');
		this.elapsed += ms;
	}
}

export class ManualTimers implements Timers {
	readonly resolutionMs = 1;
	private readonly clock: ManualClock;
	private readonly armed = new Set<TimerEntry>();

	constructor(clock: ManualClock) {
		this.clock = clock;
	}

	get size(): number {
		return this.armed.size;
	}

	arm(entry: TimerEntry, delayMs: number): void {
		this.armAt(entry, this.clock.now() + delayMs);
	}

	armAt(entry: TimerEntry, deadlineMs: number): void {
		this.armed.delete(entry);
		entry.timerTick = Math.ceil(deadlineMs);
		this.armed.add(entry);
	}

	disarm(entry: TimerEntry): void {
		entry.timerTick = -1;
		this.armed.delete(entry);
	}

	/** Moves the clock, and on the way fires what is due in the order of the deadlines (armed first goes first). */
	advance(ms: number): void {
		const end = this.clock.now() + ms;
		for (let next = this.earliest(); next && next.timerTick <= end; next = this.earliest()) {
			this.clock.move(Math.max(0, next.timerTick - this.clock.now()));
			this.disarm(next);
			next.onTimer();
		}
		this.clock.move(end - this.clock.now());
	}

	private earliest(): TimerEntry | undefined {
		let first: TimerEntry | undefined;
		for (const entry of this.armed) {
			if (first === undefined || entry.timerTick < first.timerTick) first = entry;
		}
		return first;
	}
}
