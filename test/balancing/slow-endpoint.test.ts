/** One endpoint in five is ten times slower, at 60 % of what all can do together. The figures of docs/load-balancing.md. */
import { describe, expect, it } from 'vitest';
import { type Outcome, simulate } from './queueing.ts';

const ONE_SLOW = [10, 10, 10, 10, 100];
const FOUR_OF_TWENTY_SLOW = Array.from({ length: 20 }, (_, index) => (index % 5 === 4 ? 100 : 10));

function run(policy: 'peakEwma' | 'leastRequest' | 'roundRobin' | 'random', serviceMs: readonly number[]): Outcome {
	return simulate({ policy, serviceMs, load: 0.6, requests: 60_000, seed: 1 });
}

/** Share of the requests that those get who need 100 ms. */
function slowShare({ shares }: Outcome, serviceMs: readonly number[]): number {
	return shares.reduce((sum, share, index) => (serviceMs[index] === 100 ? sum + share : sum), 0);
}

describe('a slow endpoint', () => {
	it('gets next to nothing by peak EWMA, and far less by least requests than by turn or chance', () => {
		expect(slowShare(run('peakEwma', ONE_SLOW), ONE_SLOW)).toBeLessThan(0.02);
		expect(slowShare(run('peakEwma', FOUR_OF_TWENTY_SLOW), FOUR_OF_TWENTY_SLOW)).toBeLessThan(0.05);
		expect(slowShare(run('leastRequest', ONE_SLOW), ONE_SLOW)).toBeLessThan(0.06);
		expect(slowShare(run('roundRobin', ONE_SLOW), ONE_SLOW)).toBeCloseTo(0.2, 2);
		expect(slowShare(run('random', ONE_SLOW), ONE_SLOW)).toBeCloseTo(0.2, 2);
	});

	it('makes the slowest per cent four times as slow by least requests, and drowns by turn or chance', () => {
		const best = run('peakEwma', ONE_SLOW).p99;
		expect(best).toBeLessThan(110);
		expect(run('leastRequest', ONE_SLOW).p99).toBeGreaterThan(2 * best);
		expect(run('leastRequest', ONE_SLOW).p99).toBeLessThan(8 * best);
		expect(run('roundRobin', ONE_SLOW).p99).toBeGreaterThan(1000 * best);
		expect(run('random', ONE_SLOW).p99).toBeGreaterThan(1000 * best);
	});

	it('is asked again by peak EWMA when it may have mended', () => {
		const { shares } = simulate({
			policy: 'peakEwma',
			serviceMs: ONE_SLOW,
			load: 0.6,
			requests: 60_000,
			seed: 2,
		});
		expect(shares[4]).toBeGreaterThan(0.001);
	});
});

describe('a new endpoint', () => {
	it.each(['peakEwma', 'leastRequest'] as const)(
		'comes to its share by %s, though the service is nearly idle',
		(policy) => {
			const setting = {
				policy,
				serviceMs: [1, 1, 1, 1, 1],
				load: 0.05,
				requests: 60_000,
				seed: 1,
				joinedAt: { 4: 20_000 },
			};
			// 40,000 of the 60,000 requests or a few more come when it is there; some seconds are lost to the 30 ms that are assumed.
			expect(simulate(setting).shares[4]).toBeGreaterThan(0.1);
		},
	);
});
