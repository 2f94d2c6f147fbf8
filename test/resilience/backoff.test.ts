import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Random } from '../../src/clock.ts';
import { backoffMs } from '../../src/resilience/backoff.ts';

function fixed(value: number): Random {
	return { next: () => value, hex: () => '', uuid: () => '' };
}
const ALMOST_ONE = 1 - Number.EPSILON;
const NO_DEADLINE = Number.POSITIVE_INFINITY;

describe('backoff', () => {
	it.each([
		[1, 25],
		[2, 75],
		[3, 175],
		[4, 250],
		[5, 250],
		[60, 250],
		[2000, 250],
	])('unset: retry %d waits between 0 and %d ms', (retry, most) => {
		expect(backoffMs(retry, 0, fixed(0), NO_DEADLINE)).toBe(0);
		expect(backoffMs(retry, 0, fixed(0.5), NO_DEADLINE)).toBe(most / 2);
		expect(backoffMs(retry, 0, fixed(ALMOST_ONE), NO_DEADLINE)).toBeLessThanOrEqual(most);
	});

	it.each([
		[1, 100, 100, 150],
		[2, 100, 200, 300],
		[4, 25, 200, 300],
		[1, 0.5, 0.5, 0.75],
	])('written: retry %d of %d ms waits between %d and %d ms', (retry, written, least, most) => {
		expect(backoffMs(retry, written, fixed(0), NO_DEADLINE)).toBe(least);
		expect(backoffMs(retry, written, fixed(ALMOST_ONE), NO_DEADLINE)).toBeCloseTo(most, 6);
	});

	it('unset: is over before the time of the request; written: is a minimum all the same', () => {
		expect(backoffMs(4, 0, fixed(ALMOST_ONE), 40)).toBeLessThan(40);
		expect(backoffMs(4, 0, fixed(0.5), 40)).toBe(20);
		expect(backoffMs(4, 25, fixed(0), 40)).toBe(200);
	});

	it('stays in its bounds for any retry, backoff and chance', () => {
		const unit = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
		fc.assert(
			fc.property(fc.integer({ min: 1, max: 20 }), fc.nat(10_000), unit, (retry, written, chance) => {
				const wait = backoffMs(retry, written, fixed(chance), NO_DEADLINE);
				const least = written * 2 ** (retry - 1);
				expect(wait).toBeGreaterThanOrEqual(least);
				expect(wait).toBeLessThanOrEqual(written > 0 ? least * 1.5 : 250);
			}),
		);
	});
});
