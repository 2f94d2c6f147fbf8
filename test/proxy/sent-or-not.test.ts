/** Whether a request may have been acted upon decides whether it may be repeated: RFC 9110 §9.2.2. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Fixture } from './fixture.ts';

let fixture: Fixture;

beforeEach(async () => {
	fixture = await Fixture.make();
});

afterEach(() => fixture.stop());

/** Around the sizes at which writes take another way: with the head as text, in a block, in several blocks. */
const SIZES = [10, 15 * 1024, 17 * 1024, 40 * 1024, 63 * 1024];

describe('a POST that the app has read and not answered', () => {
	for (const framing of ['length', 'chunked']) {
		it.each(SIZES)(`is not sent twice: ${framing}, %i bytes`, async (size) => {
			const running = await fixture.start();
			fixture.origin.follow({ onRequest: (_request, connection) => connection.reset() });
			const body = 'x'.repeat(size);
			const message =
				framing === 'length'
					? `Content-Length: ${size}\r\n\r\n${body}`
					: `Transfer-Encoding: chunked\r\n\r\n${size.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
			const response = await fixture.ask(`POST / HTTP/1.1\r\nHost: a\r\n${message}`, 'POST');
			expect(response.status).toBe(503);
			expect(running.retries).toEqual([]);
			expect(fixture.origin.requests.length).toBe(1);
			await fixture.waitUntilQuiet();
		});
	}
});
