/** Parsers that connections lend each other: what comes in pieces, by turns, is not mixed up. */
import { describe, expect, it } from 'vitest';
import type { ProxyError } from '../../src/error.ts';
import { DEFAULT_HEAD_LIMITS } from '../../src/http1/limits.ts';
import type { ResponseVisitor } from '../../src/http1/response-parser.ts';
import { giveParser, takeParser } from '../../src/upstream/response-parsers.ts';

class Heard implements ResponseVisitor {
	readonly events: string[] = [];

	onInformational(): void {
		this.events.push('1xx');
	}

	onResponseHead({ status }: { readonly status: number }): void {
		this.events.push(String(status));
	}

	onBody(buffer: Buffer, start: number, end: number): void {
		this.events.push(buffer.toString('latin1', start, end));
	}

	onMessageEnd(): void {
		this.events.push('end');
	}

	onParseError({ code }: ProxyError): void {
		this.events.push(code);
	}
}

function feed(parser: ReturnType<typeof takeParser>, text: string): void {
	const bytes = Buffer.from(text, 'latin1');
	parser.feed(bytes, 0, bytes.length);
}

const take = (visitor: ResponseVisitor, method = 'GET') => takeParser(visitor, DEFAULT_HEAD_LIMITS, method);

describe('parsers of responses', () => {
	it('serve one connection after the other', () => {
		const [first, second] = [new Heard(), new Heard()];
		const parser = take(first);
		feed(parser, 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nab');
		expect(parser.isIdle).toBe(true);
		giveParser(parser);
		expect(take(second, 'HEAD')).toBe(parser);
		feed(parser, 'HTTP/1.1 201 Created\r\ncontent-length: 2\r\n\r\n');
		expect(first.events).toEqual(['200', 'ab', 'end']);
		expect(second.events).toEqual(['201', 'end']);
	});

	it('are as many as there are answers that have begun', () => {
		const [first, second] = [new Heard(), new Heard()];
		const [a, b] = [take(first), take(second)];
		expect(a).not.toBe(b);
		feed(a, 'HTTP/1.1 200 OK\r\ntransfer-enc');
		feed(b, 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 No\r\ncontent-length: 1\r\n\r\n');
		feed(a, 'oding: chunked\r\n\r\n1\r\na\r\n0\r\n');
		feed(b, 'b');
		feed(a, '\r\n');
		expect(first.events).toEqual(['200', 'a', 'end']);
		expect(second.events).toEqual(['1xx', '404', 'b', 'end']);
	});

	it('that have failed are not idle', () => {
		const heard = new Heard();
		const parser = take(heard);
		feed(parser, 'no HTTP\r\n\r\n');
		expect(heard.events).toEqual(['upstream_protocol_error']);
		expect(parser.isIdle).toBe(false);
	});

	it('that are free are few', () => {
		const many = Array.from({ length: 40 }, () => take(new Heard()));
		for (const parser of many) giveParser(parser);
		const again = Array.from({ length: 40 }, () => take(new Heard()));
		expect(again.filter((parser) => many.includes(parser)).length).toBe(16);
	});
});
