/** A service whose endpoints are slow now and then, in short; `bench/faults` has the long version. */
import { describe, expect, it } from 'vitest';
import { hedging, LEAST_GAIN, MOST_EXTRA } from '../../bench/faults/scenarios/hedge.ts';

const P95 = { after: 'p95', max: 1, budgetPercent: 5 };
const SHORT = { clients: 24, requests: 2000 };

describe('a service that takes 50 times as long for one request of fifty', () => {
	it('is a fifth as slow for the slowest hundredth, at 6 % more load', async () => {
		const alone = await hedging({ ...SHORT, hedge: null });
		const hedged = await hedging({ ...SHORT, hedge: P95 });
		expect({ failures: hedged.tally.failures, seen: hedged.tally.describe() }).toEqual({
			failures: 0,
			seen: '200: 2000',
		});
		const gain = alone.tally.percentile(0.99) / hedged.tally.percentile(0.99);
		expect(gain).toBeGreaterThan(LEAST_GAIN);
		expect(hedged.extraShare).toBeLessThan(MOST_EXTRA);
		expect(hedged.won).toBeGreaterThan(10);
		expect(hedged.cancelled).toBeGreaterThan(hedged.won / 2);
	});

	it('never gets a POST twice', async () => {
		const { extraShare, tally } = await hedging({ ...SHORT, method: 'POST', hedge: P95 });
		expect({ extraShare, failures: tally.failures }).toEqual({ extraShare: 0, failures: 0 });
	});
});
