import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RawClient } from '../support/raw-client.ts';
import { echo, RecordingOrigin } from '../support/recording-origin.ts';
import { waitFor } from '../support/wait-for.ts';
import { headOf, RunningSidecar, routeFile } from './running.ts';

let origin: RecordingOrigin;
let sidecar: RunningSidecar | null = null;
const clients: RawClient[] = [];

beforeEach(async () => {
	origin = await RecordingOrigin.start();
});

afterEach(async () => {
	for (const client of clients.splice(0)) client.close();
	await sidecar?.stop();
	sidecar = null;
	await origin.stop();
});

async function start(more: Parameters<typeof routeFile>[1] = {}): Promise<RunningSidecar> {
	sidecar = await RunningSidecar.start(routeFile(origin.port, more));
	origin.forget();
	return sidecar;
}

async function connect(): Promise<RawClient> {
	const client = await RawClient.connect(sidecar?.port ?? 0);
	clients.push(client);
	return client;
}

async function ask(request: string, method = 'GET') {
	const client = await connect();
	await client.send(request);
	return client.readResponse(method);
}

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const POST = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello';

describe('an app that fails', () => {
	it('before an answer: GET is tried again, POST is not', async () => {
		let broken = 0;
		origin.follow({
			onRequest: (request, connection) => {
				if (broken++ === 0) connection.socket.destroy();
				else connection.send(echo(request));
			},
		});
		const running = await start();
		expect((await ask(GET)).status).toBe(200);
		expect(running.retries).toEqual(['reset']);
		broken = 0;
		const refused = await ask(POST, 'POST');
		expect(refused.status).toBe(503);
		expect(headOf(refused)).toContain(
			'proxy-status: outrigger; error=connection_terminated; details="upstream_closed"',
		);
		expect(running.skips).toContain('method');
		const { error, requestId, detail, attempts } = JSON.parse(refused.body.toString());
		expect(error).toBe('upstream_closed');
		expect(requestId).toMatch(/^[0-9a-f-]{36}$/);
		expect(detail).toContain('closed the connection');
		expect(attempts.length).toBe(1);
	});

	it('on a reused connection: the request is replayed on a fresh one', async () => {
		const running = await start();
		expect((await ask(GET)).status).toBe(200);
		origin.follow({
			onRequest: (request, connection, index) => {
				if (index > 0) connection.reset();
				else connection.send(echo(request));
			},
		});
		const response = await ask(GET);
		expect(response.status).toBe(200);
		expect(running.retries).toEqual(['idle-race']);
		expect(origin.connections.length).toBe(2);
	});

	it('on a reused connection, again and again: a lost idle race opens no circuit', async () => {
		const running = await start({
			inbound: {
				service: { circuitBreaker: { volumeThreshold: 1, errorThresholdPercentage: '1%', failures: ['reset'] } },
			},
		});
		const used = new Set<object>();
		origin.follow({
			onRequest: (request, connection) => {
				if (used.has(connection)) connection.reset();
				else connection.send(echo(request));
				used.add(connection);
			},
		});
		for (let round = 0; round < 5; round++) expect((await ask(GET)).status).toBe(200);
		expect(running.retries).toEqual(new Array(4).fill('idle-race'));
	});

	it('within its head or with bytes that are not HTTP: 502', async () => {
		origin.follow({ onRequest: (_request, connection) => connection.send('HTP/1.1 200 OK\r\n\r\n') });
		await start();
		const response = await ask(GET);
		expect(response.status).toBe(502);
		expect(headOf(response)).toContain('details="upstream_protocol_error"');
	});

	it('within its body: the client sees a reset, never a whole response', async () => {
		origin.follow({
			onRequest: (_request, connection) => {
				connection.send('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart');
				connection.end();
			},
		});
		const running = await start();
		const client = await connect();
		await client.send(GET);
		await waitFor('the connection to break', () => client.isClosed);
		expect(client.failure).toBe('ECONNRESET');
		expect((await running.waitForRecords(1))[0]).toMatchObject({
			status: 200,
			errorCode: 'upstream_closed',
			flags: 'UC',
		});
	});

	it('with unasked bytes after its answer: they never reach another client', async () => {
		const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
		origin.follow({
			onRequest: (_request, connection) =>
				connection.send(`${answer}HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nstolen`),
		});
		await start();
		for (let i = 0; i < 3; i++) expect((await ask(GET)).body.toString()).toBe('ok');
		expect(origin.connections.length).toBe(3);
	});

	it('by not listening: 503 with what was tried', async () => {
		const running = await start();
		await origin.stop();
		const response = await ask(GET);
		expect(response.status).toBe(503);
		expect(headOf(response)).toContain('error=connection_refused; details="connect_failed"');
		expect(running.retries).toEqual(['connect-failure', 'connect-failure']);
		expect((await running.waitForRecords(1))[0]?.flags).toBe('UF,URX');
		origin = await RecordingOrigin.start();
	});

	it('again and again: the circuit opens and says when to come back', async () => {
		origin.follow({ onRequest: (_request, connection) => void connection.socket.destroy() });
		const running = await start({
			inbound: { service: { circuitBreaker: { volumeThreshold: 3, resetTimeout: '30s' } } },
		});
		for (let i = 0; i < 3; i++) await ask(POST, 'POST');
		const seen = origin.connections.length;
		const response = await ask(POST, 'POST');
		expect(headOf(response)).toContain('details="circuit_open"');
		expect(headOf(response)).toMatch(/retry-after: (30|29)\r\n/);
		expect(origin.connections.length).toBe(seen);
		expect(await running.metric('outrigger_circuit_state', { service: 'app' })).toBe(2);
	});
});

describe('deadlines', () => {
	it('an attempt that is too slow: 504', async () => {
		origin.follow({ onRequest: () => undefined });
		await start({ inbound: { routes: [{ timeouts: { backendRequest: '50ms' }, retry: 'off' }] } });
		const response = await ask(GET);
		expect(response.status).toBe(504);
		expect(headOf(response)).toContain('details="attempt_timeout"');
	});

	it('a request that is too slow: 504, retries included', async () => {
		origin.follow({ onRequest: () => undefined });
		const running = await start({
			inbound: {
				routes: [{ timeouts: { request: '120ms', backendRequest: '50ms' }, retry: { attempts: 5, on: ['timeout'] } }],
			},
		});
		const response = await ask(GET);
		expect(headOf(response)).toMatch(/details="(request|attempt)_timeout"/);
		expect(response.status).toBe(504);
		expect(running.retries.length).toBeGreaterThanOrEqual(1);
	});

	it('silence in a response resets it', async () => {
		origin.follow({
			onRequest: (_r, connection) => connection.send('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart'),
		});
		const running = await start({ inbound: { routes: [{ timeouts: { idle: '60ms' } }] } });
		const client = await connect();
		await client.send(GET);
		await waitFor('the reset', () => client.isClosed);
		expect((await running.waitForRecords(1))[0]).toMatchObject({ errorCode: 'stream_idle', flags: 'SI' });
	});

	it('silence in a request is 408', async () => {
		await start({ inbound: { routes: [{ timeouts: { idle: '60ms' } }] } });
		const response = await ask('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc', 'POST');
		expect(response.status).toBe(408);
		expect(headOf(response)).toContain('details="stream_idle"');
	});

	it('a head that does not end is 408', async () => {
		await start({ limits: { headTimeout: '60ms' } });
		const response = await ask('GET / HTTP/1.1\r\nHost:');
		expect(response.status).toBe(408);
		expect(headOf(response)).toContain('details="head_timeout"');
	});
});

describe('limits', () => {
	it('requests at once', async () => {
		origin.follow({ onRequest: () => undefined });
		await start({ inbound: { service: { limits: { requests: 1 } } } });
		const first = await connect();
		await first.send(GET);
		await origin.waitForRequests(1);
		const response = await ask(GET);
		expect(response.status).toBe(503);
		expect(headOf(response)).toContain('details="limit_requests"');
	});

	it('connections, and how many may wait for one', async () => {
		origin.follow({ onRequest: () => undefined });
		await start({ inbound: { service: { connect: { maxConnections: 1 }, limits: { pending: 1 } } } });
		for (let i = 0; i < 2; i++) await (await connect()).send(GET);
		await origin.waitForRequests(1);
		const response = await ask(GET);
		expect(headOf(response)).toContain('details="limit_pending"');
		// The waiting one is served once the connection is free.
		origin.follow({});
		origin.connections[0]?.send('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
		expect((await clients[1]?.readResponse())?.status).toBe(200);
	});

	it('bodies, by what they say and by what they are', async () => {
		await start({ inbound: { routes: [{ limits: { requestBody: '10' } }] } });
		const said = await ask('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\nhello world', 'POST');
		expect(said.status).toBe(413);
		expect(headOf(said)).toContain('details="body_too_large"');
		const chunked = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nb\r\nhello world\r\n';
		expect((await ask(chunked, 'POST')).status).toBe(413);
	});

	it('heads and targets', async () => {
		await start();
		expect((await ask(`GET /${'a'.repeat(17_000)} HTTP/1.1\r\nHost: a\r\n\r\n`)).status).toBe(414);
		expect((await ask(`GET / HTTP/1.1\r\nHost: a\r\nx: ${'a'.repeat(62_000)}\r\n\r\n`)).status).toBe(431);
	});
});

describe('local replies', () => {
	it('404 with `unmatched: reject`, and the connection lives on', async () => {
		await start({ inbound: { unmatched: 'reject', routes: [{ matches: [{ path: '/ok' }] }] } });
		const client = await connect();
		await client.send(
			'POST /no HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET /ok HTTP/1.1\r\nHost: a\r\n\r\n',
		);
		const first = await client.readResponse('POST');
		expect(first.status).toBe(404);
		expect(headOf(first)).toContain('proxy-status: outrigger; error=destination_not_found; details="no_route"');
		expect((await client.readResponse()).status).toBe(200);
	});

	it('tell a gRPC client in its own words', async () => {
		await start({ inbound: { unmatched: 'reject' } });
		const response = await ask(
			'POST /s/M HTTP/1.1\r\nHost: a\r\nContent-Type: application/grpc\r\nContent-Length: 0\r\n\r\n',
			'POST',
		);
		expect(response.status).toBe(200);
		expect(headOf(response)).toMatch(/grpc-status: 12\r\n/);
	});

	it('400 closes the connection after the answer', async () => {
		const running = await start();
		const client = await connect();
		await client.send('GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n');
		const response = await client.readResponse();
		expect(response.status).toBe(400);
		expect(headOf(response)).toContain('connection: close');
		await waitFor('the end', () => client.isEnded);
		expect(origin.requests.length).toBe(0);
		expect((await running.waitForRecords(1))[0]).toMatchObject({ errorCode: 'bad_request', flags: 'DPE' });
	});

	it('a chunked body that breaks is 400, and nothing of it is replayed', async () => {
		await start();
		const response = await ask(
			'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nZZ\r\n',
			'POST',
		);
		expect(response.status).toBe(400);
	});
});
