import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDuration, parseDuration } from '../../src/config/duration.ts';
import { parsePercentage } from '../../src/config/percentage.ts';
import { formatSize, parseSize } from '../../src/config/size.ts';

describe('durations (GEP-2257)', () => {
	it.each([
		['0s', 0],
		['250ms', 250],
		['2s', 2000],
		['1h30m', 5_400_000],
		['1h2m3s4ms', 3_723_004],
		['1m1m', 120_000],
		['99999h', 359_996_400_000],
	])('%s is %d ms', (text, millis) => {
		expect(parseDuration(text)).toBe(millis);
	});

	it.each(['', '5', 's', '1.5s', '-1s', '1S', '100000s', '1h1m1s1ms1ms', '1 s', ' 1s', '1s ', '1us', '1d'])(
		'%j is none',
		(text) => {
			expect(parseDuration(text)).toBe(-1);
		},
	);

	it('are written so that they are read back as the same', () => {
		const millis = fc.integer({ min: 0, max: 99_999 * 3_600_000 });
		fc.assert(
			fc.property(millis, (value) => {
				expect(parseDuration(formatDuration(value))).toBe(value);
			}),
		);
	});
});

describe('sizes', () => {
	it.each([
		['0', 0],
		['512', 512],
		['1B', 1],
		['1KB', 1000],
		['64KiB', 65_536],
		['10MiB', 10_485_760],
		['2MB', 2_000_000],
		['1GiB', 1_073_741_824],
		['3GB', 3_000_000_000],
	])('%s is %d bytes', (text, bytes) => {
		expect(parseSize(text)).toBe(bytes);
	});

	it.each(['', 'KiB', '1.5MiB', '-1', '1kb', '1 KiB', '1K', '1TiB', '9999999999GiB'])('%j is none', (text) => {
		expect(parseSize(text)).toBe(-1);
	});

	it('are written so that they are read back as the same', () => {
		fc.assert(
			fc.property(fc.maxSafeNat(), (value) => {
				expect(parseSize(String(formatSize(value)))).toBe(value);
			}),
		);
	});
});

describe('percentages', () => {
	it.each([
		['20%', 20],
		['20', 20],
		['0.5%', 0.5],
		['100%', 100],
		['0', 0],
	])('%s is %d', (text, percent) => {
		expect(parsePercentage(text)).toBe(percent);
	});

	it.each(['', '%', '101%', '-1', '1,5', '20 %', '5%%'])('%j is none', (text) => {
		expect(parsePercentage(text)).toBe(-1);
	});
});
