import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { RecordingOrigin } from '../support/recording-origin.ts';
import { waitFor } from '../support/wait-for.ts';
import { ask, askAndGiveUp, HTTP, Probing } from './probe-fixture.ts';

const stops: (() => unknown)[] = [];
let probing = new Probing();

afterEach(async () => {
	probing.stop();
	probing = new Probing();
	for (const stop of stops.splice(0)) await stop();
});

async function serve(
	listener: RequestListener,
	keepAliveTimeout = 5000,
): Promise<{ port: number; connections: number }> {
	const server: Server = createServer({ keepAliveTimeout }, listener);
	const served = { port: 0, connections: 0 };
	server.on('connection', () => served.connections++);
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	served.port = (server.address() as AddressInfo).port;
	stops.push(() => {
		server.closeAllConnections();
		return new Promise((resolve) => server.close(resolve));
	});
	return served;
}

async function script(parts: Parameters<typeof RecordingOrigin.start>[0]): Promise<RecordingOrigin> {
	const origin = await RecordingOrigin.start(parts);
	stops.push(() => origin.stop());
	return origin;
}

describe('a check over HTTP', () => {
	it('asks for the path, by the first name of the service that is no pattern', async () => {
		const origin = await script({});
		const hostnames = ['*.shop.svc', 'payments.shop.svc', 'payments'];
		expect(await ask(probing.probe({ ...HTTP, path: '/healthz?full=1' }, origin.port, hostnames))).toBeNull();
		expect(origin.connections[0]?.bytes.toString('latin1')).toBe(
			'GET /healthz?full=1 HTTP/1.1\r\nhost: payments.shop.svc\r\nuser-agent: outrigger-health\r\n\r\n',
		);
		expect(await ask(probing.probe(HTTP, origin.port))).toBeNull();
		expect(origin.connections[1]?.bytes.toString('latin1')).toContain(`host: 127.0.0.1:${origin.port}\r\n`);
	});

	it.each([
		[200, 200, 299, null],
		[204, 200, 299, null],
		[299, 200, 299, null],
		[300, 200, 299, '/healthz answered 300'],
		[503, 200, 299, '/healthz answered 503'],
		[404, 200, 404, null],
		[200, 204, 204, '/healthz answered 200'],
	])('of an endpoint that answers %i, where %i to %i is well', async (status, from, to, seen) => {
		const { port } = await serve((_, response) => response.writeHead(status).end());
		expect(await ask(probing.probe({ ...HTTP, from, to }, port))).toBe(seen);
	});

	it('is as good as the final answer, whatever came before it', async () => {
		const origin = await script({
			onRequest: (_, connection) =>
				connection.send('HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n'),
		});
		expect(await ask(probing.probe(HTTP, origin.port))).toBe('/healthz answered 503');
	});

	it('uses one connection again and again', async () => {
		const served = await serve((_, response) => response.end('fine'));
		const probe = probing.probe(HTTP, served.port);
		for (let i = 0; i < 5; i++) expect(await ask(probe)).toBeNull();
		expect(served.connections).toBe(1);
	});

	it('dials anew where the endpoint says that it closes', async () => {
		const served = await serve((_, response) => response.writeHead(200, { connection: 'close' }).end('fine'));
		const probe = probing.probe(HTTP, served.port);
		for (let i = 0; i < 3; i++) expect(await ask(probe)).toBeNull();
		expect(served.connections).toBe(3);
	});

	it.each(['end', 'reset'] as const)(
		'finds nothing wrong with an endpoint that closes (%s) what is idle',
		async (how) => {
			const origin = await script({});
			const probe = probing.probe(HTTP, origin.port);
			expect(await ask(probe)).toBeNull();
			origin.connections[0]?.[how]();
			// Not waited for: the question may go out before the end has been noticed.
			expect(await ask(probe)).toBeNull();
			expect(origin.connections.length).toBe(2);
		},
	);

	it('asks once more on a fresh connection when the used one closes instead of answering', async () => {
		const origin = await script({
			onRequest: (_, connection, index) => {
				if (index === 0) connection.send('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
				else connection.end();
			},
		});
		const probe = probing.probe(HTTP, origin.port);
		for (let i = 0; i < 3; i++) expect(await ask(probe)).toBeNull();
		expect(origin.connections.length).toBe(3);
	});

	it('does not ask a fresh connection twice', async () => {
		const origin = await script({ onRequest: (_, connection) => connection.end() });
		const { port } = origin;
		expect(await ask(probing.probe(HTTP, port))).toBe(`127.0.0.1:${port} closed the connection before an answer`);
		expect(origin.connections.length).toBe(1);
	});

	it('takes an answer that breaks off for none', async () => {
		const origin = await script({
			onRequest: (_, connection) => {
				connection.send('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf');
				connection.end();
			},
		});
		expect(await ask(probing.probe(HTTP, origin.port))).toMatch(/closed the connection before the end of its answer/);
	});

	it.each([
		'SSH-2.0-OpenSSH_9.6\r\n',
		'HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n',
		'\0\0\x06\x04\0\0\0\0\0\0\x05\0\0\x40\0',
	])('takes bytes that are no HTTP for a failure: %j', async (bytes) => {
		const origin = await script({ onConnection: (connection) => connection.send(bytes) });
		expect(await ask(probing.probe(HTTP, origin.port))).toEqual(expect.any(String));
	});

	it('reads an answer up to 64 KiB, and goes by the status of a longer one', async () => {
		let pieces = 0;
		const origin = await serve((_, response) => {
			response.on('error', ignore);
			const write = (): void => {
				if (response.destroyed) return;
				pieces++;
				response.write('x'.repeat(64 * 1024), () => setImmediate(write));
			};
			write();
		});
		const probe = probing.probe(HTTP, origin.port);
		expect(await ask(probe)).toBeNull();
		const then = pieces;
		expect(await ask(probe)).toBeNull();
		expect(origin.connections).toBe(2);
		expect(then).toBeLessThan(1000);
	});

	it('names a dead port, and a name that does not resolve', async () => {
		const port = await freePort();
		expect(await ask(probing.probe(HTTP, port))).toBe(`connect to 127.0.0.1:${port}: ECONNREFUSED`);
	});

	it('never asks ourselves', async () => {
		const origin = await script({});
		probing.own.add({ address: '127.0.0.1', port: origin.port });
		expect(await ask(probing.probe(HTTP, origin.port))).toMatch(/where this sidecar listens itself/);
		expect(origin.requests).toEqual([]);
	});

	it('that is given up says how far it came, and leaves no connection behind', async () => {
		const origin = await script({ onRequest: ignore });
		const probe = probing.probe(HTTP, origin.port);
		expect(await askAndGiveUp(probe, 'the request', () => origin.requests.length > 0)).toBe('/healthz did not answer');
		await waitFor('the end of the connection', () => origin.connections[0]?.ended !== '');
		origin.follow({
			onRequest: (_, connection) => connection.send('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf'),
		});
		let seen = '';
		await waitFor('half an answer', async () => {
			probe.ask({ onProbed: () => expect.unreachable() });
			await new Promise((resolve) => setTimeout(resolve, 20));
			seen = probe.cancel();
			return seen === 'the answer of /healthz did not end';
		});
	});

	it('that was given up while it dialed closes what comes of it', async () => {
		const origin = await script({});
		const probe = probing.probe(HTTP, origin.port);
		probe.ask({ onProbed: () => expect.unreachable() });
		expect(probe.cancel()).toBe('no connection');
		expect(await ask(probe)).toBeNull();
		await waitFor('one connection', () => origin.connections.filter(({ ended }) => ended === '').length === 1);
		probe.close();
		await waitFor('no connection', () => origin.connections.every(({ ended }) => ended !== ''));
		expect(origin.requests.length).toBe(1);
	});
});

describe('a check over TCP', () => {
	it('is well when the port accepts, and sends nothing', async () => {
		const origin = await script({});
		expect(await ask(probing.probe({ is: 'tcp' }, origin.port))).toBeNull();
		await waitFor(
			'the end of the connection',
			() => origin.connections[0]?.ended !== '' && origin.connections.length === 1,
		);
		expect(origin.connections[0]?.bytes.length).toBe(0);
	});

	it('is not when it refuses, or when it is ours', async () => {
		const port = await freePort();
		expect(await ask(probing.probe({ is: 'tcp' }, port))).toMatch(/ECONNREFUSED/);
		const origin = await script({});
		probing.own.add({ address: '127.0.0.1', port: origin.port });
		expect(await ask(probing.probe({ is: 'tcp' }, origin.port))).toMatch(/where this sidecar listens itself/);
	});
});

function ignore(): void {
	// not answered
}
