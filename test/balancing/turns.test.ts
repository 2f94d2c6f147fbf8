import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Share } from '../../src/balancing/balancer.ts';
import { RoundRobin } from '../../src/balancing/round-robin.ts';
import { Turns } from '../../src/balancing/turns.ts';
import { SeededRandom } from '../support/seeded-random.ts';

interface Numbered {
	readonly index: number;
	readonly address: string;
	readonly isUsable: boolean;
	readonly active: number;
}

function sharesOf(weights: readonly number[]): Share<Numbered>[] {
	return weights.map((weight, index) => ({
		weight,
		endpoint: { index, address: `10.0.0.${index}:80`, isUsable: true, active: 0 },
	}));
}

const sum = (values: Iterable<number>) => [...values].reduce((total, value) => total + value, 0);

/** The largest distance of any item from its share, in turns, at any time. */
function farthestOff(weights: readonly number[], offset: number, turns: number): number {
	const order = new Turns(Float64Array.from(weights), offset);
	const total = sum(weights);
	const counts = weights.map(() => 0);
	let most = 0;
	for (let taken = 1; taken <= turns; taken++) {
		const item = order.take();
		counts[item] = (counts[item] ?? 0) + 1;
		for (const [index, count] of counts.entries()) {
			most = Math.max(most, Math.abs(count - (taken * (weights[index] ?? 0)) / total));
		}
	}
	return most;
}

describe('turns', () => {
	it('go around where all weights are the same', () => {
		const order = new Turns(new Float64Array(4).fill(0.3), 0);
		expect(Array.from({ length: 9 }, () => order.take())).toEqual([0, 1, 2, 3, 0, 1, 2, 3, 0]);
	});

	it.each([[[5, 1, 1]], [[3, 2]], [[1000, 1, 1, 1]], [[7, 5, 3, 3, 2, 1]]])(
		'of %j keep the exact shares in each round',
		(weights) => {
			const order = new Turns(Float64Array.from(weights), 0);
			const counts = weights.map(() => 0);
			for (let turn = 0; turn < 10 * sum(weights); turn++) {
				const item = order.take();
				counts[item] = (counts[item] ?? 0) + 1;
			}
			for (const [index, weight] of weights.entries()) {
				expect(Math.abs((counts[index] ?? 0) - 10 * weight)).toBeLessThanOrEqual(1);
			}
		},
	);

	// Powers of two among the weights take turns as wholes, each up to a turn early or late; all may be so at one's expense.
	it('are spread evenly: nobody is ever far from where its weight puts it', () => {
		const weight = fc.oneof(
			fc.integer({ min: 1, max: 9 }),
			fc.integer({ min: 1, max: 1000 }),
			fc.double({ min: 0.01, max: 10, noNaN: true }),
		);
		const offset = fc.double({ min: 0, max: 1, noNaN: true });
		fc.assert(
			fc.property(fc.array(weight, { minLength: 1, maxLength: 20 }), offset, (weights, from) => {
				const powers = new Set(weights.map((each) => Math.floor(Math.log2(each)))).size;
				expect(farthestOff(weights, from, 500)).toBeLessThan(2 + powers / 2);
			}),
			{ numRuns: 200 },
		);
		expect(
			farthestOff([0.4380280706654647, 2, 6, 697, 1, 0.031074444524016115, 136], 0.9375610202550888, 500),
		).toBeLessThan(4);
	});

	it('come to everybody, however far weights are apart', () => {
		const weights = new Float64Array(10_000).fill(1);
		weights[0] = 1e6;
		const order = new Turns(weights, 0);
		const seen = new Set<number>();
		for (let turn = 0; turn < 1_010_000; turn++) seen.add(order.take());
		expect(seen.size).toBe(10_000);
	});

	it('go on from extreme weights and offsets', () => {
		for (const weights of [[Number.MIN_VALUE, 1], [1e-300, 1e300], [Number.MAX_VALUE / 4]]) {
			const order = new Turns(Float64Array.from(weights), 1);
			for (let turn = 0; turn < 100; turn++) expect(order.take()).toBeLessThan(weights.length);
		}
	});
});

describe('turns of snapshots that are replaced all the time', () => {
	it('keep the shares, since each begins somewhere else', () => {
		const weights = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 2, maxLength: 8 });
		fc.assert(
			fc.property(weights, fc.integer({ min: 1, max: 7 }), fc.nat(), (given, picksEach, seed) => {
				const random = new SeededRandom(seed);
				const counts = given.map(() => 0);
				const snapshots = 3000;
				const shares = sharesOf(given);
				for (let snapshot = 0; snapshot < snapshots; snapshot++) {
					const balancer = new RoundRobin(shares);
					for (let pick = 0; pick < picksEach; pick++) {
						const index = balancer.pick(random, null)?.index ?? -1;
						counts[index] = (counts[index] ?? 0) + 1;
					}
				}
				for (const [index, weight] of given.entries()) {
					const share = weight / sum(given);
					expect(Math.abs((counts[index] ?? 0) / (snapshots * picksEach) - share)).toBeLessThan(0.05);
				}
			}),
			{ numRuns: 20 },
		);
	});

	it('never lead to one that has left, in the middle of a round', () => {
		fc.assert(
			fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 3, maxLength: 9 }), fc.nat(), (given, seed) => {
				const random = new SeededRandom(seed);
				const all = sharesOf(given);
				const gone = all[seed % all.length]?.endpoint ?? null;
				const before = new RoundRobin(all);
				for (let pick = 0; pick < seed % 20; pick++) before.pick(random, null);
				const left = all.filter(({ endpoint }) => endpoint !== gone);
				const after = new RoundRobin(left);
				const seen = new Set<Numbered | null>();
				for (let pick = 0; pick < 200; pick++) seen.add(after.pick(random, gone));
				expect(seen).toEqual(new Set(left.map(({ endpoint }) => endpoint)));
			}),
		);
	});
});
