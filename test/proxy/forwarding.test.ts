import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RawClient } from '../support/raw-client.ts';
import { echo, RecordingOrigin } from '../support/recording-origin.ts';
import { waitFor } from '../support/wait-for.ts';
import { headOf, RunningSidecar, routeFile } from './running.ts';

let origin: RecordingOrigin;
let sidecar: RunningSidecar;
let client: RawClient;

beforeEach(async () => {
	origin = await RecordingOrigin.start();
	sidecar = await RunningSidecar.start(routeFile(origin.port));
	// The readiness check has connected too.
	origin.forget();
	client = await RawClient.connect(sidecar.port);
});

afterEach(async () => {
	client.close();
	await sidecar.stop();
	await origin.stop();
	expect(origin.failures).toEqual([]);
});

function text(body: Buffer): string {
	return body.toString('latin1');
}

describe('a request through the sidecar', () => {
	it('reaches the app and brings its answer back', async () => {
		await client.send('GET /a?b=c HTTP/1.1\r\nHost: shop\r\nX-Mixed-Case: 1\r\nx-mixed-case: 2\r\n\r\n');
		const response = await client.readResponse();
		expect(response.status).toBe(200);
		expect(text(response.body)).toBe('GET /a?b=c');
		const [request] = await origin.waitForRequests(1);
		expect(headOf(request)).toContain('X-Mixed-Case: 1\r\nx-mixed-case: 2\r\n');
		expect(headOf(request)).toContain('Host: shop\r\n');
	});

	it('serves many requests on one connection each way', async () => {
		for (let i = 0; i < 5; i++) {
			await client.send(`GET /${i} HTTP/1.1\r\nHost: shop\r\n\r\n`);
			expect(text((await client.readResponse()).body)).toBe(`GET /${i}`);
		}
		expect(origin.connections.length).toBe(1);
	});

	it('keeps answers apart that come at once, byte by byte', async () => {
		const others = await Promise.all([0, 1, 2].map(() => RawClient.connect(sidecar.port)));
		let asked = 0;
		origin.follow({
			onRequest: async (request, connection) => {
				asked++;
				await waitFor('all to have asked', () => asked >= 4);
				await connection.sendByteByByte(echo(request));
			},
		});
		const clients = [client, ...others];
		for (const [i, each] of clients.entries()) await each.send(`GET /${i} HTTP/1.1\r\nHost: shop\r\n\r\n`);
		const answers = await Promise.all(clients.map((each) => each.readResponse()));
		expect(answers.map(({ body }) => text(body))).toEqual(['GET /0', 'GET /1', 'GET /2', 'GET /3']);
		for (const each of others) each.close();
	});

	it('answers pipelined requests in order', async () => {
		const all = [0, 1, 2, 3].map((i) => `GET /${i} HTTP/1.1\r\nHost: shop\r\n\r\n`).join('');
		await client.send(all);
		for (let i = 0; i < 4; i++) expect(text((await client.readResponse()).body)).toBe(`GET /${i}`);
	});

	it('carries bodies with a length and chunked ones, trailers included', async () => {
		await client.send('POST /l HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello');
		await client.readResponse('POST');
		await client.send(
			'POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: x-sum\r\n\r\n5\r\nhello\r\n1\r\n!\r\n0\r\nx-sum: 9\r\n\r\n',
		);
		await client.readResponse('POST');
		const [first, second] = await origin.waitForRequests(2);
		expect(text(first?.body as Buffer)).toBe('hello');
		expect(text(second?.body as Buffer)).toBe('hello!');
		expect(origin.connections[0]?.bytes.toString('latin1')).toContain('x-sum: 9');
	});

	it('lets a response begin before its request has ended', async () => {
		origin.follow({
			onHead: (connection) => connection.send('HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\nno'),
			onRequest: () => undefined,
		});
		await client.send('POST /c HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nabc');
		const response = await client.readResponse('POST');
		expect(response.status).toBe(413);
		// The rest of the body has nowhere to go, so neither connection is used again.
		await waitFor('the connection to end', () => client.isEnded);
		await waitFor('the upstream connection to end', () => origin.connections[0]?.ended !== '');
	});

	it('serves a client that has closed its sending side', async () => {
		await client.send('GET /half HTTP/1.1\r\nHost: shop\r\n\r\n');
		client.end();
		expect(text((await client.readResponse()).body)).toBe('GET /half');
		await waitFor('the end', () => client.isEnded);
	});

	it('turns a body that ends with the connection into chunks', async () => {
		origin.follow({
			onRequest: (_request, connection) => {
				connection.send('HTTP/1.1 200 OK\r\n\r\nuntil the end');
				connection.end();
			},
		});
		await client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n');
		const response = await client.readResponse();
		expect(headOf(response).toLowerCase()).toContain('transfer-encoding: chunked');
		expect(text(response.body)).toBe('until the end');
		expect((await client.readResponse()).status).toBe(200);
	});

	it('ends a close-delimited body towards HTTP/1.0 by closing', async () => {
		origin.follow({
			onRequest: (_request, connection) => {
				connection.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n');
			},
		});
		await client.send('GET / HTTP/1.0\r\n\r\n');
		const all = (await client.readToEnd()).toString('latin1');
		expect(all.toLowerCase()).not.toContain('transfer-encoding');
		expect(all.endsWith('\r\n\r\nabc')).toBe(true);
	});

	it('keeps an HTTP/1.0 connection that asks for it', async () => {
		for (let i = 0; i < 2; i++) {
			await client.send('GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n');
			const response = await client.readResponse();
			expect(headOf(response).toLowerCase()).toContain('connection: keep-alive');
		}
	});

	it('passes 100 and 103 on', async () => {
		origin.follow({
			onHead: (connection) =>
				connection.send('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n'),
			onRequest: (request, connection) => connection.send(echo(request)),
		});
		await client.send('POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n');
		await waitFor('100', () => client.received.includes('100 Continue'));
		await client.send('ok');
		expect((await client.readResponse('POST')).status).toBe(200);
		expect(client.readAll(['POST']).map(({ status }) => status)).toEqual([103, 100, 200]);
	});

	it('answers HEAD, 204 and 304 without a body and keeps the connection', async () => {
		origin.follow({
			onRequest: (request, connection) => {
				if (request.target === '/204') connection.send('HTTP/1.1 204 No Content\r\n\r\n');
				else if (request.target === '/304') connection.send('HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n');
				else connection.send('HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n');
			},
		});
		for (const [method, target] of [
			['HEAD', '/'],
			['GET', '/204'],
			['GET', '/304'],
			['HEAD', '/'],
		] as const) {
			await client.send(`${method} ${target} HTTP/1.1\r\nHost: a\r\n\r\n`);
			const response = await client.readResponse(method);
			expect(response.body.length).toBe(0);
		}
		expect(origin.connections.length).toBe(1);
	});

	it('sends an absolute target on in origin form, its authority as Host', async () => {
		await client.send('GET http://real.example/p?q HTTP/1.1\r\nHost: lie.example\r\n\r\n');
		await client.readResponse();
		const [request] = await origin.waitForRequests(1);
		expect(request?.target).toBe('/p?q');
		expect(headOf(request).toLowerCase()).toContain('host: real.example\r\n');
		expect(headOf(request)).not.toContain('lie.example');
	});

	it('passes OPTIONS * on', async () => {
		await client.send('OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n');
		await client.readResponse('OPTIONS');
		expect((await origin.waitForRequests(1))[0]?.target).toBe('*');
	});

	it('forwards the normalised path, once', async () => {
		await client.send('GET /a/../b/%7euser/./c%2Fd//e?x=../y HTTP/1.1\r\nHost: a\r\n\r\n');
		await client.readResponse();
		expect((await origin.waitForRequests(1))[0]?.target).toBe('/b/~user/c%2Fd//e?x=../y');
	});

	it('adds its headers and keeps hop-by-hop ones to itself', async () => {
		await client.send(
			'GET / HTTP/1.1\r\nHost: a\r\nConnection: x-hop, keep-alive\r\nx-hop: 1\r\nKeep-Alive: 5\r\nTE: gzip\r\nProxy-Connection: a\r\n\r\n',
		);
		const response = await client.readResponse();
		const head = headOf((await origin.waitForRequests(1))[0]).toLowerCase();
		for (const gone of ['x-hop', 'keep-alive', 'te:', 'proxy-connection', 'connection:'])
			expect(head).not.toContain(gone);
		expect(head).toMatch(/x-request-id: [0-9a-f-]{36}\r\n/);
		expect(head).toMatch(/traceparent: 00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]\r\n/);
		expect(head).toContain('x-forwarded-for: 127.0.0.1\r\n');
		expect(head).toContain('x-forwarded-proto: http\r\n');
		expect(head).toContain('x-forwarded-host: a\r\n');
		expect(headOf(response).toLowerCase()).toMatch(/x-request-id: [0-9a-f-]{36}/);
		expect(headOf(response).toLowerCase()).toContain('keep-alive: timeout=620');
		expect(headOf(response).toLowerCase()).not.toContain('proxy-status');
	});

	it('keeps the response byte for byte but for connection fields', async () => {
		const body = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
		origin.follow({
			onRequest: (_request, connection) => {
				connection.send(
					'HTTP/1.1 299 Odd  Reason\r\nSet-Cookie: a\r\nServer: app\r\nset-cookie: b\r\nContent-Length: 256\r\n\r\n',
				);
				connection.send(body);
			},
		});
		await client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
		const response = await client.readResponse();
		expect(
			headOf(response).startsWith(
				'HTTP/1.1 299 Odd  Reason\r\nSet-Cookie: a\r\nServer: app\r\nset-cookie: b\r\nContent-Length: 256\r\n',
			),
		).toBe(true);
		expect(response.body.equals(body)).toBe(true);
	});

	it('announces a slow answer to a client that has closed its sending side, and goes on', async () => {
		origin.follow({ onRequest: () => undefined });
		await client.send('GET / HTTP/1.1\r\nHost: shop\r\n\r\n');
		client.end();
		await waitFor(
			'two announcements',
			() => client.received.toString().split('HTTP/1.1 102 Processing\r\n').length > 2,
		);
		origin.connections[0]?.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
		expect(text((await client.readResponse()).body)).toBe('ok');
		await waitFor('the end', () => client.isEnded);
	});

	it('announces nothing to a client of HTTP/1.0', async () => {
		origin.follow({ onRequest: () => undefined });
		await client.send('GET / HTTP/1.0\r\nHost: shop\r\n\r\n');
		client.end();
		await origin.waitForRequests(1);
		// Longer than it takes to announce it to anybody else.
		const other = await RawClient.connect(sidecar.port);
		await other.send('GET / HTTP/1.1\r\nHost: shop\r\n\r\n');
		other.end();
		await waitFor('an announcement', () => other.received.length > 0);
		other.close();
		origin.connections[0]?.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
		expect(text((await client.readResponse()).body)).toBe('ok');
		expect(client.received.toString().startsWith('HTTP/1.1 200 OK')).toBe(true);
	});

	it.each([
		['is reset', (gone: RawClient) => gone.reset()],
		['is closed', (gone: RawClient) => gone.close()],
	])('aborts the upstream attempt when the connection of the client %s', async (_what, leave) => {
		origin.follow({ onRequest: () => undefined });
		await client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
		await origin.waitForRequests(1);
		leave(client);
		await waitFor('the upstream connection to end', () => origin.connections[0]?.ended !== '');
		const [record] = await sidecar.waitForRecords(1);
		expect(record).toMatchObject({ status: 499, errorCode: 'client_closed', flags: 'DC' });
	});
});
