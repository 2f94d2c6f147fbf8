/** One alarm for many, one after the other. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LentAlarm } from '../../src/clock.ts';
import { ManualClock, ManualTimers } from '../support/manual-time.ts';

function setUp() {
	const clock = new ManualClock();
	const timers = new ManualTimers(clock);
	const alarm = new LentAlarm();
	/** Waits for a time of its own, as all do who have such an alarm: asks again when it was early. */
	function wait(ms: number) {
		const until = clock.now() + ms;
		const waiter = {
			rungAt: -1,
			onTimer: () => {
				if (clock.now() < until) alarm.lend(waiter, until, timers);
				else waiter.rungAt = clock.now();
			},
		};
		alarm.lend(waiter, until, timers);
		return { waiter, until };
	}
	return { clock, timers, alarm, wait };
}

describe('a lent alarm', () => {
	it('rings for nobody once it has been given back', () => {
		const { timers, alarm, wait } = setUp();
		const { waiter } = wait(100);
		alarm.giveBack(waiter);
		timers.advance(200);
		expect(waiter.rungAt).toBe(-1);
	});

	it('is not taken from who has it by who had it', () => {
		const { timers, alarm, wait } = setUp();
		const { waiter: first } = wait(100);
		const { waiter: second } = wait(50);
		alarm.giveBack(first);
		timers.advance(200);
		expect([first.rungAt, second.rungAt]).toEqual([-1, 50]);
	});

	it('rings in time for each, whatever those before have left it at, and is armed once at most', () => {
		const step = fc.record({ waits: fc.integer({ min: 1, max: 60 }), passes: fc.nat({ max: 80 }) });
		fc.assert(
			fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
				const { timers, alarm, wait } = setUp();
				for (const { waits, passes } of steps) {
					const { waiter, until } = wait(waits);
					timers.advance(passes);
					expect(waiter.rungAt).toBe(passes < waits ? -1 : until);
					expect(timers.size).toBeLessThanOrEqual(1);
					alarm.giveBack(waiter);
				}
			}),
		);
	});
});
