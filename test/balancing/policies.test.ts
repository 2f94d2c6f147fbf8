/** What every balancing policy does, and what each of them promises about shares. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Share } from '../../src/balancing/balancer.ts';
import { balancerInSlices, buildBalancer } from '../../src/balancing/build-balancer.ts';
import { hashOfText, mixed } from '../../src/balancing/hash.ts';
import { LatencyCell } from '../../src/balancing/latency-cell.ts';
import type { TimedCandidate } from '../../src/balancing/peak-ewma.ts';
import { POINTS_PER_ENDPOINT } from '../../src/balancing/ring-hash.ts';
import { SeededRandom } from '../support/seeded-random.ts';

const POLICIES = ['leastRequest', 'peakEwma', 'roundRobin', 'random', 'ringHash', 'maglev'] as const;
const HASHED = ['ringHash', 'maglev'] as const;
const PICKS = 100_000;

interface Numbered extends TimedCandidate {
	readonly index: number;
	isUsable: boolean;
	active: number;
}

function shares(weights: readonly number[]): Share<Numbered>[] {
	return weights.map((weight, index) => ({
		weight,
		endpoint: { index, address: `10.0.0.${index}:80`, isUsable: true, active: 0, latency: new LatencyCell() },
	}));
}

function countsOf(policy: (typeof POLICIES)[number], given: readonly Share<Numbered>[]): number[] {
	const balancer = buildBalancer(policy, given);
	const random = new SeededRandom(11);
	const counts = given.map(() => 0);
	for (let i = 0; i < PICKS; i++) {
		const index = balancer.pick(random, null, mixed(i), 0)?.index ?? -1;
		counts[index] = (counts[index] ?? 0) + 1;
	}
	return counts;
}

function expectShares(policy: (typeof POLICIES)[number], weights: readonly number[], tolerance: number): void {
	const total = weights.reduce((sum, weight) => sum + weight, 0);
	for (const [index, count] of countsOf(policy, shares(weights)).entries()) {
		const share = (weights[index] ?? 0) / total;
		expect(Math.abs(count / PICKS / share - 1), `share of ${index}`).toBeLessThan(tolerance);
	}
}

describe.each(POLICIES)('%s', (policy) => {
	it('has nothing to pick from without endpoints, and takes the only one even where it should be avoided', () => {
		const random = new SeededRandom(1);
		expect(buildBalancer<Numbered>(policy, []).pick(random, null, 7, 0)).toBeNull();
		const [only] = shares([3]);
		if (only === undefined) throw new Error('no endpoint');
		expect(buildBalancer(policy, [only]).pick(random, only.endpoint, 7, 0)).toBe(only.endpoint);
	});

	it('never picks what is to be avoided while there is another', () => {
		const weight = fc.oneof(fc.integer({ min: 1, max: 9 }), fc.double({ min: 0.01, max: 10, noNaN: true }));
		fc.assert(
			fc.property(fc.array(weight, { minLength: 2, maxLength: 9 }), fc.nat(8), fc.nat(), (weights, which, seed) => {
				const given = shares(weights);
				const avoid = given[which % given.length]?.endpoint ?? null;
				const balancer = buildBalancer(policy, given);
				const random = new SeededRandom(seed);
				for (let i = 0; i < 10; i++) {
					const picked = balancer.pick(random, avoid, mixed(seed + i), i);
					expect(picked).not.toBeNull();
					expect(picked).not.toBe(avoid);
				}
			}),
			{ numRuns: 40 },
		);
	});
});

describe('shares over 100,000 requests', () => {
	const WEIGHTS = [1, 2, 3, 4, 5, 1, 1, 8, 2, 3];

	it.each(['roundRobin', 'random'] as const)('of %s are within 3 % of the weights', (policy) => {
		expectShares(policy, WEIGHTS, 0.03);
		expectShares(policy, [1, 1, 1, 1, 1], 0.03);
	});

	it('of maglev are within 5 % of the weights', () => {
		expectShares('maglev', WEIGHTS, 0.05);
		expectShares('maglev', [1, 1, 1, 1, 1], 0.05);
	});

	it('of ringHash are within what its points allow: three times 1/√points', () => {
		expectShares('ringHash', new Array(10).fill(1), 3 / Math.sqrt(POINTS_PER_ENDPOINT));
		const total = WEIGHTS.reduce((sum, weight) => sum + weight, 0);
		const lightest = (POINTS_PER_ENDPOINT * WEIGHTS.length) / total;
		expectShares('ringHash', WEIGHTS, 3 / Math.sqrt(lightest));
	});
});

describe('roundRobin', () => {
	it('spreads the turns of a heavy endpoint over the round', () => {
		const balancer = buildBalancer('roundRobin', shares([5, 1, 1]));
		const random = new SeededRandom(5);
		let run = 0;
		for (let i = 0; i < 700; i++) {
			run = balancer.pick(random, null, 0, 0)?.index === 0 ? run + 1 : 0;
			expect(run).toBeLessThanOrEqual(5);
		}
	});

	it('takes equal ones each once a round', () => {
		const balancer = buildBalancer('roundRobin', shares([2, 2, 2, 2]));
		const random = new SeededRandom(5);
		for (let round = 0; round < 50; round++) {
			const seen = [1, 2, 3, 4].map(() => balancer.pick(random, null, 0, 0)?.index ?? -1);
			expect(seen.sort()).toEqual([0, 1, 2, 3]);
		}
	});
});

describe('peakEwma', () => {
	it('shares an idle service of equally fast endpoints by weight, a light one included', () => {
		const counts = countsOf('peakEwma', shares([1, 1, 1, 1, 0.1]));
		expect((counts[4] ?? 0) / PICKS).toBeCloseTo(0.1 / 4.1, 2);
	});

	it('forgets what it only assumes of an endpoint, as long as others are asked instead', () => {
		const [fast, fresh] = shares([1, 1]) as [Share<Numbered>, Share<Numbered>];
		const balancer = buildBalancer('peakEwma', [fast, fresh]);
		const random = new SeededRandom(1);
		const at = (now: number) => {
			fast.endpoint.latency.observe(1, now);
			return balancer.pick(random, null, 0, now);
		};
		expect(at(0)).toBe(fast.endpoint);
		expect(at(30_000)).toBe(fast.endpoint);
		expect(at(40_000)).toBe(fresh.endpoint);
	});

	const [one, other] = shares([1, 1]).map(({ endpoint }) => endpoint) as [Numbered, Numbered];

	it('takes the one that will have answered first', () => {
		const random = new SeededRandom(1);
		const busy = fc.tuple(fc.nat(5), fc.nat(5));
		const latencies = fc.tuple(fc.nat(500), fc.nat(500));
		// Two hours: beyond what one double could tell apart without epochs.
		const time = fc.oneof(fc.nat(30_000), fc.nat(7_000_000));
		fc.assert(
			fc.property(latencies, busy, time, time, fc.nat(30_000), ([a, b], [busyA, busyB], atA, atB, later) => {
				const [first, second] = [new LatencyCell(), new LatencyCell()];
				first.observe(a, atA);
				second.observe(b, atB);
				const now = Math.max(atA, atB) + later;
				const pair = [
					{ endpoint: { ...one, latency: first, active: busyA }, weight: 1 },
					{ endpoint: { ...other, latency: second, active: busyB }, weight: 1 },
				];
				// 0 ms count as the grain of the clock.
				fc.pre(a > 0 && b > 0);
				const cost = (cell: LatencyCell, active: number) => cell.valueAt(now) * (active + 1);
				const difference = cost(first, busyA) / cost(second, busyB) - 1;
				fc.pre(Math.abs(difference) > 1e-6);
				const picked = buildBalancer('peakEwma', pair).pick(random, null, 0, now);
				expect(picked).toBe(pair[difference < 0 ? 0 : 1]?.endpoint);
			}),
		);
	});

	it('takes a failure for a slow answer, however fast it came', () => {
		const cell = new LatencyCell();
		cell.observe(20, 0);
		cell.failed(1, 1);
		expect(cell.valueAt(1)).toBeGreaterThan(30);
	});

	it('rises at once and falls slowly', () => {
		const cell = new LatencyCell();
		cell.observe(10, 0);
		cell.observe(500, 100);
		expect(cell.valueAt(100)).toBe(500);
		cell.observe(10, 200);
		expect(cell.valueAt(200)).toBeGreaterThan(480);
		expect(cell.valueAt(60_000)).toBeLessThan(10);
	});
});

describe.each(HASHED)('%s', (policy) => {
	it('keeps a key with its endpoint, in whatever order the endpoints are listed', () => {
		const given = shares([1, 1, 2, 1, 1]);
		const one = buildBalancer(policy, given);
		const other = buildBalancer(policy, [...given].reverse());
		const random = new SeededRandom(1);
		for (let key = 0; key < 1000; key++) {
			expect(other.pick(random, null, mixed(key), 0)).toBe(one.pick(random, null, mixed(key), 0));
		}
	});

	it('moves at most 1.3/n of the keys when one of ten endpoints leaves', () => {
		const given = shares(new Array(10).fill(1));
		const random = new SeededRandom(1);
		const before = buildBalancer(policy, given);
		for (let gone = 0; gone < 10; gone++) {
			const after = buildBalancer(
				policy,
				given.filter(({ endpoint }) => endpoint.index !== gone),
			);
			let moved = 0;
			for (let i = 0; i < 20_000; i++) {
				if (before.pick(random, null, mixed(i), 0) !== after.pick(random, null, mixed(i), 0)) moved++;
			}
			expect(moved / 20_000, `without ${gone}`).toBeLessThan(0.13);
		}
	});

	it('sends keys elsewhere while their endpoint is unwell, and home again afterwards', () => {
		const given = shares([1, 1, 1, 1]);
		const balancer = buildBalancer(policy, given);
		const random = new SeededRandom(1);
		const at = (key: number) => balancer.pick(random, null, mixed(key), 0);
		const homes = Array.from({ length: 1000 }, (_, key) => at(key));
		const sick = given[2]?.endpoint;
		if (sick === undefined) throw new Error('no endpoint');
		sick.isUsable = false;
		for (const [key, home] of homes.entries()) {
			if (home === sick) expect(at(key)).not.toBe(sick);
			else expect(at(key)).toBe(home);
		}
		sick.isUsable = true;
		for (const [key, home] of homes.entries()) expect(at(key)).toBe(home);
	});

	it('uses all of them when none is well', () => {
		const given = shares([1, 1, 1]);
		for (const { endpoint } of given) endpoint.isUsable = false;
		const balancer = buildBalancer(policy, given);
		const seen = new Set(
			Array.from({ length: 100 }, (_, key) => balancer.pick(new SeededRandom(1), null, mixed(key), 0)),
		);
		expect(seen.size).toBe(3);
	});

	it('moves little more than 1/n of the keys, or twice its share, when an endpoint of another weight leaves', () => {
		const given = shares([1, 2, 3, 4, 5, 1, 1, 8, 2, 3]);
		const random = new SeededRandom(1);
		const before = buildBalancer(policy, given);
		for (const gone of given) {
			const after = buildBalancer(
				policy,
				given.filter((each) => each !== gone),
			);
			let moved = 0;
			for (let i = 0; i < 20_000; i++) {
				if (before.pick(random, null, mixed(i), 0) !== after.pick(random, null, mixed(i), 0)) moved++;
			}
			expect(moved / 20_000).toBeLessThan(Math.max(0.1, (2 * gone.weight) / 30) + 0.02);
		}
	});

	it('goes past the one to be avoided when none is well, and back to it when it alone is', () => {
		const given = shares([1, 1, 1, 1]);
		for (const { endpoint } of given) endpoint.isUsable = false;
		const balancer = buildBalancer(policy, given);
		const random = new SeededRandom(1);
		for (let key = 0; key < 100; key++) {
			const home = balancer.pick(random, null, mixed(key), 0);
			expect(balancer.pick(random, home, mixed(key), 0)).not.toBe(home);
			if (home !== null) home.isUsable = true;
			expect(balancer.pick(random, home, mixed(key), 0)).toBe(home);
			if (home !== null) home.isUsable = false;
		}
	});

	it('finds the one that is well among thousands', () => {
		const given = shares(new Array(3000).fill(1));
		for (const { endpoint } of given) endpoint.isUsable = endpoint.index === 1234;
		const balancer = buildBalancer(policy, given);
		const random = new SeededRandom(1);
		for (let key = 0; key < 20; key++) expect(balancer.pick(random, null, mixed(key), 0)?.index).toBe(1234);
	});

	it('gives each of two addresses of one hash its share', () => {
		const [one, other] = twoOfOneHash();
		const given = shares([1, 1, 1, 1]).map((share, index) => {
			const address = [one, other][index] ?? share.endpoint.address;
			return { ...share, endpoint: { ...share.endpoint, address } };
		});
		for (const count of countsOf(policy, given)) expect(count / PICKS).toBeGreaterThan(0.18);
	});

	it('is built with pauses for 10,000 endpoints, and the same as without', () => {
		const given = shares(new Array(10_000).fill(1).map((weight, index) => weight + (index % 7)));
		const slices = balancerInSlices(policy, given);
		let pauses = 0;
		let slice = slices.next();
		for (; slice.done !== true; slice = slices.next()) pauses++;
		expect(pauses).toBeGreaterThanOrEqual(4);
		const whole = buildBalancer(policy, given);
		const random = new SeededRandom(1);
		for (let key = 0; key < 1000; key++) {
			expect(slice.value.pick(random, null, mixed(key), 0)).toBe(whole.pick(random, null, mixed(key), 0));
		}
	});

	it('is built in no time where weights are a million apart', () => {
		const weights = new Array<number>(5000).fill(1);
		weights[0] = 1_000_000;
		expect((countsOf(policy, shares(weights))[0] ?? 0) / PICKS).toBeGreaterThan(0.9);
	}, 2000);

	it('takes 10,000 endpoints', () => {
		expect(countsOf(policy, shares(new Array(10_000).fill(1))).filter((count) => count > 0).length).toBeGreaterThan(
			9000,
		);
	});
});

/** Among 200,000 texts some five pairs share a hash of 32 bits. */
function twoOfOneHash(): [string, string] {
	const seen = new Map<number, string>();
	for (let i = 0; ; i++) {
		const address = `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}:8080`;
		const hash = hashOfText(address);
		const before = seen.get(hash);
		if (before !== undefined) return [before, address];
		seen.set(hash, address);
	}
}
