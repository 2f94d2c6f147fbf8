import { describe, expect, it } from 'vitest';
import { retryAfterMs } from '../../src/resilience/retry-after.ts';

const NOW = Date.UTC(1994, 10, 6, 8, 49, 35);

describe('Retry-After', () => {
	it.each([
		[undefined, 0],
		['', 0],
		['0', 0],
		['2', 2000],
		['5', 5000],
		['6', 5000],
		['4294967296', 5000],
		['99999999999', 0],
		['-1', 0],
		['+1', 0],
		['1.5', 0],
		['1, 2', 0],
		['soon', 0],
		['Sun, 06 Nov 1994 08:49:37 GMT', 2000],
		['Sunday, 06-Nov-94 08:49:37 GMT', 2000],
		['Sun Nov  6 08:49:37 1994', 2000],
		['Sun, 06 Nov 1994 08:49:34 GMT', 0],
		['Sun, 06 Nov 1994 09:49:37 GMT', 5000],
		['Sun, 06 Nov 1994 08:49:37 PST', 0],
		['Sun, 06 Foo 1994 08:49:37 GMT', 0],
		['2026-01-01', 0],
	])('%j is %d ms', (value, ms) => {
		expect(retryAfterMs(value, NOW)).toBe(ms);
	});
});
