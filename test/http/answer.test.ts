import { STATUS_CODES } from 'node:http';
import { describe, expect, it } from 'vitest';
import { answerResponse } from '../../src/http/answer.ts';
import { Framing } from '../../src/http/head.ts';
import { writeResponseHead } from '../../src/http1/write-head.ts';

const DIRECT = { made: 'direct_response', status: 200, headers: [], body: '' };

function written(answer: Parameters<typeof answerResponse>[0], requestId = ''): string {
	const { head } = answerResponse(answer, requestId);
	return writeResponseHead(head, { clientVersion: 11, close: false, keepAliveTimeoutSeconds: 0 });
}

describe('the answer of a rule', () => {
	it('says who made it and names no error', () => {
		expect(
			written({ ...DIRECT, made: 'redirect', status: 302, headers: [{ name: 'Location', value: '/a' }] }, 'id-1'),
		).toBe(
			'HTTP/1.1 302 Found\r\n' +
				'proxy-status: outrigger; details="redirect"\r\n' +
				'x-request-id: id-1\r\n' +
				'Location: /a\r\n' +
				'content-length: 0\r\n\r\n',
		);
	});

	it('counts the bytes of its body, not the characters', () => {
		const { head, body } = answerResponse({ ...DIRECT, body: 'žluť' }, '');
		expect(body).toBe('žluť');
		expect([head.framing, head.contentLength]).toEqual([Framing.length, 6]);
		expect(head.headers.get('content-length')).toBe('6');
		expect(head.headers.has('x-request-id')).toBe(false);
	});

	it.each([
		[204, undefined],
		[205, '0'],
		[304, undefined],
	])('never has a body with %d', (status, length) => {
		const { head, body } = answerResponse({ ...DIRECT, status, body: 'text' }, '');
		expect(body).toBe('');
		expect(head.framing).toBe(Framing.none);
		expect(head.headers.get('content-length')).toBe(length);
	});

	it('leaves the connection open', () => {
		expect(answerResponse({ ...DIRECT, status: 408 }, '').head.keepAlive).toBe(true);
	});

	it('has a phrase for each status that Node knows by a current name, and never a wrong one', () => {
		const old: Record<number, string> = { 413: 'Content Too Large', 422: 'Unprocessable Content' };
		for (let status = 200; status <= 599; status++) {
			const { reason } = answerResponse({ ...DIRECT, status }, '').head;
			if (reason !== '' && status !== 499)
				expect([status, reason]).toEqual([status, old[status] ?? STATUS_CODES[status]]);
		}
		expect(answerResponse({ ...DIRECT, status: 599 }, '').head.reason).toBe('');
	});
});
