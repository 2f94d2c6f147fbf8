import { describe, expect, it } from 'vitest';
import { Framing, RequestHead, ResponseHead } from '../../src/http/head.ts';
import { stripRequestHopByHop, stripResponseHopByHop } from '../../src/http/hop-by-hop.ts';
import { DEFAULT_HEAD_LIMITS } from '../../src/http1/limits.ts';
import { RequestParser } from '../../src/http1/request-parser.ts';
import { ResponseParser } from '../../src/http1/response-parser.ts';
import { type ResponseWriteOptions, writeRequestHead, writeResponseHead } from '../../src/http1/write-head.ts';

const SILENT = {
	onRequestHead() {},
	onInformational() {},
	onResponseHead() {},
	onBody() {},
	onMessageEnd() {},
	onParseError(error: { detail: string }) {
		throw new Error(error.detail);
	},
};

function request(text: string): RequestHead {
	const parser = new RequestParser(SILENT, DEFAULT_HEAD_LIMITS);
	const bytes = Buffer.from(text, 'latin1');
	parser.feed(bytes, 0, bytes.length);
	stripRequestHopByHop(parser.head);
	return parser.head;
}

function response(text: string, method = 'GET'): ResponseHead {
	const parser = new ResponseParser(SILENT, DEFAULT_HEAD_LIMITS);
	parser.expect(method);
	const bytes = Buffer.from(text, 'latin1');
	parser.feed(bytes, 0, bytes.length);
	stripResponseHopByHop(parser.head);
	return parser.head;
}

function lines(text: string): string[] {
	expect(text.endsWith('\r\n\r\n')).toBe(true);
	return text.slice(0, -4).split('\r\n');
}

describe('writeRequestHead', () => {
	it('sends untouched lines as they came', () => {
		const fields = 'Host: a\r\nx-A:1\r\nX-a:  2 \r\nX-Empty:\r\n';
		expect(writeRequestHead(request(`GET /p?q HTTP/1.1\r\n${fields}\r\n`))).toBe(`GET /p?q HTTP/1.1\r\n${fields}\r\n`);
	});

	it('leaves removed lines out, wherever they stand, and puts new ones last', () => {
		const head = request(
			'GET / HTTP/1.1\r\nConnection: X-Gone\r\nKeep-Alive: 1\r\nHost: a\r\nX-Gone: 1\r\nA: 1\r\nB: 2\r\nX-Gone: 2\r\nC: 3\r\nTE: x\r\n\r\n',
		);
		head.headers.set('b', '9');
		expect(lines(writeRequestHead(head))).toEqual(['GET / HTTP/1.1', 'Host: a', 'A: 1', 'C: 3', 'b: 9']);
	});

	it('sends the normal form of the path, in origin form', () => {
		expect(lines(writeRequestHead(request('GET /a/../%62?/../ HTTP/1.1\r\nHost: a\r\n\r\n')))[0]).toBe(
			'GET /b?/../ HTTP/1.1',
		);
		expect(lines(writeRequestHead(request('OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n')))[0]).toBe('OPTIONS * HTTP/1.1');
		expect(lines(writeRequestHead(request('CONNECT b:1 HTTP/1.1\r\nHost: a\r\n\r\n')))[0]).toBe('CONNECT b:1 HTTP/1.1');
	});

	it('lets exactly one Host leave, that of an absolute target first', () => {
		expect(lines(writeRequestHead(request('GET http://b/x HTTP/1.1\r\nA: 1\r\nHost: a\r\nB: 2\r\n\r\n')))).toEqual([
			'GET /x HTTP/1.1',
			'host: b',
			'A: 1',
			'B: 2',
		]);
		expect(lines(writeRequestHead(request('GET / HTTP/1.0\r\n\r\n')))).toEqual(['GET / HTTP/1.1', 'host: ']);
		const head = request('GET http://b/x HTTP/1.1\r\nHost: a\r\n\r\n');
		head.headers.set('host', 'c');
		expect(lines(writeRequestHead(head))).toEqual(['GET /x HTTP/1.1', 'host: b']);
	});

	it('makes its own framing', () => {
		const chunked = request('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n');
		expect(lines(writeRequestHead(chunked)).slice(1)).toEqual(['Host: a', 'transfer-encoding: chunked']);
		const sized = request('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n');
		expect(lines(writeRequestHead(sized)).slice(1)).toEqual(['Host: a', 'Content-Length: 3']);
		sized.headers.remove('content-length');
		expect(lines(writeRequestHead(sized)).slice(1)).toEqual(['Host: a', 'content-length: 3']);
	});

	it('never sends a length beside chunked', () => {
		const head = request('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nA: 1\r\n\r\n');
		head.framing = Framing.chunked;
		head.headers.append('Content-Length', '4');
		expect(lines(writeRequestHead(head)).slice(1)).toEqual(['Host: a', 'A: 1', 'transfer-encoding: chunked']);
	});

	it.each([
		[
			['Connection: upgrade', 'Upgrade: ws'],
			['connection: upgrade', 'upgrade: ws'],
		],
		[['TE: trailers'], ['connection: TE', 'te: trailers']],
		[
			['Connection: upgrade, te', 'Upgrade: ws', 'TE: trailers'],
			['connection: upgrade, TE', 'upgrade: ws', 'te: trailers'],
		],
		[['Connection: close'], []],
	])('of %j says %j to the next hop', (fields, expected) => {
		const text = `GET / HTTP/1.1\r\nHost: a\r\n${fields.map((field) => `${field}\r\n`).join('')}\r\n`;
		expect(lines(writeRequestHead(request(text))).slice(2)).toEqual(expected);
	});

	it('writes a head that has no text', () => {
		const head = new RequestHead();
		Object.assign(head, { method: 'POST', path: '/', authority: 'a', framing: Framing.chunked, version: 20 });
		head.headers.append('x', '1');
		expect(lines(writeRequestHead(head))).toEqual(['POST / HTTP/1.1', 'host: a', 'x: 1', 'transfer-encoding: chunked']);
	});
});

describe('writeResponseHead', () => {
	const open: ResponseWriteOptions = { clientVersion: 11, close: false, keepAliveTimeoutSeconds: 0 };
	const old: ResponseWriteOptions = { ...open, clientVersion: 10 };
	const sized = 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n';
	const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
	const untilClose = 'HTTP/1.0 200 OK\r\n\r\n';

	it.each([
		['a length is kept', sized, open, ['Content-Length: 3']],
		['closing is said', sized, { ...open, close: true }, ['Content-Length: 3', 'connection: close']],
		[
			'the idle time is said',
			sized,
			{ ...open, keepAliveTimeoutSeconds: 75 },
			['Content-Length: 3', 'connection: keep-alive', 'keep-alive: timeout=75'],
		],
		[
			'but not when closing',
			sized,
			{ ...open, close: true, keepAliveTimeoutSeconds: 75 },
			['Content-Length: 3', 'connection: close'],
		],
		['HTTP/1.0 is told that it may go on', sized, old, ['Content-Length: 3', 'connection: keep-alive']],
		['chunked stays chunked', chunked, open, ['transfer-encoding: chunked']],
		['chunked ends with the connection for HTTP/1.0', chunked, old, ['connection: close']],
		['a body that ends with the connection says so', untilClose, open, ['connection: close']],
	])('%s', (_, text, options, expected) => {
		expect(lines(writeResponseHead(response(text), options)).slice(1)).toEqual(expected);
	});

	it('keeps the reason, even an empty one', () => {
		expect(lines(writeResponseHead(response('HTTP/1.1 299 Odd one\r\nContent-Length: 0\r\n\r\n'), open))[0]).toBe(
			'HTTP/1.1 299 Odd one',
		);
		expect(lines(writeResponseHead(response('HTTP/1.0 200\r\nContent-Length: 0\r\n\r\n'), open))[0]).toBe(
			'HTTP/1.1 200 ',
		);
	});

	it('says nothing of the connection in an informational response', () => {
		const hints = response('HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n');
		expect(lines(writeResponseHead(hints, { ...open, close: true }))).toEqual(['HTTP/1.1 103 Early Hints', 'Link: a']);
		const switching = response('HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: ws\r\nA: 1\r\n\r\n');
		expect(lines(writeResponseHead(switching, open))).toEqual([
			'HTTP/1.1 101 X',
			'A: 1',
			'connection: upgrade',
			'upgrade: ws',
		]);
	});

	it('keeps the length in the answer to HEAD', () => {
		expect(lines(writeResponseHead(response(sized, 'HEAD'), open))).toEqual(['HTTP/1.1 200 OK', 'Content-Length: 3']);
	});

	it('writes a head that has no text', () => {
		const head = Object.assign(new ResponseHead(), { status: 503, reason: 'Service Unavailable' });
		head.headers.append('content-length', '0');
		expect(lines(writeResponseHead(head, open))).toEqual(['HTTP/1.1 503 Service Unavailable', 'content-length: 0']);
	});
});
