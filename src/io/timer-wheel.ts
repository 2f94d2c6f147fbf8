/**
 * Every deadline of the data path, on one timer of the event loop.
 *
 * Theory of operation. Time is cut into ticks. `current` is the last tick that has been fired. A wheel has two levels
 * of 256 slots, each the head of a circular, doubly linked list whose links live in the entries: arming and disarming
 * are a few pointer writes and allocate nothing.
 * - `near` holds what is due within the next 255 ticks; the slot of a tick is its low byte, so a slot holds one tick.
 * - `far` holds the rest, hashed by block (256 ticks). When `current` enters a block, the entries of that block move to
 *   `near`; those of a later turn of the wheel stay where they are.
 * A tick is fired when the clock has passed its start, and an entry gets the first tick that starts at or after its
 * deadline: never early, late by one tick at most plus whatever the event loop was busy with.
 *
 * The one timer sleeps until the next occupied slot (or block), however far. It is only ever moved nearer; a slot that
 * was emptied meanwhile costs one wake-up that finds nothing. A callback may arm and disarm anything, itself included.
 */
import { type Clock, TimerEntry, type Timers } from '../clock.ts';

/** Deadlines here are tens of milliseconds and up; a finer tick would only wake the process more often. */
const RESOLUTION_MS = 10;
/** Slots of a level: near covers 2.5 s, far 11 min (the longest usual timer, an idle client, is 620 s). */
const SLOTS = 256;
const SLOT_MASK = SLOTS - 1;
/** `setTimeout` overflows at 24 days; waking once an hour for a deadline that far costs nothing. */
const LONGEST_SLEEP_MS = 3_600_000;

/** What wakes the wheel up. */
export interface WheelTimer {
	set(callback: () => void, delayMs: number): void;
	/** Does nothing when it is not set. */
	clear(): void;
}

/** One `setTimeout` that does not keep the process alive. */
export class SystemTimer implements WheelTimer {
	private handle: NodeJS.Timeout | undefined;

	set(callback: () => void, delayMs: number): void {
		clearTimeout(this.handle);
		this.handle = setTimeout(callback, delayMs).unref();
	}

	clear(): void {
		clearTimeout(this.handle);
		this.handle = undefined;
	}
}

/** Head of a slot's circular list; never fires. */
class Slot extends TimerEntry {
	constructor() {
		super();
		this.timerPrev = this;
		this.timerNext = this;
	}

	onTimer(): void {
		// The head of a list is never armed.
	}
}

function link(slot: Slot, entry: TimerEntry): void {
	const last = slot.timerPrev as TimerEntry;
	last.timerNext = entry;
	entry.timerPrev = last;
	entry.timerNext = slot;
	slot.timerPrev = entry;
}

function unlink(entry: TimerEntry): void {
	const prev = entry.timerPrev as TimerEntry;
	const next = entry.timerNext as TimerEntry;
	prev.timerNext = next;
	next.timerPrev = prev;
	entry.timerPrev = null;
	entry.timerNext = null;
}

function slots(): Slot[] {
	return Array.from({ length: SLOTS }, () => new Slot());
}

export class TimerWheel implements Timers {
	readonly resolutionMs: number;
	private readonly clock: Clock;
	private readonly timer: WheelTimer;
	private readonly near = slots();
	private readonly far = slots();
	/** Clock reading at tick 0. */
	private readonly origin: number;
	/** Every tick up to this one has been fired. */
	private current = 0;
	private armed = 0;
	/** Tick that the timer is set for; Infinity when it is not set. */
	private wakeTick = Number.POSITIVE_INFINITY;
	private isFiring = false;
	private isStopped = false;
	private readonly wake = (): void => {
		this.wakeTick = Number.POSITIVE_INFINITY;
		this.run();
	};

	constructor(clock: Clock, resolutionMs = RESOLUTION_MS, timer: WheelTimer = new SystemTimer()) {
		this.clock = clock;
		this.resolutionMs = resolutionMs;
		this.timer = timer;
		this.origin = clock.now();
	}

	/** Number of armed entries. */
	get size(): number {
		return this.armed;
	}

	arm(entry: TimerEntry, delayMs: number): void {
		this.armAt(entry, this.clock.now() + delayMs);
	}

	/** As `arm`, for whoever has read the clock already: reading it costs more than all the rest. */
	armAt(entry: TimerEntry, deadlineMs: number): void {
		// An idle wheel does not follow the clock: catch up, or a near deadline would be filed as a far one.
		if (this.armed === 0 && !this.isFiring) this.current = Math.max(this.current, this.tickNow());
		const tick = Math.max(Math.ceil((deadlineMs - this.origin) / this.resolutionMs), this.current + 1);
		if (entry.timerTick >= 0) {
			if (entry.timerTick === tick) return;
			unlink(entry);
		} else {
			this.armed++;
		}
		entry.timerTick = tick;
		this.file(entry, tick);
		// While ticks fire, `run` sets the timer when it is done.
		if (tick < this.wakeTick && !this.isFiring) this.sleepUntil(tick);
	}

	disarm(entry: TimerEntry): void {
		if (entry.timerTick < 0) return;
		unlink(entry);
		entry.timerTick = -1;
		this.armed--;
	}

	/** Nothing fires any more; arming is still harmless. */
	stop(): void {
		this.isStopped = true;
		this.timer.clear();
	}

	private file(entry: TimerEntry, tick: number): void {
		const slot = tick - this.current < SLOTS ? this.near[tick & SLOT_MASK] : this.far[blockOf(tick) & SLOT_MASK];
		link(slot as Slot, entry);
	}

	/** The last tick that has begun. */
	private tickNow(): number {
		return Math.floor((this.clock.now() - this.origin) / this.resolutionMs);
	}

	private sleepUntil(tick: number): void {
		if (this.isStopped) return;
		this.wakeTick = tick;
		const delayMs = Math.ceil(this.origin + tick * this.resolutionMs - this.clock.now());
		this.timer.set(this.wake, Math.min(Math.max(delayMs, 1), LONGEST_SLEEP_MS));
	}

	/** Fires what is due, then sleeps until the next occupied slot. Ticks that hold nothing are passed over. */
	private run(): void {
		if (this.isStopped) return;
		const due = this.tickNow();
		this.isFiring = true;
		try {
			for (let tick = this.nextOccupied(); tick <= due; tick = this.nextOccupied()) this.fire(tick);
			this.current = Math.max(this.current, due);
		} finally {
			this.isFiring = false;
			// Only after a callback threw: what is left of its tick is fired by the next wake-up, not lost with it.
			if (isOccupied(this.near[this.current & SLOT_MASK] as Slot)) this.current--;
			if (this.armed > 0) this.sleepUntil(this.nextOccupied());
		}
	}

	private fire(tick: number): void {
		this.current = tick;
		if ((tick & SLOT_MASK) === 0) this.enterBlock(blockOf(tick));
		const slot = this.near[tick & SLOT_MASK] as Slot;
		// Taken one by one from the head: a callback may disarm its neighbours. What it arms lands on a later tick.
		for (let entry = slot.timerNext as TimerEntry; entry !== slot; entry = slot.timerNext as TimerEntry) {
			this.disarm(entry);
			entry.onTimer();
		}
	}

	private enterBlock(block: number): void {
		const slot = this.far[block & SLOT_MASK] as Slot;
		for (let entry = slot.timerNext as TimerEntry; entry !== slot; ) {
			const next = entry.timerNext as TimerEntry;
			if (blockOf(entry.timerTick) === block) {
				unlink(entry);
				link(this.near[entry.timerTick & SLOT_MASK] as Slot, entry);
			}
			entry = next;
		}
	}

	/** First tick after `current` at which there is something to do; Infinity when nothing is armed. */
	private nextOccupied(): number {
		const block = blockOf(this.current);
		let nearest = Number.POSITIVE_INFINITY;
		for (let tick = this.current + 1; tick < this.current + SLOTS; tick++) {
			if (isOccupied(this.near[tick & SLOT_MASK] as Slot)) {
				nearest = tick;
				break;
			}
		}
		for (let ahead = 1; ahead <= SLOTS && (block + ahead) * SLOTS < nearest; ahead++) {
			if (isOccupied(this.far[(block + ahead) & SLOT_MASK] as Slot)) return (block + ahead) * SLOTS;
		}
		return nearest;
	}
}

function blockOf(tick: number): number {
	return Math.floor(tick / SLOTS);
}

function isOccupied(slot: Slot): boolean {
	return slot.timerNext !== slot;
}
