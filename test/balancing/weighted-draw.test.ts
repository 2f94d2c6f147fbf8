/** The draw by weight: exact, with and without two that are left out. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NONE, WeightedDraw } from '../../src/balancing/weighted-draw.ts';
import { SeededRandom } from '../support/seeded-random.ts';

/** The largest number below 1. */
const LAST = 1 - 2 ** -53;
const WEIGHT = fc.oneof(
	fc.integer({ min: 1, max: 3 }),
	fc.integer({ min: 1, max: 1_000_000 }),
	fc.double({ min: 1e-6, max: 10, noNaN: true }),
);

function drawOf(weights: readonly number[]): WeightedDraw {
	return new WeightedDraw(weights.map((weight) => ({ weight })));
}

/** How much of [0, 1) leads to each item: the draw changes at most once in each of as many cells as there are items. */
function sharesOf(draw: WeightedDraw): number[] {
	const size = draw.weights.length;
	const shares = new Array<number>(size).fill(0);
	for (let cell = 0; cell < size; cell++) {
		const [from, to] = [cell / size + 1e-12, (cell + 1) / size - 1e-12];
		const [own, other] = [draw.at(from), draw.at(to)];
		let [low, high] = [from, to];
		while (own !== other && high - low > 1e-15) {
			const middle = (low + high) / 2;
			if (draw.at(middle) === own) low = middle;
			else high = middle;
		}
		const cut = own === other ? 1 / size : low - cell / size;
		shares[own] = (shares[own] ?? 0) + cut;
		shares[other] = (shares[other] ?? 0) + 1 / size - cut;
	}
	return shares;
}

describe('a draw by weight', () => {
	it('gives each item exactly its share of all points', () => {
		fc.assert(
			fc.property(fc.array(WEIGHT, { minLength: 1, maxLength: 40 }), (weights) => {
				const total = weights.reduce((sum, weight) => sum + weight, 0);
				for (const [i, share] of sharesOf(drawOf(weights)).entries()) {
					expect(share).toBeCloseTo((weights[i] ?? 0) / total, 9);
				}
			}),
		);
	});

	it('knows an item at either end of the line', () => {
		fc.assert(
			fc.property(fc.array(WEIGHT, { minLength: 1, maxLength: 40 }), (weights) => {
				const draw = drawOf(weights);
				for (const point of [0, Number.MIN_VALUE, LAST]) {
					expect(weights[draw.at(point)]).toBeGreaterThan(0);
				}
			}),
		);
	});

	it('shares among the others by weight what is left out, and never draws it', () => {
		const draws = 5000;
		const given = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 3, maxLength: 8 });
		fc.assert(
			fc.property(given, fc.nat(7), fc.nat(7), fc.nat(), (weights, a, b, seed) => {
				const [low, high] = [Math.min(a, b) % weights.length, Math.max(a, b) % weights.length].sort((x, y) => x - y);
				const left = [low === high ? NONE : (low ?? NONE), high ?? NONE] as const;
				const draw = drawOf(weights);
				const random = new SeededRandom(seed);
				const counts = weights.map(() => 0);
				for (let i = 0; i < draws; i++) {
					const index = draw.besides(left[0], left[1], random);
					counts[index] = (counts[index] ?? 0) + 1;
				}
				const total = weights.reduce((sum, weight, i) => (left.includes(i) ? sum : sum + weight), 0);
				for (const [i, weight] of weights.entries()) {
					const share = left.includes(i) ? 0 : weight / total;
					// Six standard deviations: never by chance.
					const bound = 6 * Math.sqrt(draws * share * (1 - share)) + 1e-9;
					expect(Math.abs((counts[i] ?? 0) - draws * share)).toBeLessThanOrEqual(bound);
				}
			}),
			{ numRuns: 100 },
		);
	});
});
