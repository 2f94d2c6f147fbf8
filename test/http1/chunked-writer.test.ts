import { describe, expect, it } from 'vitest';
import { chunkHeader, LAST_CHUNK, writeTrailers } from '../../src/http1/chunked-writer.ts';
import { SHAPES } from '../http/parsed-headers.ts';
import { readRequests } from '../support/codec-transcript.ts';

describe('the chunked writer', () => {
	it.each([
		[1, '1\r\n'],
		[10, 'a\r\n'],
		[65_536, '10000\r\n'],
		[2 ** 32, '100000000\r\n'],
	])('announces %d bytes', (bytes, header) => {
		expect(chunkHeader(bytes)).toBe(header);
	});

	it.each(SHAPES)('writes what the parser reads, trailers %s', (_, make) => {
		const trailers = make([
			['x-sum', '1'],
			['x-sum', '2'],
		]);
		const head = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';
		const text = `${head}${chunkHeader(5)}hello\r\n${writeTrailers(trailers)}${head}${LAST_CHUNK}`;
		const { messages, error } = readRequests(Buffer.from(text));
		expect(error).toBeNull();
		expect(messages.map((message) => [message.body, message.trailers, message.isComplete])).toEqual([
			[
				'hello',
				[
					['x-sum', '1'],
					['x-sum', '2'],
				],
				true,
			],
			['', [], true],
		]);
	});
});
