import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TimerEntry } from '../../src/clock.ts';
import { systemClock } from '../../src/io/system.ts';
import { TimerWheel, type WheelTimer } from '../../src/io/timer-wheel.ts';
import { ManualClock } from '../support/manual-time.ts';

/** The one timer of the wheel, run by hand on a clock that moves by hand. */
class Bench implements WheelTimer {
	readonly clock = new ManualClock();
	wakeUps = 0;
	sleepsUntil = Number.POSITIVE_INFINITY;
	private callback: (() => void) | undefined;

	set(callback: () => void, delayMs: number): void {
		this.callback = callback;
		this.sleepsUntil = this.clock.now() + delayMs;
	}

	clear(): void {
		this.callback = undefined;
		this.sleepsUntil = Number.POSITIVE_INFINITY;
	}

	/** Lets time pass with a free event loop: each wake-up comes when it was asked for. */
	pass(ms: number): void {
		const end = this.clock.now() + ms;
		while (this.sleepsUntil <= end) this.wake(Math.max(0, this.sleepsUntil - this.clock.now()));
		this.clock.move(Math.max(0, end - this.clock.now()));
	}

	/** Wakes the wheel after this long, whatever it had asked for. */
	wake(afterMs: number): void {
		this.clock.move(afterMs);
		const { callback } = this;
		this.clear();
		this.wakeUps++;
		callback?.();
	}
}

class Entry extends TimerEntry {
	firedAt: number[] = [];
	private readonly clock: ManualClock;
	private readonly then: () => void;

	constructor(clock: ManualClock, then: () => void = () => {}) {
		super();
		this.clock = clock;
		this.then = then;
	}

	onTimer(): void {
		this.firedAt.push(this.clock.now());
		this.then();
	}
}

function setUp() {
	const bench = new Bench();
	const wheel = new TimerWheel(bench.clock, 10, bench);
	const entry = (then?: () => void) => new Entry(bench.clock, then);
	return { bench, wheel, entry };
}

describe('timer wheel', () => {
	it.each([0, 1, 9.5, 10, 25, 2549, 2550, 2560, 2561, 5119, 300_000, 620_000, 655_360, 700_000, 4_000_000])(
		'fires a delay of %d ms never early and at most one tick late',
		(delay) => {
			for (const start of [0, 3.7, 2555, 100_001]) {
				const { bench, wheel, entry } = setUp();
				bench.pass(start);
				const e = entry();
				wheel.arm(e, delay);
				bench.pass(delay + 20);
				expect(e.firedAt).toHaveLength(1);
				expect(e.firedAt[0]).toBeGreaterThanOrEqual(start + delay);
				expect(e.firedAt[0]).toBeLessThanOrEqual(start + delay + 10 + (delay === 0 ? 10 : 0));
				expect(wheel.size).toBe(0);
			}
		},
	);

	it('does not fire what was disarmed, and disarming twice is harmless', () => {
		const { bench, wheel, entry } = setUp();
		const gone = entry();
		const kept = entry();
		wheel.arm(gone, 50);
		wheel.arm(kept, 50);
		wheel.disarm(gone);
		wheel.disarm(gone);
		bench.pass(1000);
		expect([gone.firedAt.length, kept.firedAt.length, wheel.size]).toEqual([0, 1, 0]);
	});

	it('moves an armed entry, nearer and farther', () => {
		const { bench, wheel, entry } = setUp();
		const nearer = entry();
		const farther = entry();
		wheel.arm(nearer, 10_000);
		wheel.arm(nearer, 50);
		wheel.arm(farther, 50);
		wheel.arm(farther, 10_000);
		bench.pass(20_000);
		expect(nearer.firedAt).toEqual([50]);
		expect(farther.firedAt).toEqual([10_000]);
	});

	it('takes an absolute deadline too; one that has passed fires at the next tick', () => {
		const { bench, wheel, entry } = setUp();
		bench.pass(1234);
		const ahead = entry();
		const passed = entry();
		wheel.armAt(ahead, 1334);
		wheel.armAt(passed, 5);
		bench.pass(200);
		expect([ahead.firedAt, passed.firedAt]).toEqual([[1340], [1240]]);
	});

	it('lets a callback arm itself again and disarm or arm its neighbours of the same tick', () => {
		const { bench, wheel, entry } = setUp();
		const neighbour = entry();
		const late = entry();
		const self: Entry = entry(() => {
			wheel.disarm(neighbour);
			wheel.arm(late, 0);
			if (self.firedAt.length < 3) wheel.arm(self, 100);
		});
		wheel.arm(self, 50);
		wheel.arm(neighbour, 50);
		bench.pass(1000);
		expect(self.firedAt).toEqual([50, 150, 250]);
		expect(neighbour.firedAt).toEqual([]);
		expect(late.firedAt).toEqual([60, 160, 260]);
	});

	it('fires everything that came due while the loop was blocked, in order, once', () => {
		const { bench, wheel } = setUp();
		const order: number[] = [];
		for (const delay of [700, 20, 5000, 3000, 2570]) wheel.arm(new Entry(bench.clock, () => order.push(delay)), delay);
		bench.wake(4000);
		expect(order).toEqual([20, 700, 2570, 3000]);
		bench.pass(2000);
		expect(order).toEqual([20, 700, 2570, 3000, 5000]);
	});

	it('keeps the others when a callback throws', () => {
		const { bench, wheel, entry } = setUp();
		const other = entry();
		wheel.arm(
			entry(() => {
				throw new Error('planted');
			}),
			50,
		);
		wheel.arm(other, 50);
		expect(() => bench.pass(60)).toThrow('planted');
		bench.pass(60);
		expect(other.firedAt).toHaveLength(1);
	});

	it('sleeps when only far deadlines are armed, and has no timer when none is', () => {
		const { bench, wheel, entry } = setUp();
		bench.pass(60_000);
		expect(bench.wakeUps).toBe(0);
		const far = entry();
		wheel.arm(far, 620_000);
		wheel.arm(entry(), 300_000);
		bench.pass(640_000);
		expect(far.firedAt).toHaveLength(1);
		expect(bench.wakeUps).toBeLessThanOrEqual(4);
		expect(bench.sleepsUntil).toBe(Number.POSITIVE_INFINITY);
	});

	it('does not wake more often when many requests arm and disarm one far deadline each', () => {
		const { bench, wheel, entry } = setUp();
		const deadline = entry();
		for (let i = 0; i < 10_000; i++) {
			wheel.arm(deadline, 300_000);
			bench.pass(1);
			wheel.disarm(deadline);
		}
		expect(bench.wakeUps).toBe(0);
		bench.pass(600_000);
		expect([bench.wakeUps, deadline.firedAt.length]).toEqual([1, 0]);
	});

	it('never fires an endless delay, and sets no endless timer for a long one', () => {
		const { bench, wheel, entry } = setUp();
		const endless = entry();
		wheel.arm(endless, Number.POSITIVE_INFINITY);
		expect(bench.sleepsUntil).toBe(Number.POSITIVE_INFINITY);
		const month = entry();
		wheel.arm(month, 30 * 86_400_000);
		expect(bench.sleepsUntil).toBeLessThan(2 ** 31);
		bench.pass(30 * 86_400_000 + 10);
		expect([month.firedAt, endless.firedAt]).toEqual([[30 * 86_400_000], []]);
	});

	it('fires nothing after stop', () => {
		const { bench, wheel, entry } = setUp();
		const e = entry();
		wheel.arm(e, 50);
		wheel.stop();
		wheel.arm(entry(), 10);
		bench.pass(1000);
		expect(e.firedAt).toEqual([]);
	});

	it('fires the same entries as a sorted list, each within a tick, under any sequence of calls', () => {
		const delay = fc.oneof(fc.nat(100), fc.nat(6000), fc.nat(800_000));
		const step = fc.oneof(
			fc.record({ kind: fc.constant('arm' as const), id: fc.nat(9), ms: delay }),
			fc.record({ kind: fc.constant('disarm' as const), id: fc.nat(9), ms: fc.constant(0) }),
			fc.record({ kind: fc.constant('pass' as const), id: fc.constant(0), ms: delay }),
		);
		fc.assert(
			fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
				const { bench, wheel, entry } = setUp();
				const deadlines = new Map<number, number>();
				const fired: [number, number][] = [];
				const entries = Array.from({ length: 10 }, (_, id) => entry(() => fired.push([id, bench.clock.now()])));
				for (const { kind, id, ms } of steps) {
					if (kind === 'arm') {
						wheel.arm(entries[id] as Entry, ms);
						deadlines.set(id, bench.clock.now() + ms);
					} else if (kind === 'disarm') {
						wheel.disarm(entries[id] as Entry);
						deadlines.delete(id);
					} else {
						bench.pass(ms);
						for (const [firedId, at] of fired.splice(0)) {
							const deadline = deadlines.get(firedId) ?? Number.NaN;
							expect(at).toBeGreaterThanOrEqual(deadline);
							expect(at).toBeLessThanOrEqual(deadline + 20);
							deadlines.delete(firedId);
						}
						for (const left of deadlines.values()) expect(left).toBeGreaterThan(bench.clock.now() - 20);
					}
					expect(wheel.size).toBe(deadlines.size);
				}
			}),
			{ numRuns: 300 },
		);
	});

	it('runs on the system clock and timer: not early, and soon', async () => {
		const wheel = new TimerWheel(systemClock);
		const begin = systemClock.now();
		const firedAt = await new Promise<number>((resolve) => {
			class Once extends TimerEntry {
				onTimer(): void {
					resolve(systemClock.now());
				}
			}
			wheel.arm(new Once(), 35);
			// The wheel does not keep the process alive; the test must.
			setTimeout(() => resolve(Number.POSITIVE_INFINITY), 5000);
		});
		wheel.stop();
		expect(firedAt - begin).toBeGreaterThanOrEqual(35);
		expect(firedAt - begin).toBeLessThan(2000);
	});
});
