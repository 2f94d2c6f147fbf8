/** A service with a slow endpoint, in short; `bench/faults` has the long version, with all policies and Envoy. */
import { describe, expect, it } from 'vitest';
import { balancing, MOST_SLOW_SHARE } from '../../bench/faults/scenarios/balance.ts';

describe('one endpoint of five that takes ten times as long', () => {
	it('gets next to nothing by peak EWMA', async () => {
		const { results } = await balancing({ policies: ['peakEwma'], envoy: null, requests: 1000 });
		expect(results.map(({ failures }) => failures)).toEqual([0]);
		expect(results[0]?.slowShare).toBeLessThan(MOST_SLOW_SHARE);
	});
});
