/** Requests that a fault holds back: what has to happen once they go on. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { waitFor } from '../support/wait-for.ts';
import { Fixture, GET } from './fixture.ts';

let fixture: Fixture;

beforeEach(async () => {
	fixture = await Fixture.make();
});

afterEach(() => fixture.stop());

describe('a delayed request', () => {
	beforeEach(async () => {
		await fixture.start({
			inbound: { routes: [{ name: 'slow', matches: [{ path: '/slow' }], fault: { delay: { fixed: '30ms' } } }] },
		});
	});

	it('reaches the app on an idle connection though its client waits for 100 Continue', async () => {
		expect((await fixture.ask(GET)).status).toBe(200);
		fixture.origin.follow({
			onHead: (connection) => connection.send('HTTP/1.1 100 Continue\r\n\r\n'),
			onRequest: (request, connection) => {
				connection.send(`HTTP/1.1 200 OK\r\nContent-Length: ${request.body.length}\r\n\r\n${request.body}`);
			},
		});
		const client = await fixture.connect();
		await client.send('POST /slow HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n');
		await waitFor('100 Continue', () => client.received.toString('latin1').startsWith('HTTP/1.1 100'));
		await client.send('abc');
		expect((await client.readResponse('POST')).body.toString()).toBe('abc');
	});

	it('reaches the app on an idle connection with as much of its body as there is', async () => {
		expect((await fixture.ask(GET)).status).toBe(200);
		const client = await fixture.connect();
		await client.send('POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc');
		await waitFor('the first half', () => fixture.origin.connections.at(-1)?.bytes.toString().endsWith('abc') === true);
		await client.send('def');
		expect((await client.readResponse('POST')).status).toBe(200);
		await fixture.waitUntilQuiet();
	});
});
