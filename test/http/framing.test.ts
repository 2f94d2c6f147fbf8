import { describe, expect, it } from 'vitest';
import { agreedContentLength, Coding, parseContentLength, transferCoding } from '../../src/http/framing.ts';
import { parsedHeaders } from './parsed-headers.ts';

describe('parseContentLength', () => {
	it.each([
		['0', 0],
		['42', 42],
		['003', 3],
		['9007199254740991', Number.MAX_SAFE_INTEGER],
	])('reads %s', (text, length) => {
		expect(parseContentLength(`x${text}x`, 1, 1 + text.length)).toBe(length);
	});

	it.each(['', '-1', '+1', '1 2', '1,1', '0x1', '1.0', '1e3', '9007199254740992', '99999999999999999999', 'a', '１'])(
		'refuses %j',
		(text) => {
			expect(parseContentLength(text, 0, text.length)).toBe(-1);
		},
	);
});

describe('agreedContentLength', () => {
	it.each([
		[['5'], 5],
		[['5', '5'], 5],
		[['5, 5'], 5],
		[['5 ,\t5', '5'], 5],
		[['5', '05'], 5],
		[['5', '6'], -1],
		[['5, 6'], -1],
		[['5,'], -1],
		[[''], -1],
		[['5', 'x'], -1],
	])('of %j is %d', (values, length) => {
		expect(agreedContentLength(parsedHeaders(values.map((value) => ['Content-Length', value])))).toBe(length);
	});
});

describe('transferCoding', () => {
	it.each([
		[['chunked'], Coding.chunked],
		[['Chunked'], Coding.chunked],
		[['gzip, chunked'], Coding.unknownThenChunked],
		[['gzip', 'chunked'], Coding.unknownThenChunked],
		[['gzip;q=1, chunked'], Coding.unknownThenChunked],
		[[''], Coding.empty],
		[['', 'chunked'], Coding.empty],
		[['chunked,'], Coding.empty],
		[[',chunked'], Coding.empty],
		[['chunked', 'chunked'], Coding.chunkedTwice],
		[['chunked, gzip, chunked'], Coding.chunkedTwice],
		[['gzip'], Coding.notChunked],
		[['identity'], Coding.notChunked],
		[['chunked', 'identity'], Coding.notChunked],
		[['chunkedchunked'], Coding.notChunked],
		[['xchunked'], Coding.notChunked],
		[['chunked;x=1'], Coding.notChunked],
		[['"chunked"'], Coding.notChunked],
		[['chun ked'], Coding.notChunked],
		[['a b, chunked'], Coding.notChunked],
		[['@, chunked'], Coding.notChunked],
		[[';x, chunked'], Coding.notChunked],
	])('of %j', (values, coding) => {
		expect(transferCoding(parsedHeaders(values.map((value) => ['Transfer-Encoding', value])))).toBe(coding);
	});
});
