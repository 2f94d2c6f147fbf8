import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Sharer, sharesOf } from '../../src/balancing/shares.ts';
import { slowStartFactor } from '../../src/balancing/slow-start.ts';
import { zoneFactors } from '../../src/balancing/zones.ts';

const EVER = Number.NEGATIVE_INFINITY;
const INPUT = { now: 100_000, slowStartMs: 0, zone: '', keepsUnusable: false };

function sharer(parts: Partial<Sharer> = {}): Sharer {
	return { address: 'a:80', active: 0, isUsable: true, weight: 1, zone: '', usableSince: EVER, ...parts };
}

describe('the shares of endpoints', () => {
	it('are their weights, of those that are well and have any', () => {
		const all = [sharer({ weight: 3 }), sharer({ isUsable: false }), sharer({ weight: 0 })];
		const { shares, isPanic, isWarming } = sharesOf(all, INPUT);
		expect(shares).toEqual([{ endpoint: all[0], weight: 3 }]);
		expect({ isPanic, isWarming }).toEqual({ isPanic: false, isWarming: false });
	});

	it('are those of all when none is well, which is said', () => {
		const all = [sharer({ isUsable: false }), sharer({ isUsable: false, weight: 0 })];
		const { shares, isPanic } = sharesOf(all, INPUT);
		expect(shares.map(({ endpoint }) => endpoint)).toEqual([all[0]]);
		expect(isPanic).toBe(true);
		expect(sharesOf([], INPUT)).toEqual({ shares: [], isPanic: false, isWarming: false });
	});

	it('leave the unwell in their places where the policy walks past them', () => {
		const all = [sharer(), sharer({ isUsable: false })];
		expect(sharesOf(all, { ...INPUT, keepsUnusable: true }).shares).toHaveLength(2);
	});

	it('grow with the age of a slow starter', () => {
		const all = [sharer({ usableSince: 95_000, weight: 4 }), sharer()];
		const { shares, isWarming } = sharesOf(all, { ...INPUT, slowStartMs: 10_000 });
		expect(shares.map(({ weight }) => weight)).toEqual([2, 1]);
		expect(isWarming).toBe(true);
	});

	it('are never empty while somebody has weight, and never negative', () => {
		const any = fc.record({
			weight: fc.nat(5),
			zone: fc.constantFrom('', 'a', 'b'),
			isUsable: fc.boolean(),
			usableSince: fc.constantFrom(EVER, 99_000, 100_000, 101_000),
		});
		fc.assert(
			fc.property(fc.array(any, { maxLength: 8 }), fc.boolean(), (given, keepsUnusable) => {
				const all = given.map((parts) => sharer(parts));
				const { shares } = sharesOf(all, { now: 100_000, slowStartMs: 5000, zone: 'a', keepsUnusable });
				expect(shares.length > 0).toBe(all.some(({ weight }) => weight > 0));
				for (const { weight } of shares) expect(weight).toBeGreaterThan(0);
			}),
		);
	});
});

describe('slow start', () => {
	it.each([
		[0, 0.1],
		[500, 0.1],
		[5000, 0.5],
		[10_000, 1],
		[-5, 0.1],
		[Number.POSITIVE_INFINITY, 1],
	])('after %d ms of ten seconds is %d', (age, factor) => {
		expect(slowStartFactor(age, 10_000)).toBe(factor);
	});
});

describe('zones', () => {
	const zoned = (zone: string, isUsable = true) => ({ zone, weight: 1, isUsable });

	function shareOf(own: string, all: readonly ReturnType<typeof zoned>[]): number {
		const taken = all.filter(({ isUsable }) => isUsable);
		const factors = zoneFactors(taken, all, own);
		const weights = taken.map(({ weight }, index) => weight * (factors[index] ?? 0));
		const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
		return sum(weights.filter((_, index) => taken[index]?.zone === own)) / sum(weights);
	}

	it('keep all requests at home while enough is well there', () => {
		expect(shareOf('a', [zoned('a'), zoned('a'), zoned('b'), zoned('b')])).toBe(1);
		expect(shareOf('a', [zoned('a'), zoned('a'), zoned('a'), zoned('a', false), zoned('b')])).toBe(1);
	});

	it('let overflow what the well ones at home cannot take', () => {
		expect(shareOf('a', [zoned('a'), zoned('a', false), zoned('b'), zoned('c')])).toBeCloseTo(0.7, 9);
	});

	it('do not count where nobody is at home, or nobody elsewhere', () => {
		expect(shareOf('a', [zoned('a', false), zoned('b')])).toBe(0);
		expect(shareOf('a', [zoned('a'), zoned('a')])).toBe(1);
	});
});
