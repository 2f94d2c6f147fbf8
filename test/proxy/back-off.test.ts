/** What may happen while an exchange waits for its next attempt. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { waitFor } from '../support/wait-for.ts';
import { Fixture, GET } from './fixture.ts';

let fixture: Fixture;

beforeEach(async () => {
	fixture = await Fixture.make();
});

afterEach(() => fixture.stop());

const UNAVAILABLE = 'HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n';

describe('while an exchange backs off', () => {
	it('a client that goes away gives the place among the retries back', async () => {
		const running = await fixture.start({
			inbound: { routes: [{ retry: { attempts: 1, codes: [503], backoff: '2s' } }] },
		});
		fixture.origin.follow({ onRequest: (_request, connection) => connection.send(UNAVAILABLE) });
		const client = await fixture.connect();
		await client.send(GET);
		await waitFor('the retry', () => running.retries.length === 1);
		expect(fixture.inside.parts.service.budget.active).toBe(1);
		client.reset();
		await running.waitForRecords(1);
		await fixture.waitUntilQuiet();
	});

	it('the end of the request’s time is the end of the back-off', async () => {
		const running = await fixture.start({
			inbound: { routes: [{ retry: { attempts: 1, codes: [503] }, timeouts: { request: '150ms' } }] },
		});
		fixture.origin.follow({
			onHead: (connection) => {
				connection.send('HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 2\r\n\r\nno');
			},
			onRequest: () => undefined,
		});
		// A wait that the deadline does not allow is not begun: the app's own answer goes on.
		const response = await fixture.ask('PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabc', 'PUT');
		expect(response.status).toBe(503);
		expect(response.body.toString()).toBe('no');
		expect(running.skips).toEqual(['deadline']);
		await fixture.waitUntilQuiet();
	});

	it('waits as long as Retry-After says when there is time', async () => {
		const running = await fixture.start({ inbound: { routes: [{ retry: { attempts: 1, codes: [503] } }] } });
		let asked = 0;
		const times: number[] = [];
		fixture.origin.follow({
			onRequest: (_request, connection) => {
				times.push(performance.now());
				connection.send(
					asked++ === 0
						? 'HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n'
						: 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
				);
			},
		});
		expect((await fixture.ask(GET)).status).toBe(200);
		expect((times[1] as number) - (times[0] as number)).toBeGreaterThanOrEqual(995);
		expect(running.retries).toEqual(['status']);
	});
});

describe('another attempt on a pooled connection', () => {
	it('sends the head at once, though the body is still to come', async () => {
		await fixture.start({ inbound: { routes: [{ retry: { attempts: 2, codes: [503], backoff: '1ms' } }] } });
		// Two connections in the pool.
		const waiting: (() => void)[] = [];
		fixture.origin.follow({
			onRequest: (_request, connection) => {
				waiting.push(() => connection.send('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'));
				if (waiting.length === 2) for (const answer of waiting) answer();
			},
		});
		await Promise.all([fixture.ask(GET), fixture.ask(GET)]);
		let heads = 0;
		fixture.origin.follow({
			onHead: (connection) => {
				connection.send(heads++ === 0 ? UNAVAILABLE : 'HTTP/1.1 100 Continue\r\n\r\n');
			},
			onRequest: (_request, connection) => connection.send('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'),
		});
		const client = await fixture.connect();
		await client.send('PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n');
		await waitFor('100 Continue from the second attempt', () => client.received.includes('100 Continue'));
		await client.send('ok');
		expect((await client.readResponse('PUT')).status).toBe(200);
		await fixture.waitUntilQuiet();
	});
});
