/** Clients that do not read, and responses that are cut. How slow ones are seen off: `test/listener/closing.test.ts`. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { waitFor } from '../support/wait-for.ts';
import { Fixture, GET } from './fixture.ts';

let fixture: Fixture;

beforeEach(async () => {
	fixture = await Fixture.make();
});

afterEach(() => fixture.stop());

describe('a client that does not read', () => {
	it('is not served without end, however many requests it sends', async () => {
		await fixture.start({ inbound: { unmatched: 'reject', routes: [{ matches: [{ path: '/ok' }] }] } });
		const client = await fixture.connect();
		client.pause();
		const many = GET.repeat(2_000);
		let sent = 0;
		let isStuck = false;
		const send = async (): Promise<void> => {
			for (; sent < 400 && !isStuck; sent++) await client.send(many);
		};
		const sending = send();
		let before = -1;
		// The sidecar stops reading once its answers are not taken.
		await waitFor(
			'the sidecar to stop answering',
			async () => {
				before = fixture.sidecar.records.length;
				await new Promise((resolve) => setTimeout(resolve, 300));
				return fixture.sidecar.records.length === before;
			},
			15_000,
		);
		isStuck = true;
		expect(before).toBeLessThan(400 * 2_000);
		client.close();
		await sending;
	});
});

describe('a response that is cut', () => {
	it('by the end of the drain does not look whole to HTTP/1.0', async () => {
		const running = await fixture.start({ shutdown: { drain: '50ms', propagation: '0s' } });
		fixture.origin.follow({ onRequest: (_r, connection) => connection.send('HTTP/1.1 200 OK\r\n\r\npart') });
		const client = await fixture.connect();
		await client.send('GET / HTTP/1.0\r\n\r\n');
		await waitFor('the part', () => client.received.includes('part'));
		await running.app.drain();
		await waitFor('the end', () => client.isClosed || client.isEnded);
		expect(client.failure).toBe('ECONNRESET');
	});
});
