import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { median, medianInterval, pairedRatios, percentile, summarize } from '../../bench/load/stats.ts';

const numbers = fc.array(fc.double({ noNaN: true, min: -1e9, max: 1e9 }), { minLength: 1, maxLength: 200 });

describe('percentile', () => {
	it('takes the nearest rank', () => {
		const hundred = Array.from({ length: 100 }, (_, i) => i + 1);
		expect([0, 0.5, 0.9, 0.99, 1].map((q) => percentile(hundred, q))).toEqual([1, 50, 90, 99, 100]);
	});

	it('has at least its share of the values at or below it, and is one of them', () => {
		fc.assert(
			fc.property(numbers, fc.double({ noNaN: true, min: 0.01, max: 1 }), (values, q) => {
				const sorted = values.toSorted((a, b) => a - b);
				const found = percentile(sorted, q);
				expect(sorted).toContain(found);
				expect(sorted.filter((value) => value <= found).length).toBeGreaterThanOrEqual(q * sorted.length - 1e-9);
			}),
		);
	});

	it('of nothing is not a number', () => {
		expect(percentile([], 0.5)).toBeNaN();
	});
});

describe('median', () => {
	it('is the middle value, or the mean of the two in the middle, in any order', () => {
		expect(median([9, 1, 5])).toBe(5);
		expect(median([4, 1, 3, 2])).toBe(2.5);
	});

	it('lies between the extremes that the summary names', () => {
		fc.assert(
			fc.property(numbers, (values) => {
				const { median: middle, min, max } = summarize(values);
				expect(middle).toBeGreaterThanOrEqual(min);
				expect(middle).toBeLessThanOrEqual(max);
			}),
		);
	});
});

describe('medianInterval', () => {
	it('says nothing for fewer than six values', () => {
		expect(medianInterval([1, 2, 3, 4, 5])).toBeNull();
	});

	it.each([
		[6, 1, 6, 0.96875],
		[10, 2, 9, 0.978515625],
		[20, 6, 15, 0.958610534667969],
	])('uses the tabulated ranks for n = %i', (n, low, high, confidence) => {
		const interval = medianInterval(Array.from({ length: n }, (_, i) => n - i));
		expect(interval).toMatchObject({ low, high });
		expect(interval?.confidence).toBeCloseTo(confidence, 9);
	});
});

describe('pairedRatios', () => {
	it('compares runs made next to each other, so that common drift cancels', () => {
		expect(pairedRatios([10, 20, 40], [20, 40, 80])).toEqual([0.5, 0.5, 0.5]);
	});
});
