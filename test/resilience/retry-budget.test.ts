import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RetryBudget } from '../../src/resilience/retry-budget.ts';

describe('retry budget', () => {
	it('admits a share of the active requests, rounded down', () => {
		const budget = new RetryBudget(20, 0, 0);
		expect([budget.tryTake(0, 4), budget.tryTake(0, 5), budget.tryTake(0, 9)]).toEqual([false, true, false]);
		expect([budget.tryTake(0, 10), budget.active]).toEqual([true, 2]);
	});

	it('gives a place back when a retry ends, and never more than were taken', () => {
		const budget = new RetryBudget(20, 0, 0);
		budget.release();
		expect(budget.tryTake(0, 5)).toBe(true);
		expect(budget.tryTake(0, 5)).toBe(false);
		budget.release();
		budget.release();
		expect([budget.active, budget.tryTake(0, 5), budget.tryTake(0, 5)]).toEqual([0, true, false]);
	});

	it('grants a few a second to a service with little traffic', () => {
		const budget = new RetryBudget(20, 10, 0);
		const taken = (now: number) => {
			let n = 0;
			while (budget.tryTake(now, 1)) n++;
			return n;
		};
		expect([taken(0), taken(99), taken(100), taken(350), taken(100_000)]).toEqual([10, 0, 1, 2, 10]);
	});

	it('saves up for a whole retry when less than one a second is granted', () => {
		const budget = new RetryBudget(0, 0.5, 0);
		expect([budget.tryTake(0, 1), budget.tryTake(1999, 1), budget.tryTake(2000, 1)]).toEqual([true, false, true]);
	});

	it('grants nothing when both are 0, and no windfall when the clock goes back', () => {
		expect(new RetryBudget(0, 0, 0).tryTake(1e9, 1000)).toBe(false);
		const budget = new RetryBudget(0, 1, 10_000);
		expect([budget.tryTake(10_000, 1), budget.tryTake(0, 1), budget.tryTake(999, 1), budget.tryTake(1000, 1)]).toEqual([
			true,
			false,
			false,
			true,
		]);
	});

	it('never exceeds the share but by what the seconds grant, under any sequence of calls', () => {
		const step = fc.record({ gap: fc.nat(500), active: fc.nat(60), release: fc.boolean() });
		const setting = fc.record({ percent: fc.nat(100), perSecond: fc.nat(20) });
		fc.assert(
			fc.property(setting, fc.array(step, { maxLength: 200 }), ({ percent, perSecond }, steps) => {
				const budget = new RetryBudget(percent, perSecond, 0);
				let now = 0;
				let beyondShare = 0;
				for (const { gap, active, release } of steps) {
					now += gap;
					if (release) {
						budget.release();
						continue;
					}
					const isWithinShare = budget.active + 1 <= (percent / 100) * active;
					const isTaken = budget.tryTake(now, active);
					if (isWithinShare) expect(isTaken).toBe(true);
					else if (isTaken) beyondShare++;
					expect(beyondShare).toBeLessThanOrEqual(perSecond + (perSecond * now) / 1000);
				}
			}),
		);
	});
});
