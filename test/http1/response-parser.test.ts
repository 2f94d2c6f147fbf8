import { describe, expect, it } from 'vitest';
import { Framing } from '../../src/http/head.ts';
import { DEFAULT_HEAD_LIMITS, MAX_INFORMATIONAL_RESPONSES } from '../../src/http1/limits.ts';
import { ResponseParser } from '../../src/http1/response-parser.ts';
import { linesOf, readResponses } from '../support/codec-transcript.ts';

function lines(text: string, methods: readonly string[] = ['GET'], ended = false): string[] {
	return linesOf(readResponses(Buffer.from(text, 'latin1'), methods, ended));
}

function refusal(text: string, method = 'GET'): string {
	const bytes = Buffer.from(text, 'latin1');
	const whole = readResponses(bytes, [method], false).error;
	const everywhere = Array.from(bytes, (_, i) => i);
	expect(readResponses(bytes, [method], false, everywhere).error).toEqual(whole);
	return whole === null ? 'taken' : `${whole.status} ${whole.detail}`;
}

function ok(...fields: string[]): string {
	return `HTTP/1.1 200 OK\r\n${fields.map((field) => `${field}\r\n`).join('')}\r\n`;
}

describe('the status line', () => {
	it.each([
		['HTTP/1.1 200 OK', 'response HTTP/1.1 200 "OK"'],
		['HTTP/1.1 200 ', 'response HTTP/1.1 200 ""'],
		['HTTP/1.1 200', 'response HTTP/1.1 200 ""'],
		['HTTP/1.1 999  very\todd \xe9', 'response HTTP/1.1 999 " very\\todd \xe9"'],
		['HTTP/1.0 404 Not Found', 'response HTTP/1.0 404 "Not Found"'],
		['HTTP/1.7 200 OK', 'response HTTP/1.1 200 "OK"'],
	])('%j', (line, expected) => {
		expect(lines(`${line}\r\nContent-Length: 0\r\n\r\n`)[0]).toBe(expected);
	});

	it.each([
		['ICY 200 OK\r\n', '502 no HTTP status line'],
		['HTTP/1.1\r\n', '502 no HTTP status line'],
		['HTTP/1.1\t200 OK\r\n', '502 no HTTP status line'],
		['HTTP/11.1 200 OK\r\n', '502 no HTTP status line'],
		['HTTP/2.0 200 OK\r\n', '502 another major version of HTTP'],
		['HTTP/1.1  200 OK\r\n', '502 the status code is no number'],
		['HTTP/1.1 2x0 OK\r\n', '502 the status code is no number'],
		['HTTP/1.1 20 OK\r\n', '502 the status code is no number'],
		['HTTP/1.1 099 OK\r\n', '502 the status code is below 100'],
		['HTTP/1.1 2000 OK\r\n', '502 the status code has more than three digits'],
		['HTTP/1.1 200 OK\n', '502 bare LF'],
		['HTTP/1.1 200 OK\rX', '502 bare CR'],
		['HTTP/1.1 200 O\x01\r\n', '502 control character in the status line'],
	])('%j is refused', (text, expected) => {
		expect(refusal(text)).toBe(expected);
	});
});

describe('the framing of a response', () => {
	it.each([
		['GET', ok('Content-Length: 3'), Framing.length, 3],
		['GET', ok('Content-Length: 0'), Framing.none, 0],
		['GET', ok('Transfer-Encoding: chunked'), Framing.chunked, -1],
		['GET', ok(), Framing.close, -1],
		['HEAD', ok('Content-Length: 3'), Framing.none, 0],
		['HEAD', ok('Transfer-Encoding: chunked'), Framing.none, 0],
		['HEAD', ok(), Framing.none, 0],
		['GET', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\n\r\n', Framing.none, 0],
		['GET', 'HTTP/1.1 204 No Content\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n', Framing.none, 0],
		['CONNECT', ok('Content-Length: 3'), Framing.none, 0],
		['CONNECT', 'HTTP/1.1 407 X\r\nContent-Length: 3\r\n\r\n', Framing.length, 3],
	])('to %s: %j', (method, text, framing, length) => {
		const head = parse(text, method);
		expect([head.framing, head.contentLength]).toEqual([framing, length]);
	});

	it.each([
		[['Content-Length: 5', 'Transfer-Encoding: chunked'], '502 Content-Length together with Transfer-Encoding'],
		[['Content-Length: 5', 'Content-Length: 6'], '502 Content-Length is malformed or contradicts itself'],
		[['Content-Length: 5, 6'], '502 Content-Length is malformed or contradicts itself'],
		[['Content-Length: -5'], '502 Content-Length is malformed or contradicts itself'],
		[['Content-Length:'], '502 Content-Length is malformed or contradicts itself'],
		[['Transfer-Encoding:'], '502 Transfer-Encoding is empty'],
		[['Transfer-Encoding: gzip'], '502 Transfer-Encoding does not end in chunked'],
		[['Transfer-Encoding: gzip, chunked'], '502 Transfer-Encoding names a coding other than chunked'],
		[['Transfer-Encoding: chunked, chunked'], '502 Transfer-Encoding names chunked twice'],
		[['X: 1', ' folded'], '502 obsolete line folding'],
		[['X\x00: 1'], '502 invalid character in a field name'],
		[['X y: 1'], '502 a field line has no colon after its name'],
		[['X: a\x01'], '502 control character in a field value'],
		[[' X: 1'], '502 whitespace before the first field'],
	])('of %j is refused', (fields, expected) => {
		expect(refusal(ok(...fields))).toBe(expected);
	});

	it('of HTTP/1.0 knows no transfer coding', () => {
		expect(refusal('HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')).toBe(
			'502 Transfer-Encoding in an HTTP/1.0 response',
		);
	});
});

describe('what is mended', () => {
	it('a blank before a colon goes, also from the text that is sent on', () => {
		const { headers } = parse(ok('A: 1', 'X-Y \t:  2 ', 'Content-Length : 0'));
		expect(headers.text.slice(headers.textStart, headers.textEnd)).toBe('A: 1\r\nX-Y: 2\r\nContent-Length: 0\r\n');
		expect([headers.get('a'), headers.get('x-y'), headers.get('content-length')]).toEqual(['1', '2', '0']);
	});

	it.each([
		[['Content-Length: 3', 'Content-Length: 3']],
		[['Content-Length: 3, 3']],
		[['Content-Length: 3', 'content-length: 03']],
	])('%j is one Content-Length', (fields) => {
		const head = parse(ok(...fields));
		expect(head.contentLength).toBe(3);
		expect(head.headers.getAll('content-length')).toEqual(['3']);
	});

	it.each(['HTTP/1.1 204 No Content', 'HTTP/1.1 103 Early Hints', 'HTTP/1.1 100 Continue'])(
		'%s loses its framing fields',
		(line) => {
			const { headers } = parse(`${line}\r\nA: 1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n`);
			expect(headers.clone().added).toEqual(['A', '1']);
		},
	);

	it('304 and answers to HEAD keep theirs', () => {
		expect(parse(ok('Content-Length: 3'), 'HEAD').headers.get('content-length')).toBe('3');
		expect(parse('HTTP/1.1 304 X\r\nContent-Length: 3\r\n\r\n').headers.get('content-length')).toBe('3');
	});
});

describe('a response', () => {
	it('comes after its informational ones, and one stray empty line', () => {
		expect(
			lines(`HTTP/1.1 100 Continue\r\n\r\n\r\nHTTP/1.1 103 X\r\nLink: a\r\n\r\n${ok('Content-Length: 2')}hi`),
		).toEqual([
			'response HTTP/1.1 100 "Continue"',
			'end',
			'response HTTP/1.1 103 "X"',
			'field Link: a',
			'end',
			'response HTTP/1.1 200 "OK"',
			'body: 2 bytes',
			'field Content-Length: 2',
			'data "hi"',
			'end',
		]);
	});

	it('does not keep us waiting with informational ones for ever', () => {
		expect(refusal('HTTP/1.1 100 X\r\n\r\n'.repeat(MAX_INFORMATIONAL_RESPONSES) + ok())).toBe('taken');
		expect(refusal('HTTP/1.1 100 X\r\n\r\n'.repeat(MAX_INFORMATIONAL_RESPONSES + 1))).toBe(
			'502 too many informational responses',
		);
	});

	it('ends at once when it opens a tunnel', () => {
		const switching = 'HTTP/1.1 101 X\r\nConnection: upgrade\r\nUpgrade: ws\r\nContent-Length: 4\r\n\r\n';
		expect(lines(`${switching}tunnel`).slice(-2)).toEqual(['end', 'rest "tunnel"']);
		expect(lines(`${ok('Transfer-Encoding: chunked')}tunnel`, ['CONNECT']).slice(-2)).toEqual(['end', 'rest "tunnel"']);
		expect(refusal('HTTP/1.1 101 X\r\n\r\n')).toBe('502 101 without Upgrade');
	});

	it('says how long its connection may idle', () => {
		expect(parse(ok('Keep-Alive: timeout=5', 'Content-Length: 0')).keepAliveTimeout).toBe(5);
		expect(parse(ok('Keep-Alive: max=3, Timeout = 15', 'Content-Length: 0')).keepAliveTimeout).toBe(15);
		expect(parse(ok('Keep-Alive: timeout=x', 'Content-Length: 0')).keepAliveTimeout).toBe(-1);
		expect(parse(ok('Keep-Alive: 300', 'Content-Length: 0')).keepAliveTimeout).toBe(-1);
		expect(parse(ok('Content-Length: 0')).keepAliveTimeout).toBe(-1);
	});

	it.each([
		['HTTP/1.1', ['Content-Length: 0'], true],
		['HTTP/1.1', ['Content-Length: 0', 'Connection: close'], false],
		['HTTP/1.1', [], false],
		['HTTP/1.0', ['Content-Length: 0'], false],
		['HTTP/1.0', ['Content-Length: 0', 'Connection: keep-alive'], true],
	])('of %s with %j leaves its connection usable: %s', (version, fields, keepAlive) => {
		expect(parse(`${version} 200 OK\r\n${fields.map((f) => `${f}\r\n`).join('')}\r\n`).keepAlive).toBe(keepAlive);
	});
});

describe('the end of the connection', () => {
	it.each([
		['completes a body that it delimits', ok(), true, true],
		['cuts a body short', ok('Content-Length: 9'), false, false],
		['cuts a chunked body short', ok('Transfer-Encoding: chunked'), false, false],
		['cuts a head short', 'HTTP/1.1 200', false, false],
		['cuts an answer short that has not begun', '', false, false],
		['is nothing to an idle parser', ok('Content-Length: 0'), false, true],
	])('%s', (_, text, completed, isIdle) => {
		const parser = new ResponseParser(SILENT, DEFAULT_HEAD_LIMITS);
		parser.expect('GET');
		feed(parser, text);
		expect(parser.finish()).toBe(completed);
		expect(parser.isIdle).toBe(isIdle);
	});
});

describe('an idle connection', () => {
	it('must be silent', () => {
		const faults: string[] = [];
		const parser = new ResponseParser(
			{ ...SILENT, onParseError: (error) => faults.push(error.detail) },
			DEFAULT_HEAD_LIMITS,
		);
		expect(parser.isIdle).toBe(true);
		feed(parser, '');
		expect(faults).toEqual([]);
		feed(parser, '\r');
		expect(faults).toEqual(['bytes on an idle connection']);
		parser.expect('GET');
		expect(parser.feed(Buffer.from(ok()), 0, 10)).toBe(0);
	});
});

const SILENT = { onInformational() {}, onResponseHead() {}, onBody() {}, onMessageEnd() {}, onParseError() {} };

function parse(text: string, method = 'GET'): ResponseParser['head'] {
	const parser = new ResponseParser(SILENT, DEFAULT_HEAD_LIMITS);
	parser.expect(method);
	feed(parser, text);
	return parser.head;
}

function feed(parser: ResponseParser, text: string): void {
	const bytes = Buffer.from(text, 'latin1');
	parser.feed(bytes, 0, bytes.length);
}
