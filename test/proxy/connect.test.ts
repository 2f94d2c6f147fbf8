/** CONNECT on the outbound port. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../support/free-port.ts';
import type { RawClient } from '../support/raw-client.ts';
import { waitFor } from '../support/wait-for.ts';
import { at, jsonOf, OutboundFixture } from './outbound-fixture.ts';

let fixture: OutboundFixture;

beforeEach(async () => {
	fixture = await OutboundFixture.make();
});

afterEach(() => fixture.stop());

describe('CONNECT', () => {
	async function tunnel(authority: string): Promise<RawClient> {
		const client = await fixture.connect();
		await client.send(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`);
		return client;
	}

	it('opens a tunnel to a service, and is not passed on', async () => {
		fixture.payments.follow({ onConnection: ({ socket }) => void socket.on('data', (bytes) => socket.write(bytes)) });
		await fixture.start();
		const client = await tunnel('payments:443');
		await waitFor('an answer', () => client.received.includes('\r\n\r\n'));
		expect(client.received.toString()).toMatch(/^HTTP\/1\.1 200 Connection Established\r\n/);
		expect(client.received.toString()).not.toMatch(/content-length|transfer-encoding/i);
		await client.send('\x16\x03\x01 not HTTP');
		await waitFor('the echo', () => client.received.toString('latin1').endsWith('\x16\x03\x01 not HTTP'));
		expect(fixture.payments.connections.map(({ bytes }) => bytes.toString('latin1'))).toEqual([
			'\x16\x03\x01 not HTTP',
		]);
		client.end();
		await client.readToEnd();
		expect(await fixture.records()).toMatchObject([
			{ method: 'CONNECT', service: 'payments', status: 200, errorCode: '' },
		]);
		const [record] = await fixture.records();
		expect([record?.requestBytes, record?.responseBytes]).toEqual([12, 12]);
	});

	it('takes bytes that came with it along', async () => {
		fixture.payments.follow({ onConnection: ({ socket }) => void socket.on('data', (bytes) => socket.write(bytes)) });
		await fixture.start();
		const client = await fixture.connect();
		await client.send('CONNECT payments:80 HTTP/1.1\r\nHost: payments:80\r\n\r\nearly');
		await waitFor('the echo', () => client.received.toString().endsWith('early'));
	});

	it('never takes a connection that has carried a request', async () => {
		await fixture.start();
		await fixture.get('payments');
		const client = await tunnel('payments:80');
		await waitFor('an answer', () => client.received.includes('\r\n\r\n'));
		expect(fixture.payments.connections).toHaveLength(2);
	});

	it('opens a tunnel to a host that no service lists', async () => {
		await fixture.start({ outbound: { unknownHosts: 'passthrough' } });
		const client = await tunnel(`localhost:${fixture.payments.port}`);
		await client.send('GET /t HTTP/1.1\r\nHost: x\r\n\r\n');
		await waitFor('the answer of the other end', () => client.received.toString().endsWith('GET /t'));
	});

	it.each([
		['elsewhere.example:443', 502, 'unknown_host'],
		['payments:80', 503, 'connect_failed'],
	])('to %s may be refused: %i', async (authority, status, code) => {
		await fixture.start({ services: { payments: { hostnames: ['payments'], endpoints: [at(await freePort())] } } });
		const client = await tunnel(authority);
		const answer = await client.readResponse();
		expect(answer.status).toBe(status);
		expect(jsonOf(answer)).toMatchObject({ error: code });
		await client.readToEnd();
	});

	it('is no way to our own ports', async () => {
		const { outboundPort } = await fixture.start({ outbound: { unknownHosts: 'passthrough' } });
		expect((await (await tunnel(`127.0.0.1:${outboundPort}`)).readResponse()).status).toBe(508);
	});

	it.each([
		['directResponse', { directResponse: { status: 200, body: 'hello' } }, 501, 'bad_request'],
		['directResponse', { directResponse: { status: 204 } }, 501, 'bad_request'],
		['fault', { fault: { abort: { status: 202 } } }, 501, 'bad_request'],
		['fault', { fault: { abort: { status: 418 } } }, 418, 'fault_injected'],
	])('is never told of a tunnel by a rule that answers itself: %s %j', async (_, rule, status, code) => {
		await fixture.start({ outbound: { routes: [rule] } });
		const client = await tunnel('payments:443');
		const answer = await client.readResponse();
		expect(answer.status).toBe(status);
		expect(jsonOf(answer)).toMatchObject({ error: code });
		await client.readToEnd();
		expect(await fixture.records()).toMatchObject([{ status, errorCode: code, isLocalReply: true }]);
	});

	it('is told of another answer of a rule as it is', async () => {
		await fixture.start({ outbound: { routes: [{ directResponse: { status: 403, body: 'no' } }] } });
		expect(await (await tunnel('payments:443')).readResponse()).toMatchObject({ status: 403 });
	});

	it('is refused with a status of HTTP, be it gRPC that asks', async () => {
		await fixture.start();
		const fields = 'Host: other:80\r\nContent-Type: application/grpc\r\n';
		const answer = await fixture.ask(`CONNECT other:80 HTTP/1.1\r\n${fields}\r\n`, 'CONNECT');
		expect(answer.status).toBe(502);
	});
});
