import { describe, expect, it } from 'vitest';
import { splitRequests, splitResponses, valuesOf } from './wire-message.ts';

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

describe('the independent reader', () => {
	it('splits pipelined requests with length, chunked and no bodies', () => {
		const split = splitRequests(
			bytes(
				'POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc' +
					'POST /b HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nde\r\n0\r\nT: 1\r\n\r\n' +
					'GET /c HTTP/1.1\r\nHost: h\r\n\r\nGET /d',
			),
		);
		expect(split.oddities).toEqual([]);
		expect(split.messages.map((m) => [m.method, m.target, m.body.toString()])).toEqual([
			['POST', '/a', 'abc'],
			['POST', '/b', 'de'],
			['GET', '/c', ''],
		]);
		expect(split.messages[1]?.trailers).toEqual([['T', '1']]);
		expect(split.rest.toString()).toBe('GET /d');
	});

	it.each([
		['both framings', 'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
		['two lengths', 'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n'],
		['a coding that it does not know', 'POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: xchunked\r\n\r\n'],
		['whitespace before a colon', 'GET / HTTP/1.1\r\nHost : h\r\n\r\n'],
		['a folded line', 'GET / HTTP/1.1\r\nHost: h\r\nA: b\r\n c\r\n\r\n'],
		['a bare line feed', 'GET / HTTP/1.1\r\nHost: h\r\nA: b\nC: d\r\n\r\n'],
		['a bare carriage return', 'GET / HTTP/1.1\r\nHost: h\r\nA: b\rc\r\n\r\n'],
		['a NUL', 'GET / HTTP/1.1\r\nHost: h\r\nA: b\0c\r\n\r\n'],
		['no host', 'GET / HTTP/1.1\r\n\r\n'],
		['another version', 'GET / HTTP/1.0\r\nHost: h\r\n\r\n'],
		['a signed chunk size', 'POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n+1\r\na\r\n0\r\n\r\n'],
		[
			'a chunk that is too long',
			'POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n',
		],
	])('names as odd: %s', (_, text) => {
		expect(splitRequests(bytes(text)).oddities).not.toEqual([]);
	});

	it('reads responses by the method that they answer', () => {
		const split = splitResponses(
			bytes(
				'HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n' +
					'HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\n\r\nrest',
			),
			['HEAD', 'GET', 'GET'],
			true,
		);
		expect(split.oddities).toEqual([]);
		expect(split.messages.map((m) => [m.status, m.body.toString(), m.isComplete])).toEqual([
			[103, '', true],
			[200, '', true],
			[204, '', true],
			[200, 'rest', true],
		]);
		expect(valuesOf(split.messages[0] as never, 'LINK')).toEqual(['x']);
	});

	it('says that a close-delimited body goes on while the connection does', () => {
		expect(splitResponses(bytes('HTTP/1.1 200 OK\r\n\r\nab'), ['GET'], false).messages[0]?.isComplete).toBe(false);
	});
});
