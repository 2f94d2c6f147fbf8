import { describe, expect, it } from 'vitest';
import type { RateLimit } from '../../src/config/config.ts';
import { RateLimiters } from '../../src/filters/rate-limiters.ts';

const limitOf = (parts: Partial<RateLimit> = {}): RateLimit => ({
	requests: 1,
	per: 1000,
	burst: 0,
	by: [{ by: 'peer' }],
	...parts,
});

describe('rate limiters', () => {
	it('hands out the same limiter for the same key and settings, from one reload to the next', () => {
		const limiters = new RateLimiters(String);
		const first = limiters.nextGeneration();
		const reads = first.limiterFor('inbound reads', limitOf());
		expect(first.limiterFor('inbound reads', limitOf())).toBe(reads);
		limiters.commit(first);
		for (let reload = 0; reload < 3; reload++) {
			const next = limiters.nextGeneration();
			expect(next.limiterFor('inbound reads', limitOf())).toBe(reads);
			limiters.commit(next);
		}
	});

	it('keeps the limiters of different keys apart', () => {
		const generation = new RateLimiters(String).nextGeneration();
		expect(generation.limiterFor('a', limitOf())).not.toBe(generation.limiterFor('b', limitOf()));
	});

	it.each([
		['requests', { requests: 2 }],
		['per', { per: 2000 }],
		['burst', { burst: 1 }],
		['by', { by: [{ by: 'client' }] }],
		['the field', { by: [{ by: 'header', name: 'peer' }] }],
		['the order of by', { by: [] }],
	] as const)('makes another one where %s has changed', (_, change) => {
		const limiters = new RateLimiters(String);
		const first = limiters.nextGeneration();
		const before = first.limiterFor('a', limitOf());
		limiters.commit(first);
		expect(limiters.nextGeneration().limiterFor('a', limitOf(change))).not.toBe(before);
	});

	it('forgets what the last reload did not ask for', () => {
		const limiters = new RateLimiters(String);
		const first = limiters.nextGeneration();
		const before = first.limiterFor('a', limitOf());
		limiters.commit(first);
		limiters.commit(limiters.nextGeneration());
		expect(limiters.nextGeneration().limiterFor('a', limitOf())).not.toBe(before);
	});

	it('loses nothing in a reload that is rejected', () => {
		const limiters = new RateLimiters(String);
		const first = limiters.nextGeneration();
		const kept = first.limiterFor('a', limitOf());
		limiters.commit(first);
		const rejected = limiters.nextGeneration();
		const changed = rejected.limiterFor('a', limitOf({ requests: 9 }));
		rejected.limiterFor('b', limitOf());
		const next = limiters.nextGeneration();
		expect(next.limiterFor('a', limitOf())).toBe(kept);
		expect(next.limiterFor('a', limitOf({ requests: 9 }))).not.toBe(changed);
	});
});
