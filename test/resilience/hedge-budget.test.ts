import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BURST, HedgeBudget } from '../../src/resilience/hedge-budget.ts';

/** Takes what it gets: `true` is a request, `false` a wish for a hedge. What was granted, in order. */
function follow(percent: number, events: readonly boolean[]): { requests: number; hedges: number }[] {
	const budget = new HedgeBudget(percent);
	const sums = [{ requests: 0, hedges: 0 }];
	let requests = 0;
	let hedges = 0;
	for (const isRequest of events) {
		if (isRequest) {
			budget.earn();
			requests++;
		} else if (budget.hasOne) {
			budget.spend();
			hedges++;
		}
		sums.push({ requests, hedges });
	}
	return sums;
}

const percents = fc.constantFrom(0.5, 1, 5, 12.5, 33.3, 100);
const events = fc.array(fc.boolean(), { minLength: 1, maxLength: 400 });

describe('the budget of hedges', () => {
	it('lets no more be made than the share of the requests, over all time', () => {
		fc.assert(
			fc.property(percents, events, (percent, list) => {
				for (const { requests, hedges } of follow(percent, list)) {
					expect(hedges).toBeLessThanOrEqual((requests * percent) / 100 + 1e-9);
				}
			}),
		);
	});

	it('lets no more be made in any span than the share of its requests and what had been saved up', () => {
		fc.assert(
			fc.property(percents, events, (percent, list) => {
				const sums = follow(percent, list);
				for (const [i, before] of sums.entries()) {
					for (const after of sums.slice(i)) {
						const allowed = ((after.requests - before.requests) * percent) / 100 + BURST;
						expect(after.hedges - before.hedges).toBeLessThanOrEqual(allowed + 1e-9);
					}
				}
			}),
			{ numRuns: 30 },
		);
	});

	it('grants the whole share to who asks evenly', () => {
		const list = Array.from({ length: 10_000 }, (_, i) => i % 2 === 0);
		expect(follow(5, list).at(-1)).toEqual({ requests: 5000, hedges: 250 });
	});

	it('never grants any at 0 %', () => {
		const list = Array.from({ length: 1000 }, (_, i) => i % 2 === 0);
		expect(follow(0, list).at(-1)?.hedges).toBe(0);
	});
});
