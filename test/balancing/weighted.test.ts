import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WeightedChoice } from '../../src/balancing/weighted.ts';
import { SeededRandom } from '../support/seeded-random.ts';

const itemsOf = (...weights: readonly number[]) => weights.map((weight, index) => ({ weight, index }));
/** The largest number below 1. */
const LAST = 1 - 2 ** -53;

describe('weighted choice', () => {
	it('gives each of two equals exactly half of the line', () => {
		const [first, second] = itemsOf(1, 1);
		const choice = new WeightedChoice([first, second].filter((item) => item !== undefined));
		expect([0, 0.25, 0.5 - 2 ** -54, 0.5, 0.75, LAST].map((point) => choice.at(point))).toEqual([
			first,
			first,
			first,
			second,
			second,
			second,
		]);
	});

	it('never chooses a weight of 0, wherever it stands', () => {
		const choice = new WeightedChoice(itemsOf(0, 9, 0, 1, 0));
		expect([0, 0.899, 0.9, LAST].map((point) => choice.at(point)?.index)).toEqual([1, 1, 3, 3]);
	});

	it('chooses nothing where there is no weight at all', () => {
		expect(new WeightedChoice([]).at(0.5)).toBeNull();
		expect(new WeightedChoice(itemsOf(0, 0)).at(0)).toBeNull();
	});

	it('does what walking along the line does', () => {
		const weights = fc.array(fc.nat(1_000_000), { minLength: 1, maxLength: 40 });
		const point = fc.double({ min: 0, max: LAST, noNaN: true });
		fc.assert(
			fc.property(weights, point, (given, at) => {
				let place = at * given.reduce((sum, weight) => sum + weight, 0);
				const walked = given.findIndex((weight) => {
					place -= weight;
					return place < 0;
				});
				expect(new WeightedChoice(itemsOf(...given)).at(at)?.index ?? -1).toBe(walked);
			}),
		);
	});

	it('shares evenly drawn points by weight', () => {
		const weights = fc.array(fc.nat(100), { minLength: 1, maxLength: 16 }).filter((all) => all.some((w) => w > 0));
		fc.assert(
			fc.property(weights, fc.nat(), (given, seed) => {
				const choice = new WeightedChoice(itemsOf(...given));
				const random = new SeededRandom(seed);
				const draws = 2000;
				const counts = given.map(() => 0);
				for (let i = 0; i < draws; i++) {
					const index = choice.at(random.next())?.index ?? -1;
					counts[index] = (counts[index] ?? 0) + 1;
				}
				const total = given.reduce((sum, weight) => sum + weight, 0);
				for (const [i, weight] of given.entries()) {
					const share = weight / total;
					// Six standard deviations: never by chance.
					const bound = 6 * Math.sqrt(draws * share * (1 - share)) + 1e-9;
					expect(Math.abs((counts[i] ?? 0) - draws * share)).toBeLessThanOrEqual(bound);
				}
			}),
			{ numRuns: 50 },
		);
	});
});
