import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BucketTable } from '../../src/resilience/bucket-table.ts';
import { TokenBucket, type TokenFlow } from '../../src/resilience/token-bucket.ts';

const TEN_A_SECOND: TokenFlow = { requests: 10, per: 1000, burst: 0 };

function takenAt(table: BucketTable, key: string, now: number): number {
	let taken = 0;
	while (table.take(key, now) === 0) taken++;
	return taken;
}

function takeMany(table: BucketTable, key: string, tokens: number, now: number): void {
	for (let i = 0; i < tokens; i++) table.take(key, now);
}

describe('bucket table', () => {
	it('has a bucket for each key', () => {
		const table = new BucketTable(TEN_A_SECOND, 100);
		expect([takenAt(table, 'a', 0), takenAt(table, 'b', 0), takenAt(table, 'a', 100)]).toEqual([10, 10, 1]);
	});

	it('drops a full bucket rather than one that was used longer ago', () => {
		const table = new BucketTable(TEN_A_SECOND, 2);
		takenAt(table, 'drained', 0);
		table.take('light', 10);
		table.take('new', 500);
		expect(table.size).toBe(2);
		expect(takenAt(table, 'drained', 500)).toBe(5);
	});

	it('drops the one that was used longest ago of those that are as full', () => {
		const table = new BucketTable(TEN_A_SECOND, 3);
		for (const [at, key] of ['a', 'b', 'c'].entries()) takeMany(table, key, 9, at);
		takeMany(table, 'd', 9, 3);
		expect([takenAt(table, 'b', 3), takenAt(table, 'c', 3)]).toEqual([1, 1]);
		expect(takenAt(table, 'a', 3)).toBe(10);
	});

	it('keeps a drained bucket through a flood of new keys, and its own size', () => {
		const table = new BucketTable(TEN_A_SECOND, 1000);
		takenAt(table, 'hot', 0);
		let admitted = 0;
		for (let i = 0; i < 100_000; i++) {
			const now = i / 100;
			table.take(`flood ${i}`, now);
			if (i % 100 === 0 && table.take('hot', now) === 0) admitted++;
		}
		expect(table.size).toBe(1000);
		// A second has passed: what flowed in, not a token more.
		expect(admitted).toBeLessThanOrEqual(10);
	});

	it('drops the bucket that is full or will be full first, to one part in 64 of the time that an empty one takes', () => {
		const use = fc.record({ tokens: fc.integer({ min: 1, max: 10 }), at: fc.nat(2000) });
		fc.assert(
			fc.property(fc.array(use, { minLength: 2, maxLength: 8 }), fc.nat(3000), (uses, gap) => {
				const inOrder = [...uses].sort((a, b) => a.at - b.at);
				const now = (inOrder.at(-1)?.at ?? 0) + gap;
				const missingMs = inOrder.map(({ tokens, at }) => Math.max(0, at + tokens * 100 - now));
				const dropped = inOrder.findIndex((_, index) => {
					const table = new BucketTable(TEN_A_SECOND, inOrder.length);
					for (const [i, { tokens, at }] of inOrder.entries()) takeMany(table, `key ${i}`, tokens, at);
					table.take('new', now);
					const inside = 10 - (missingMs[index] ?? 0) / 100;
					return takenAt(table, `key ${index}`, now) > Math.floor(inside + 1e-6);
				});
				// A full one may be dropped without anyone noticing.
				if (dropped === -1) expect(Math.min(...missingMs)).toBe(0);
				else expect(missingMs[dropped]).toBeLessThanOrEqual(Math.min(...missingMs) + 1000 / 64 + 1e-6);
			}),
			{ numRuns: 300 },
		);
	});

	it('is what buckets in a map are, as long as there is room', () => {
		const flow = fc.record({
			requests: fc.integer({ min: 1, max: 20 }),
			per: fc.integer({ min: 1, max: 5000 }),
			burst: fc.nat(9),
		});
		const step = fc.record({
			key: fc.nat(5),
			gap: fc.oneof(fc.nat(50), fc.nat(20_000), fc.integer({ min: -500, max: 0 })),
		});
		fc.assert(
			fc.property(flow, fc.array(step, { maxLength: 200 }), (settings, steps) => {
				const table = new BucketTable(settings, 6);
				const model = new Map<number, TokenBucket>();
				let now = 10_000;
				for (const { key, gap } of steps) {
					now += gap;
					const bucket = model.get(key) ?? new TokenBucket(settings, now);
					model.set(key, bucket);
					expect(table.take(String(key), now)).toBe(bucket.take(now));
				}
				expect(table.size).toBe(model.size);
			}),
		);
	});

	it('never holds more than it may, and never gives a key more than a fresh bucket has at once', () => {
		const step = fc.record({
			key: fc.nat(30),
			gap: fc.oneof(fc.nat(3), fc.nat(3000), fc.integer({ min: -3000, max: 0 })),
		});
		fc.assert(
			fc.property(fc.array(step, { maxLength: 300 }), fc.integer({ min: 1, max: 8 }), (steps, maxBuckets) => {
				const table = new BucketTable({ requests: 2, per: 1000, burst: 1 }, maxBuckets);
				let now = 5000;
				for (const { key, gap } of steps) {
					now += gap;
					expect(takenAt(table, String(key), now)).toBeLessThanOrEqual(3);
					expect(table.size).toBeLessThanOrEqual(maxBuckets);
				}
			}),
		);
	});
});
