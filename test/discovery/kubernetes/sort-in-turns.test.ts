import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sortedInTurns } from '../../../src/discovery/kubernetes/sort-in-turns.ts';

const byKey = (a: { key: number }, b: { key: number }) => a.key - b.key;

describe('sorting in turns', () => {
	it('is what sorting at once is, equal items in their order', async () => {
		const items = fc.array(fc.record({ key: fc.integer({ min: 0, max: 50 }), id: fc.integer() }), { maxLength: 3000 });
		await fc.assert(
			fc.asyncProperty(items, async (given) => {
				const before = [...given];
				expect(await sortedInTurns(given, byKey, () => Promise.resolve())).toEqual(given.toSorted(byKey));
				expect(given).toEqual(before);
			}),
			{ numRuns: 30 },
		);
	});

	it('compares a few thousand times between two breaths, however many there are', async () => {
		let sinceBreath = 0;
		let most = 0;
		const compare = (a: number, b: number) => {
			sinceBreath++;
			return a - b;
		};
		const breathe = () => {
			most = Math.max(most, sinceBreath);
			sinceBreath = 0;
			return Promise.resolve();
		};
		const items = Array.from({ length: 100_000 }, (_, i) => (i * 7919) % 100_003);
		const sorted = await sortedInTurns(items, compare, breathe);
		expect(sorted).toHaveLength(100_000);
		expect(most).toBeLessThan(10_000);
		expect(sinceBreath).toBe(0);
	});
});
