import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatGrpcTimeout, grpcTimeoutOf, lowerGrpcTimeout, parseGrpcTimeout } from '../../src/http/grpc-timeout.ts';
import { type Field, SHAPES } from './parsed-headers.ts';

const GRPC: Field = ['content-type', 'application/grpc+proto'];

describe('grpc-timeout', () => {
	it.each([
		['1H', 3_600_000],
		['2M', 120_000],
		['3S', 3000],
		['250m', 250],
		['1500u', 1.5],
		['1n', 1e-6],
		['99999999H', 99_999_999 * 3_600_000],
		['00000001S', 1000],
		// What clients write for a deadline that has passed.
		['0n', 0],
	])('%s is %d ms', (value, ms) => {
		expect(parseGrpcTimeout(value)).toBeCloseTo(ms, 9);
	});

	it.each(['', 'S', '1', '100000000S', '1s', '1h', '-1S', '+1S', '1.5S', ' 1S', '1S ', '1 S', '1mS', '0x1S', '１S'])(
		'%j states nothing',
		(value) => {
			expect(parseGrpcTimeout(value)).toBeNull();
		},
	);

	it('is written as the grammar has it, never longer than what is left, and hardly shorter', () => {
		fc.assert(
			fc.property(fc.double({ min: 0, max: 4e14, noNaN: true }), (left) => {
				const text = formatGrpcTimeout(left);
				expect(text).toMatch(/^[1-9]\d{0,7}[HMSmun]$/);
				const told = parseGrpcTimeout(text) ?? Number.NaN;
				expect(told).toBeLessThanOrEqual(Math.max(left, 1e-6) * (1 + 1e-12));
				// One unit less at most, and the unit is the finest that holds it.
				expect(told).toBeGreaterThanOrEqual(Math.min(left, 3.5e14) * (1 - 1e-5) - 1e-6);
			}),
		);
	});

	it.each([-1, 0, 1e-9])('of %d ms that are left is the shortest there is', (left) => {
		expect(formatGrpcTimeout(left)).toBe('1n');
	});

	it('comes back as it was written', () => {
		const value = fc.tuple(fc.integer({ min: 1, max: 99_999_999 }), fc.constantFrom('H', 'M', 'S', 'm', 'u', 'n'));
		fc.assert(
			fc.property(value, ([count, unit]) => {
				const ms = parseGrpcTimeout(`${count}${unit}`) ?? Number.NaN;
				const again = parseGrpcTimeout(formatGrpcTimeout(ms)) ?? Number.NaN;
				expect(again).toBeLessThanOrEqual(ms * (1 + 1e-12));
				expect(again).toBeGreaterThanOrEqual(ms * (1 - 1e-5) - 1e-6);
			}),
		);
	});
});

describe.each(SHAPES)('a request with %s fields', (_shape, headersOf) => {
	it.each<[string, readonly Field[], number | null]>([
		['states its deadline', [GRPC, ['grpc-timeout', '2S']], 2000],
		['states it in any case of the name', [GRPC, ['Grpc-Timeout', '2S']], 2000],
		['states none', [GRPC], null],
		['states none twice', [GRPC, ['grpc-timeout', '2S'], ['grpc-timeout', '3S']], null],
		['states none that is malformed', [GRPC, ['grpc-timeout', '2s']], null],
		[
			'is no gRPC',
			[
				['content-type', 'application/json'],
				['grpc-timeout', '2S'],
			],
			null,
		],
		[
			'is gRPC for browsers',
			[
				['content-type', 'application/grpc-web'],
				['grpc-timeout', '2S'],
			],
			null,
		],
		['says nothing of what it is', [['grpc-timeout', '2S']], null],
	])('%s', (_what, fields, ms) => {
		expect(grpcTimeoutOf(headersOf(fields))).toBe(ms);
	});

	it.each([
		['2S', 1500, '1500000u'],
		['2S', 1499.9994, '1499999u'],
		['2S', 2000, '2S'],
		['2S', 5000, '2S'],
		['2S', -3, '1n'],
		['5H', 3_600_000, '3600000m'],
		['soon', 1500, 'soon'],
	])('tells %s with %d ms left as %s', (told, left, lowered) => {
		const headers = headersOf([GRPC, ['grpc-timeout', told]]);
		lowerGrpcTimeout(headers, left);
		expect(headers.getAll('grpc-timeout')).toEqual([lowered]);
	});

	it('is told nothing that it did not say', () => {
		const headers = headersOf([GRPC]);
		lowerGrpcTimeout(headers, 5);
		expect(headers.has('grpc-timeout')).toBe(false);
	});
});
