import { describe, expect, it } from 'vitest';
import { DEFAULT_HEAD_LIMITS, type HeadLimits, MAX_CHUNK_EXTENSION_BYTES } from '../../src/http1/limits.ts';
import { RequestParser } from '../../src/http1/request-parser.ts';
import { linesOf, readRequests } from '../support/codec-transcript.ts';

function lines(text: string, limits?: HeadLimits): string[] {
	return linesOf(readRequests(Buffer.from(text, 'latin1'), [], limits));
}

/** `status detail` of the refusal, in one piece and byte by byte. */
function refusal(text: string, limits: HeadLimits = DEFAULT_HEAD_LIMITS): string {
	const bytes = Buffer.from(text, 'latin1');
	const whole = readRequests(bytes, [], limits).error;
	const cut = readRequests(
		bytes,
		Array.from(bytes, (_, i) => i),
		limits,
	).error;
	expect(cut).toEqual(whole);
	return whole === null ? 'taken' : `${whole.status} ${whole.detail}`;
}

/** A head with a Host, and more fields. */
function get(...fields: string[]): string {
	return `GET / HTTP/1.1\r\nHost: a\r\n${fields.map((field) => `${field}\r\n`).join('')}\r\n`;
}

function post(body: string): string {
	return `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${body}`;
}

describe('the request line', () => {
	it.each([
		['GET /\r\n\r\n', '400 the request line has no HTTP version'],
		['GET / HTTP/1.1\n', '400 bare LF'],
		['GET / HTTP/1.1\r\r', '400 bare CR'],
		['\nGET / HTTP/1.1\r\n', '400 bare LF'],
		['\rGET / HTTP/1.1\r\n', '400 bare CR'],
		['\r\n\r\n\r\n\r\n\r\nGET', '400 too many empty lines before a start line'],
		[' GET / HTTP/1.1\r\n', '400 the method is no token'],
		['G(T / HTTP/1.1\r\n', '400 the method is no token'],
		['\x16\x03\x01', '400 the method is no token'],
		['GET  / HTTP/1.1\r\n', '400 the target is empty'],
		['GET /a b HTTP/1.1\r\n', '400 invalid character after the target'],
		['GET /\x00 HTTP/1.1\r\n', '400 control character in the target'],
		['GET /\x7f HTTP/1.1\r\n', '400 control character in the target'],
		['GET /\t HTTP/1.1\r\n', '400 control character in the target'],
		['GET /#a HTTP/1.1\r\n', '400 the target has a fragment'],
		['GET / HTTP/1.1 \r\n', '400 invalid character after the target'],
		['GET / http/1.1\r\n', '400 the request line has no HTTP version'],
		['GET / HTTP/1\r\n', '400 the request line has no HTTP version'],
		['GET / HTTP/1.10\r\n', '400 the request line has no HTTP version'],
		['GET / HTTP/11\r\n', '400 the request line has no HTTP version'],
		['GET / HTTP/2.0\r\n', '505 only HTTP/1.0 and HTTP/1.1 are spoken here'],
		['GET / HTTP/0.9\r\n', '505 only HTTP/1.0 and HTTP/1.1 are spoken here'],
	])('%j is refused', (text, expected) => {
		expect(refusal(text)).toBe(expected);
	});

	it('may have a few empty lines before it', () => {
		expect(refusal(`\r\n\r\n\r\n\r\n${get()}`)).toBe('taken');
	});

	it('may be as long as the limit and no longer', () => {
		const limits = { ...DEFAULT_HEAD_LIMITS, requestLineBytes: 30 };
		const line = (bytes: number) => `GET /${'a'.repeat(bytes - 14)} HTTP/1.1\r\nHost: a\r\n\r\n`;
		expect(refusal(line(30), limits)).toBe('taken');
		expect(refusal(line(31), limits)).toBe('414 the request line is longer than 30 bytes');
		expect(refusal(`GET /${'a'.repeat(100)}`, limits)).toBe('414 the request line is longer than 30 bytes');
	});
});

describe('the target', () => {
	it.each([
		['GET * HTTP/1.1', '400 the target * with a method other than OPTIONS'],
		['GET a HTTP/1.1', '400 the target is neither a path nor an http URI'],
		['GET a:80 HTTP/1.1', '400 the target is neither a path nor an http URI'],
		['GET ftp://a/ HTTP/1.1', '400 the target is neither a path nor an http URI'],
		['GET http:/a HTTP/1.1', '400 the target is neither a path nor an http URI'],
		['GET http:///a HTTP/1.1', '400 the target has a malformed authority'],
		['GET http://u:p@a/ HTTP/1.1', '400 the target has a malformed authority'],
		['GET http://a:x/ HTTP/1.1', '400 the target has a malformed authority'],
		['CONNECT / HTTP/1.1', '400 the target of CONNECT is not host:port'],
		['CONNECT a HTTP/1.1', '400 the target of CONNECT is not host:port'],
		['CONNECT http://a:80/ HTTP/1.1', '400 the target of CONNECT is not host:port'],
		['OPTIONS a:80 HTTP/1.1', '400 the target is neither a path nor an http URI'],
		['GET /%zz HTTP/1.1', '400 bad escape in the path'],
		['GET /a%00 HTTP/1.1', '400 bad escape in the path'],
		['GET http://a/%4 HTTP/1.1', '400 bad escape in the path'],
	])('%j is refused', (line, expected) => {
		expect(refusal(`${line}\r\nHost: a\r\n\r\n`)).toBe(expected);
	});

	it.each([
		['GET /a?b=/../%zz', 'a', '/a', '?b=/../%zz'],
		['GET /a?', 'a', '/a', '?'],
		['GET /x/../a%2Fb?c?d', 'a', '/a%2Fb', '?c?d'],
		['GET http://b:81?q', 'b:81', '/', '?q'],
		['GET HTTPS://[::1]/./x', '[::1]', '/x', ''],
		['OPTIONS *', 'a', '*', ''],
		['OPTIONS http://b', 'b', '*', ''],
		['OPTIONS http://b/', 'b', '/', ''],
		['CONNECT b:443', 'b:443', '', ''],
		['MKCOL /{a|b}"\xe9', 'a', '/{a|b}"\xe9', ''],
	])('of %j says authority, path and query', (start, authority, path, query) => {
		const parser = parse(`${start} HTTP/1.1\r\nHost: a\r\n\r\n`);
		const { head } = parser;
		expect([head.authority, head.path, head.query]).toEqual([authority, path, query]);
		expect(head.target).toBe(start.split(' ')[1]);
	});

	it('forgets what the request before it had', () => {
		const parser = parse('GET http://b/x?y HTTP/1.1\r\nHost: a\r\nTE: trailers\r\n\r\n');
		feed(parser, 'GET / HTTP/1.0\r\n\r\n');
		const { authority, query, acceptsTrailers, version, keepAlive } = parser.head;
		expect({ authority, query, acceptsTrailers, version, keepAlive }).toEqual({
			authority: '',
			query: '',
			acceptsTrailers: false,
			version: 10,
			keepAlive: false,
		});
	});
});

describe('field lines', () => {
	it.each([
		[get(' X: 1'), '400 obsolete line folding'],
		['GET / HTTP/1.1\r\n X: 1\r\n', '400 whitespace before the first field'],
		[get('X : 1'), '400 whitespace before the colon of a field'],
		[get('X\t: 1'), '400 whitespace before the colon of a field'],
		[get(': 1'), '400 empty field name'],
		[get('X'), '400 a field line has no colon'],
		[get('X(: 1'), '400 invalid character in a field name'],
		[get('X\xe9: 1'), '400 invalid character in a field name'],
		[get('X\x00: 1'), '400 invalid character in a field name'],
		[get('X: \x00'), '400 control character in a field value'],
		[get('X: a\x7f'), '400 control character in a field value'],
		[get('X: a\nY: b'), '400 bare LF'],
		[get('X: a\rY: b'), '400 bare CR'],
		[get('X: a\r'), '400 bare CR'],
		['GET / HTTP/1.1\r\nHost: a\r\n\n', '400 bare LF'],
		['GET / HTTP/1.1\r\nHost: a\r\n\rX', '400 bare CR'],
		[get('Content_Length: 5'), '400 a field name imitates Content-Length or Transfer-Encoding'],
		[get('transfer--encoding: chunked'), '400 a field name imitates Content-Length or Transfer-Encoding'],
	])('%j is refused', (text, expected) => {
		expect(refusal(text)).toBe(expected);
	});

	it('cannot make us look for fields without end', () => {
		expect(refusal(get(`Connection: ${'a,'.repeat(40)}close`))).toBe('400 Connection has too many options');
	});

	it('keep names, order, case and duplicates, and lose the blanks around values', () => {
		expect(lines(get('x-A:1', 'X-a: \t2 \t', 'X-Empty:', 'X-B: a\tb \xff'))).toEqual([
			'request GET / HTTP/1.1 for "a"',
			'field Host: a',
			'field x-A: 1',
			'field X-a: 2',
			'field X-Empty:',
			'field X-B: a\tb \xff',
			'end',
		]);
	});

	it('may be as many, and the head as large, as the limits', () => {
		const limits = { ...DEFAULT_HEAD_LIMITS, headers: 20 };
		const many = (count: number) => get(...Array.from({ length: count - 1 }, (_, i) => `x-${i}: y`));
		expect(refusal(many(20), limits)).toBe('taken');
		expect(refusal(many(21), limits)).toBe('431 too many fields');
		const size = get('X: 1').length;
		expect(refusal(get('X: 1'), { ...DEFAULT_HEAD_LIMITS, headerBytes: size })).toBe('taken');
		const tooLarge = `431 the head is larger than ${size - 1} bytes`;
		expect(refusal(get('X: 1'), { ...DEFAULT_HEAD_LIMITS, headerBytes: size - 1 })).toBe(tooLarge);
		// What comes after the limit is not looked at.
		expect(
			refusal(`${get().slice(0, -2)}X: ${'a'.repeat(size)}\x00`, { ...DEFAULT_HEAD_LIMITS, headerBytes: size - 1 }),
		).toBe(tooLarge);
	});
});

describe('Host', () => {
	it.each([
		['GET / HTTP/1.1\r\n\r\n', '400 Host is missing'],
		['GET http://a/ HTTP/1.1\r\n\r\n', '400 Host is missing'],
		[get('Host: a'), '400 Host is repeated'],
		['GET / HTTP/1.0\r\nHost: a\r\nhost: b\r\n\r\n', '400 Host is repeated'],
		['GET / HTTP/1.1\r\nHost:\r\n\r\n', '400 Host is empty'],
		['GET / HTTP/1.1\r\nHost: u@a\r\n\r\n', '400 Host is malformed'],
		['GET / HTTP/1.0\r\nHost: a/b\r\n\r\n', '400 Host is malformed'],
		['GET http://a/ HTTP/1.1\r\nHost: a, b\r\n\r\n', '400 Host is malformed'],
		['GET / HTTP/1.0\r\n\r\n', 'taken'],
	])('%j', (text, expected) => {
		expect(refusal(text)).toBe(expected);
	});
});

describe('the framing', () => {
	it.each([
		[['Content-Length: 5', 'Transfer-Encoding: chunked'], '400 Content-Length together with Transfer-Encoding'],
		[['Content-Length: 5', 'Content-Length: 5'], '400 Content-Length is repeated'],
		[['Content-Length: 5, 5'], '400 Content-Length is no plain number'],
		[['Content-Length: +5'], '400 Content-Length is no plain number'],
		[['Content-Length: -0'], '400 Content-Length is no plain number'],
		[['Content-Length: 5 5'], '400 Content-Length is no plain number'],
		[['Content-Length: 0x5'], '400 Content-Length is no plain number'],
		[['Content-Length:'], '400 Content-Length is no plain number'],
		[['Content-Length: 9007199254740992'], '400 Content-Length is no plain number'],
		[['Transfer-Encoding:'], '400 Transfer-Encoding is empty'],
		[['Transfer-Encoding: gzip'], '400 Transfer-Encoding does not end in chunked'],
		[['Transfer-Encoding: chunked, gzip'], '400 Transfer-Encoding does not end in chunked'],
		[['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'], '400 Transfer-Encoding names chunked twice'],
		[['Transfer-Encoding: gzip, chunked'], '501 Transfer-Encoding names a coding other than chunked'],
		[
			['Transfer-Encoding: gzip', 'Transfer-Encoding: chunked'],
			'501 Transfer-Encoding names a coding other than chunked',
		],
	])('of %j is refused', (fields, expected) => {
		expect(refusal(get(...fields))).toBe(expected);
	});

	it('of HTTP/1.0 knows no transfer coding, and CONNECT no body', () => {
		expect(refusal('POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n')).toBe(
			'400 Transfer-Encoding in an HTTP/1.0 request',
		);
		expect(refusal('CONNECT a:1 HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n')).toBe('400 CONNECT with a body');
		expect(refusal('CONNECT a:1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n')).toBe(
			'400 CONNECT with a body',
		);
		expect(refusal('CONNECT a:1 HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n')).toBe('taken');
	});

	it('stops each message where it ends', () => {
		const text = `${get('Content-Length: 3')}abc${post('2\r\nde\r\n0\r\n\r\n')}${get()}`;
		expect(lines(text).filter((line) => /^(data|end)/.test(line))).toEqual([
			'data "abc"',
			'end',
			'data "de"',
			'end',
			'end',
		]);
	});
});

describe('chunks', () => {
	const spent = 'a'.repeat(MAX_CHUNK_EXTENSION_BYTES - 1);

	it.each([
		['5;a=b;c="d;\\"e" ; f\t=\tg\r\nhello\r\n0\r\n\r\n', 'taken'],
		['00005\r\nhello\r\n000;x\r\n\r\n', 'taken'],
		['\r\n', '400 a chunk has no size'],
		['0x5\r\n', '400 a chunk size is no plain hexadecimal number'],
		['+5\r\n', '400 a chunk has no size'],
		[' 5\r\n', '400 a chunk has no size'],
		['5 \r\n', '400 malformed chunk extension'],
		['5g\r\n', '400 a chunk size is no plain hexadecimal number'],
		['20000000000000\r\n', '400 a chunk size is too large'],
		['00000000000000005\r\n', '400 a chunk size is too large'],
		['5\nhello', '400 bare LF in a chunk line'],
		['5\rhello', '400 bare CR in a chunk line'],
		['5;\r\n', '400 malformed chunk extension'],
		['5;a=\r\n', '400 malformed chunk extension'],
		['5;a \r\n', '400 malformed chunk extension'],
		['5;a="b\r\n', '400 malformed chunk extension'],
		['5;a="b"c\r\n', '400 malformed chunk extension'],
		['5;a=b\n', '400 bare LF in a chunk line'],
		['5;a\x00\r\n', '400 malformed chunk extension'],
		[`5;${spent}\r\nhello\r\n0\r\n\r\n`, 'taken'],
		[`5;${spent}a\r\n`, `400 more than ${MAX_CHUNK_EXTENSION_BYTES} bytes of chunk extensions`],
		[`5;${spent}\r\nhello\r\n0;a\r\n\r\n`, `400 more than ${MAX_CHUNK_EXTENSION_BYTES} bytes of chunk extensions`],
		['2\r\nabc\r\n', '400 chunk data is longer than its size'],
		['2\r\nab\n', '400 chunk data is longer than its size'],
		['2\r\nab\rx', '400 bare CR after chunk data'],
	])('%j', (body, expected) => {
		expect(refusal(post(body))).toBe(expected);
	});
});

describe('trailers', () => {
	it('are handed over, and counted against the limits of the head', () => {
		expect(lines(post('0\r\nX-Sum: 1\r\nx-sum:2\r\n\r\n')).slice(-3)).toEqual([
			'trailer X-Sum: 1',
			'trailer x-sum: 2',
			'end',
		]);
		const limits = { ...DEFAULT_HEAD_LIMITS, headers: 3 };
		expect(refusal(post('0\r\nA: 1\r\n\r\n'), limits)).toBe('taken');
		expect(refusal(post('0\r\nA: 1\r\nB: 2\r\n\r\n'), limits)).toBe('431 too many fields');
		const tight = { ...DEFAULT_HEAD_LIMITS, headerBytes: post('').length };
		expect(refusal(post('0\r\n\r\n'), tight)).toBe('taken');
		expect(refusal(post('0\r\nA: 1\r\n\r\n'), tight)).toMatch(/^431 /);
	});

	it('do not linger', () => {
		expect(lines(post(`0\r\nX: 1\r\n\r\n${post('0\r\n\r\n')}`)).at(-2)).not.toMatch(/^trailer/);
	});

	it.each([
		'Host',
		'Content-Length',
		'Transfer-Encoding',
		'TE',
		'Connection',
		'Authorization',
		'Set-Cookie',
		'content-encoding',
	])('must not be %s', (name) => {
		expect(refusal(post(`0\r\nX: 1\r\n${name}: 1\r\n\r\n`))).toBe(
			`400 ${name.toLowerCase()} is not allowed as a trailer`,
		);
	});

	it.each([
		['0\r\n X: 1\r\n', '400 whitespace before the first field'],
		['0\r\nX : 1\r\n', '400 whitespace before the colon of a field'],
		['0\r\nX: 1\n', '400 bare LF'],
		['0\r\n\n', '400 bare LF'],
	])('are as strict as heads: %j', (body, expected) => {
		expect(refusal(post(body))).toBe(expected);
	});
});

describe('what the connection needs to know', () => {
	it.each([
		['HTTP/1.1', [], true],
		['HTTP/1.1', ['Connection: Close'], false],
		['HTTP/1.1', ['Connection: keep-alive, close'], false],
		['HTTP/1.1', ['Connection: x', 'connection: y, CLOSE'], false],
		['HTTP/1.0', [], false],
		['HTTP/1.0', ['Connection: Keep-Alive'], true],
		['HTTP/1.0', ['Connection: keep-alive, close'], false],
		['HTTP/1.2', [], true],
	])('%s with %j persists: %s', (version, fields, keepAlive) => {
		expect(parse(`GET / ${version}\r\nHost: a\r\n${fields.map((f) => `${f}\r\n`).join('')}\r\n`).head.keepAlive).toBe(
			keepAlive,
		);
	});

	it.each([
		['HTTP/1.1', ['Upgrade: websocket'], ''],
		['HTTP/1.1', ['Connection: keep-alive, Upgrade', 'Upgrade: websocket'], 'websocket'],
		['HTTP/1.1', ['Connection: upgrade', 'Upgrade: a/1, b', 'Upgrade: c'], 'a/1, b, c'],
		['HTTP/1.0', ['Connection: upgrade', 'Upgrade: websocket'], ''],
		['HTTP/1.1', ['Connection: upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: A'], ''],
		['HTTP/1.1', ['Connection: upgrade', 'Upgrade: websocket, H2C'], ''],
		['HTTP/1.1', ['Connection: upgrade', 'Upgrade: TLS/1.2'], ''],
		['HTTP/1.1', ['Connection: upgrade', 'Upgrade: HTTP/2.0'], ''],
		['HTTP/1.1', ['Connection: upgrade', 'Upgrade: h2c-like'], 'h2c-like'],
	])('%s with %j offers %j', (version, fields, upgrade) => {
		expect(parse(`GET / ${version}\r\nHost: a\r\n${fields.map((f) => `${f}\r\n`).join('')}\r\n`).head.upgrade).toBe(
			upgrade,
		);
	});

	it('says whether 100-continue and trailers were asked for', () => {
		expect(parse(get('Expect: 100-Continue')).head.expectsContinue).toBe(true);
		expect(parse(get('Expect: x')).head.expectsContinue).toBe(false);
		expect(parse('GET / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n').head.expectsContinue).toBe(false);
		expect(parse(get('TE: gzip', 'te: Trailers')).head.acceptsTrailers).toBe(true);
		expect(parse(get('TE: trailers;q=1')).head.acceptsTrailers).toBe(false);
	});

	it('tells idle from inside a head', () => {
		const parser = new RequestParser(SILENT, DEFAULT_HEAD_LIMITS);
		const states = ['\r\n', '\r', '\nG', 'ET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r', '\n', 'x'].map(
			(piece) => {
				feed(parser, piece);
				return `${parser.isIdle} ${parser.isInHead}`;
			},
		);
		expect(states).toEqual(['true false', 'true false', 'false true', 'false true', 'false false', 'true false']);
	});

	it('consumes nothing after a fault', () => {
		const parser = new RequestParser(SILENT, DEFAULT_HEAD_LIMITS);
		feed(parser, 'GET /\r\n');
		expect(parser.feed(Buffer.from(get()), 0, 5)).toBe(0);
	});
});

const SILENT = { onRequestHead() {}, onBody() {}, onMessageEnd() {}, onParseError() {} };

function parse(text: string): RequestParser {
	const parser = new RequestParser(SILENT, DEFAULT_HEAD_LIMITS);
	feed(parser, text);
	return parser;
}

function feed(parser: RequestParser, text: string): void {
	const bytes = Buffer.from(text, 'latin1');
	parser.feed(bytes, 0, bytes.length);
}
