import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { waitFor } from '../support/wait-for.ts';
import { Fixture, GET } from './fixture.ts';
import { headOf } from './running.ts';

let fixture: Fixture;

beforeEach(async () => {
	fixture = await Fixture.make();
});

afterEach(() => fixture.stop());

const UPGRADE = 'GET /chat HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n';
const SWITCHING = 'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n';

/** After the switch the origin sends back what it gets. */
function switchAndEcho(): void {
	fixture.origin.follow({
		onRequest: (_request, connection) => {
			connection.socket.on('data', (chunk: Buffer) => connection.send(chunk));
			connection.send(`${SWITCHING}hello`);
		},
	});
}

describe('an upgrade', () => {
	it('makes a tunnel for the bytes behind the heads, on both sides', async () => {
		await fixture.start();
		switchAndEcho();
		const client = await fixture.connect();
		await client.send(`${UPGRADE}early`);
		await waitFor('both', () => client.received.toString().endsWith('helloearly'));
		await client.send('late');
		await waitFor('more', () => client.received.toString().endsWith('helloearlylate'));
		client.end();
		await waitFor('the end', () => client.isEnded);
		await fixture.waitUntilQuiet();
	});

	it('is not cut by the time that its request was given', async () => {
		await fixture.start({ inbound: { routes: [{ timeouts: { request: '100ms', backendRequest: '100ms' } }] } });
		switchAndEcho();
		const client = await fixture.connect();
		await client.send(UPGRADE);
		await waitFor('the switch', () => client.received.toString().endsWith('hello'));
		await new Promise((resolve) => setTimeout(resolve, 250));
		await client.send('late');
		await waitFor('more', () => client.isEnded || client.received.toString().endsWith('hellolate'));
		expect(client.isEnded).toBe(false);
	});

	it('before the end of the request’s body is no upgrade', async () => {
		await fixture.start();
		fixture.origin.follow({ onHead: (connection) => connection.send(SWITCHING), onRequest: () => undefined });
		const response = await fixture.ask(
			'POST / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: echo\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel',
			'POST',
		);
		expect(response.status).toBe(502);
		expect(headOf(response)).toContain('details="upstream_protocol_error"');
		await fixture.waitUntilQuiet();
	});

	it('that the app refuses leaves an ordinary connection', async () => {
		await fixture.start();
		const client = await fixture.connect();
		await client.send(`${UPGRADE}${GET}`);
		expect((await client.readResponse()).body.toString()).toBe('GET /chat');
		expect((await client.readResponse()).body.toString()).toBe('GET /');
	});

	it('carries megabytes both ways, whole and in order', async () => {
		await fixture.start();
		switchAndEcho();
		const client = await fixture.connect();
		await client.send(UPGRADE);
		await waitFor('the switch', () => client.received.toString().endsWith('hello'));
		const head = client.received.length;
		const bytes = Buffer.alloc(8 * 1024 * 1024);
		for (let i = 0; i < bytes.length; i += 4) bytes.writeUInt32BE(i, i);
		client.pause();
		const sent = client.send(bytes);
		await new Promise((resolve) => setTimeout(resolve, 100));
		client.resume();
		await sent;
		await waitFor('all of it', () => client.received.length === head + bytes.length, 15_000);
		expect(client.received.subarray(head).equals(bytes)).toBe(true);
	});
});

describe('CONNECT', () => {
	it('that we refuse ends the connection, too', async () => {
		await fixture.start({ inbound: { unmatched: 'reject' } });
		const client = await fixture.connect();
		await client.send(`CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n${GET}`);
		expect(headOf(await client.readResponse('CONNECT'))).toContain('connection: close');
		await waitFor('the end', () => client.isEnded);
		expect(fixture.sidecar.records.length).toBe(1);
	});

	it('that the app refuses ends the connection: what follows may have been meant for the tunnel', async () => {
		await fixture.start();
		fixture.origin.follow({
			onRequest: (_request, connection) => connection.send('HTTP/1.1 405 No\r\nContent-Length: 2\r\n\r\nno'),
		});
		const client = await fixture.connect();
		await client.send(`CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n${GET}`);
		const response = await client.readResponse('CONNECT');
		expect(response.status).toBe(405);
		expect(headOf(response)).toContain('connection: close');
		await waitFor('the end', () => client.isEnded);
		expect(fixture.origin.requests.length).toBe(1);
	});
});
