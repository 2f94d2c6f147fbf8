/**
 * The time of the event that is being handled.
 *
 * Reading the system's clock costs as much as a whole step of the data path, and a request asks for the time ten times.
 * Everything that enters from the event loop into the data path (bytes, ends, drains, accepted and dialed connections,
 * the timer wheel) refreshes this clock first; what runs within that event sees one time. Whoever enters by another
 * door (a promise, a signal) must `refresh` before it calls the data path; the timer wheel itself reads the system's.
 */
import type { Clock } from '../clock.ts';
import { systemClock } from './system.ts';
import { SystemTimer, type WheelTimer } from './timer-wheel.ts';

class LoopClock implements Clock {
	private at = systemClock.now();

	refresh(): void {
		this.at = systemClock.now();
	}

	now(): number {
		return this.at;
	}

	wall(): number {
		return systemClock.wall();
	}
}

/** One event loop, one such clock. */
export const loopClock = new LoopClock();

/** Wakes a wheel whose entries belong to the data path. */
export function loopTimer(): WheelTimer {
	const timer = new SystemTimer();
	return {
		set: (callback, delayMs) =>
			timer.set(() => {
				loopClock.refresh();
				callback();
			}, delayMs),
		clear: () => timer.clear(),
	};
}
