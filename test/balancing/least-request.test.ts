import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Share } from '../../src/balancing/balancer.ts';
import { LeastRequest } from '../../src/balancing/least-request.ts';
import { SeededRandom } from '../support/seeded-random.ts';

interface Numbered {
	readonly index: number;
	readonly address: string;
	readonly isUsable: boolean;
	active: number;
}

function endpointsOf(weights: readonly number[], active: readonly number[] = []): Share<Numbered>[] {
	return weights.map((weight, index) => ({
		weight,
		endpoint: { index, address: `10.0.0.${index}:80`, isUsable: true, active: active[index] ?? 0 },
	}));
}

/** How often each endpoint is picked while nothing is under way but what is given. */
function countsOf(endpoints: readonly Share<Numbered>[], picks: number, avoid: Numbered | null = null): number[] {
	const balancer = new LeastRequest(endpoints);
	const random = new SeededRandom(7);
	const counts = endpoints.map(() => 0);
	for (let i = 0; i < picks; i++) {
		const index = balancer.pick(random, avoid, 0, 0)?.index ?? -1;
		counts[index] = (counts[index] ?? 0) + 1;
	}
	return counts;
}

describe('least request', () => {
	it('has nothing to pick from without endpoints', () => {
		const random = new SeededRandom(1);
		expect(new LeastRequest([]).pick(random, null, 0, 0)).toBeNull();
	});

	it('picks the only endpoint even where it should be avoided', () => {
		const [only] = endpointsOf([1]);
		if (only === undefined) throw new Error('no endpoint');
		expect(new LeastRequest([only]).pick(new SeededRandom(1), only.endpoint, 0, 0)).toBe(only.endpoint);
	});

	it('always picks the less loaded of two', () => {
		expect(countsOf(endpointsOf([1, 1], [5, 4]), 100)).toEqual([0, 100]);
		expect(countsOf(endpointsOf([1, 1], [4, 5]), 100)).toEqual([100, 0]);
	});

	it('measures the load by the weight', () => {
		expect(countsOf(endpointsOf([3, 1], [5, 2]), 100)).toEqual([100, 0]);
		expect(countsOf(endpointsOf([3, 1], [7, 2]), 100)).toEqual([0, 100]);
	});

	it('shares an idle service by weight', () => {
		const counts = countsOf(endpointsOf([6, 3, 1]), 100_000).map((count) => count / 100_000);
		expect(counts[0]).toBeCloseTo(0.6, 1);
		expect(counts[1]).toBeCloseTo(0.3, 1);
		expect(counts[2]).toBeCloseTo(0.1, 1);
		for (const share of countsOf(endpointsOf([2, 2, 2, 2]), 100_000)) expect(share / 100_000).toBeCloseTo(0.25, 1);
	});

	it('never picks the one with the most requests under way of three', () => {
		expect(countsOf(endpointsOf([1, 1, 1], [2, 9, 3]), 1000)[1]).toBe(0);
		expect(countsOf(endpointsOf([1, 2, 3], [2, 18, 3]), 1000)[1]).toBe(0);
	});

	it('keeps the load far more even than chance does', () => {
		const endpoints = endpointsOf(new Array(100).fill(1));
		const balancer = new LeastRequest(endpoints);
		const random = new SeededRandom(3);
		for (let i = 0; i < 10_000; i++) {
			const picked = balancer.pick(random, null, 0, 0);
			if (picked !== null) picked.active++;
		}
		// A single draw would leave about 130 with the fullest.
		expect(Math.max(...endpoints.map(({ endpoint }) => endpoint.active))).toBeLessThan(105);
	});

	it('never picks what is to be avoided, whatever the weights and the load', () => {
		const weight = fc.oneof(
			fc.integer({ min: 1, max: 3 }),
			fc.integer({ min: 1, max: 1_000_000 }),
			fc.double({ min: 1e-9, max: 10, noNaN: true }),
		);
		const each = fc.record({ weight, active: fc.nat(5) });
		fc.assert(
			fc.property(fc.array(each, { maxLength: 12 }), fc.nat(11), fc.nat(), (given, which, seed) => {
				const shares = given.map(({ weight, active }, index) => ({
					weight,
					endpoint: { address: `a:${index}`, isUsable: true, active },
				}));
				const endpoints = shares.map(({ endpoint }) => endpoint);
				const balancer = new LeastRequest(shares);
				const random = new SeededRandom(seed);
				const avoid = endpoints[which] ?? null;
				const allowed = endpoints.length > 1 ? endpoints.filter((each) => each !== avoid) : endpoints;
				for (let i = 0; i < 20; i++) {
					const picked = balancer.pick(random, avoid, 0, 0);
					if (allowed.length === 0) expect(picked).toBeNull();
					else expect(allowed).toContain(picked);
				}
			}),
		);
	});

	it('reaches every endpoint but the avoided one, in proportion', () => {
		const endpoints = endpointsOf([1, 1, 2, 4]);
		const shares = countsOf(endpoints, 100_000, endpoints[3]?.endpoint).map((count) => count / 100_000);
		expect(shares[0]).toBeCloseTo(0.25, 1);
		expect(shares[2]).toBeCloseTo(0.5, 1);
		expect(shares[3]).toBe(0);
	});
});
