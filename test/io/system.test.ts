import { describe, expect, it } from 'vitest';
import { systemClock, systemRandom } from '../../src/io/system.ts';

const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
/** More than a pool holds, so that it is refilled several times. */
const MANY = 3000;

describe('system randomness', () => {
	it('makes lower-case hex of the asked length, each once', () => {
		const seen = new Set(Array.from({ length: MANY }, () => systemRandom.hex(8)));
		expect(seen.size).toBe(MANY);
		for (const hex of seen) expect(hex).toMatch(/^[0-9a-f]{16}$/);
		for (const bytes of [0, 1, 24, 8192, 8193])
			expect(systemRandom.hex(bytes)).toMatch(new RegExp(`^[0-9a-f]{${bytes * 2}}$`));
	});

	it('makes version 4 UUIDs, each once, with all four variants', () => {
		const uuids = new Set(Array.from({ length: MANY }, () => systemRandom.uuid()));
		expect(uuids.size).toBe(MANY);
		for (const uuid of uuids) expect(uuid).toMatch(UUID_V4);
		expect(new Set([...uuids].map((uuid) => uuid[19])).size).toBe(4);
	});

	it('spreads over its whole range', () => {
		const counts = new Array<number>(10).fill(0);
		for (let i = 0; i < 10_000; i++) counts[Math.floor(systemRandom.next() * 10)]!++;
		for (const count of counts) expect(count).toBeGreaterThan(800);
	});
});

describe('system clock', () => {
	it('does not go back, and knows the epoch', () => {
		const first = systemClock.now();
		expect(systemClock.now()).toBeGreaterThanOrEqual(first);
		expect(systemClock.wall()).toBeGreaterThan(Date.UTC(2025, 0, 1));
	});
});
