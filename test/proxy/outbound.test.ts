/** What the app calls through the outbound listener. */
import net from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { RawClient } from '../support/raw-client.ts';
import { RecordingOrigin } from '../support/recording-origin.ts';
import { waitFor } from '../support/wait-for.ts';
import { headOf, RunningSidecar, routeFile } from './running.ts';

let app: RecordingOrigin;
let payments: RecordingOrigin;
let running: RunningSidecar | null = null;
const clients: RawClient[] = [];

beforeEach(async () => {
	[app, payments] = await Promise.all([RecordingOrigin.start(), RecordingOrigin.start()]);
});

afterEach(async () => {
	for (const client of clients.splice(0)) client.close();
	await running?.stop();
	running = null;
	await Promise.all([app.stop(), payments.stop()]);
});

interface File {
	readonly services?: object;
	readonly outbound?: object;
	readonly [key: string]: unknown;
}

function at(port: number): object {
	return { address: `127.0.0.1:${port}` };
}

function file({ services, outbound, ...more }: File = {}): string {
	return routeFile(app.port, {
		services: services ?? {
			payments: { hostnames: ['payments', 'payments.shop.svc'], endpoints: [at(payments.port)] },
		},
		outbound: { listen: '127.0.0.1:0', unknownHosts: 'reject', ...outbound },
		...more,
	});
}

async function start(more?: File, options?: { waitForReady?: boolean }): Promise<RunningSidecar> {
	running = await RunningSidecar.start(file(more), options);
	app.forget();
	return running;
}

async function connect(): Promise<RawClient> {
	const client = await RawClient.connect(running?.outboundPort ?? 0);
	clients.push(client);
	return client;
}

async function ask(request: string, method = 'GET') {
	const client = await connect();
	await client.send(request);
	return client.readResponse(method);
}

function get(host: string, path = '/') {
	return ask(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
}

/** Requests are recorded when they are over; none must be left. */
async function records() {
	return (await running?.waitForRecords(1)) ?? [];
}

describe('a request on the outbound port', () => {
	it('goes to the service that lists its host, and stays what it was', async () => {
		await start();
		const answer = await ask(
			'POST /pay?id=7 HTTP/1.1\r\nHost: payments.shop.svc:80\r\nX-Custom: Yes\r\nX-Forwarded-For: 10.9.8.7\r\n' +
				'Connection: x-hop\r\nX-Hop: 1\r\nContent-Length: 5\r\n\r\nhello',
			'POST',
		);
		expect(answer.status).toBe(200);
		const [request] = payments.requests;
		const head = headOf(request);
		expect(head).toContain('POST /pay?id=7 HTTP/1.1\r\n');
		expect(head).toContain('\r\nHost: payments.shop.svc:80\r\n');
		expect(head).toContain('\r\nX-Custom: Yes\r\n');
		// The caller is the app itself: nothing is said about it.
		expect(head).toContain('\r\nX-Forwarded-For: 10.9.8.7\r\n');
		expect(head).not.toMatch(/x-hop|x-forwarded-(proto|host)/i);
		expect(head).toMatch(/\r\nx-request-id: \S+\r\n/);
		expect(head).toMatch(/\r\ntraceparent: 00-\S+\r\n/);
		expect(request?.body.toString()).toBe('hello');
		expect(app.requests).toEqual([]);
		expect(await records()).toMatchObject([{ side: 'outbound', service: 'payments', route: '/', status: 200 }]);
	});

	it('may name its host as proxies are asked: in the target', async () => {
		await start();
		const answer = await ask('GET http://payments/a?b HTTP/1.1\r\nHost: other\r\n\r\n');
		expect(answer.status).toBe(200);
		expect(headOf(payments.requests[0])).toMatch(/^GET \/a\?b HTTP\/1\.1\r\nhost: payments\r\n/i);
	});

	it('keeps its connection to the service for the next', async () => {
		await start();
		const client = await connect();
		for (const path of ['/1', '/2']) {
			await client.send(`GET ${path} HTTP/1.1\r\nHost: payments\r\n\r\n`);
			await client.readResponse();
		}
		expect(payments.connections).toHaveLength(1);
	});

	it('is served before the app itself listens', async () => {
		const appPort = await freePort();
		running = await RunningSidecar.start(file({ app: { port: appPort } }), { waitForReady: false });
		expect((await get('payments')).status).toBe(200);
		expect(running.app.ready().ok).toBe(false);
	});

	it('follows the rules of the outbound side', async () => {
		await start({
			outbound: {
				unknownHosts: 'reject',
				routes: [
					{ name: 'to-app', hostnames: ['self.example'], backendRefs: [{ name: 'app' }] },
					{ name: 'renamed', matches: [{ path: '/pay' }], backendRefs: [{ name: 'payments' }] },
				],
			},
		});
		expect((await get('self.example')).body.toString()).toBe('GET /');
		expect(app.requests).toHaveLength(1);
		expect((await get('anywhere.example', '/pay')).status).toBe(200);
		expect(payments.requests).toHaveLength(1);
		expect(await running?.waitForRecords(2)).toMatchObject([
			{ route: 'to-app', service: 'app' },
			{ route: 'renamed', service: 'payments' },
		]);
	});

	it('is counted apart from what the app serves', async () => {
		const { metric } = await start();
		await get('payments');
		await records();
		const calls = 'http_client_request_duration_seconds_count';
		const read = metric.bind(running);
		expect(await read(calls, { service: 'payments', http_response_status_code: '200' })).toBe(1);
		expect(await read('http_server_request_duration_seconds_count')).toBe(0);
		expect(await read('http_server_active_requests')).toBe(0);
		expect(await read('outrigger_pool_connections', { service: 'payments', state: 'idle' })).toBe(1);
		expect(await read('outrigger_connect_duration_seconds_count', { service: 'payments' })).toBe(1);
	});
});

describe('a host that no service lists', () => {
	it('is refused where the file says so', async () => {
		await start();
		const answer = await get('elsewhere.example');
		expect(answer.status).toBe(502);
		expect(JSON.parse(answer.body.toString())).toMatchObject({ error: 'unknown_host' });
		expect(await records()).toMatchObject([{ service: '', errorCode: 'unknown_host', flags: 'NR' }]);
	});

	it('is called by its name otherwise', async () => {
		await start({ outbound: { unknownHosts: 'passthrough' } });
		const answer = await get(`localhost:${payments.port}`, '/x');
		expect(answer.body.toString()).toBe('GET /x');
		expect(await records()).toMatchObject([{ service: 'passthrough', status: 200 }]);
	});

	it('may not resolve', async () => {
		await start({ outbound: { unknownHosts: 'passthrough' } });
		const answer = await get('nowhere.invalid');
		expect(answer.status).toBe(503);
		expect(JSON.parse(answer.body.toString())).toMatchObject({ error: 'dns_failed' });
		const [record] = await records();
		expect(record).toMatchObject({ service: 'passthrough', flags: expect.stringMatching(/^DF/) });
	});
});

describe('a loop', () => {
	it.each(['inbound', 'outbound', 'admin'] as const)('by way of our own %s port is refused', async (which) => {
		const { app: sidecar } = await start({ outbound: { unknownHosts: 'passthrough' } });
		const { inbound, outbound, admin } = sidecar.bound;
		const port = { inbound, outbound: outbound?.port, admin: admin?.port }[which];
		for (const host of ['127.0.0.1', 'localhost']) {
			const answer = await get(`${host}:${port}`);
			expect(answer.status).toBe(508);
			expect(JSON.parse(answer.body.toString())).toMatchObject({ error: 'loop_detected' });
		}
		expect(await running?.waitForRecords(2)).toHaveLength(2);
		expect(app.requests).toEqual([]);
	});

	it('by way of a service that is ourselves is refused', async () => {
		const { outboundPort } = await start();
		const services = { payments: { hostnames: ['payments'], endpoints: [at(outboundPort)] } };
		expect(await running?.reload(file({ services }))).toEqual([]);
		expect((await get('payments')).status).toBe(508);
		expect(await records()).toMatchObject([{ service: 'payments', errorCode: 'loop_detected' }]);
	});
});

describe('CONNECT', () => {
	async function tunnel(authority: string): Promise<RawClient> {
		const client = await connect();
		await client.send(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`);
		return client;
	}

	it('opens a tunnel to a service, and is not passed on', async () => {
		payments.follow({ onConnection: ({ socket }) => void socket.on('data', (bytes) => socket.write(bytes)) });
		await start();
		const client = await tunnel('payments:443');
		await waitFor('an answer', () => client.received.includes('\r\n\r\n'));
		expect(client.received.toString()).toMatch(/^HTTP\/1\.1 200 Connection Established\r\n/);
		expect(client.received.toString()).not.toMatch(/content-length|transfer-encoding/i);
		await client.send('\x16\x03\x01 not HTTP');
		await waitFor('the echo', () => client.received.toString('latin1').endsWith('\x16\x03\x01 not HTTP'));
		expect(payments.connections.map(({ bytes }) => bytes.toString('latin1'))).toEqual(['\x16\x03\x01 not HTTP']);
		client.end();
		await client.readToEnd();
		expect(await records()).toMatchObject([{ method: 'CONNECT', service: 'payments', status: 200, errorCode: '' }]);
		const [record] = await records();
		expect([record?.requestBytes, record?.responseBytes]).toEqual([12, 12]);
	});

	it('takes bytes that came with it along', async () => {
		payments.follow({ onConnection: ({ socket }) => void socket.on('data', (bytes) => socket.write(bytes)) });
		await start();
		const client = await connect();
		await client.send('CONNECT payments:80 HTTP/1.1\r\nHost: payments:80\r\n\r\nearly');
		await waitFor('the echo', () => client.received.toString().endsWith('early'));
	});

	it('never takes a connection that has carried a request', async () => {
		await start();
		await get('payments');
		const client = await tunnel('payments:80');
		await waitFor('an answer', () => client.received.includes('\r\n\r\n'));
		expect(payments.connections).toHaveLength(2);
	});

	it('opens a tunnel to a host that no service lists', async () => {
		await start({ outbound: { unknownHosts: 'passthrough' } });
		const client = await tunnel(`localhost:${payments.port}`);
		await client.send('GET /t HTTP/1.1\r\nHost: x\r\n\r\n');
		await waitFor('the answer of the other end', () => client.received.toString().endsWith('GET /t'));
	});

	it.each([
		['elsewhere.example:443', 502, 'unknown_host'],
		['payments:80', 503, 'connect_failed'],
	])('to %s may be refused: %i', async (authority, status, code) => {
		await start({ services: { payments: { hostnames: ['payments'], endpoints: [at(await freePort())] } } });
		const client = await tunnel(authority);
		const answer = await client.readResponse();
		expect(answer.status).toBe(status);
		expect(JSON.parse(answer.body.toString())).toMatchObject({ error: code });
		await client.readToEnd();
	});

	it('is no way to our own ports', async () => {
		const { outboundPort } = await start({ outbound: { unknownHosts: 'passthrough' } });
		expect((await (await tunnel(`127.0.0.1:${outboundPort}`)).readResponse()).status).toBe(508);
	});
});

describe('a reload', () => {
	it('keeps the connections of a service that is unchanged, and closes those of one that is gone', async () => {
		const stock = await RecordingOrigin.start();
		const services = (names: object) => ({ services: names });
		const pay = { hostnames: ['payments'], endpoints: [at(payments.port)] };
		await start(services({ payments: pay, stock: { hostnames: ['stock'], endpoints: [at(stock.port)] } }));
		await get('payments');
		await get('stock');
		expect(await running?.reload(file(services({ payments: pay, other: pay_as('other') })))).toEqual([]);
		await waitFor('the idle connection to close', () => stock.connections[0]?.ended !== '');
		await get('payments');
		expect(payments.connections).toHaveLength(1);
		expect((await get('stock')).status).toBe(502);
		await stock.stop();

		function pay_as(name: string): object {
			return { ...pay, hostnames: [name] };
		}
	});

	it('lets a request end at the endpoint that it is with, and sends the next to the new one', async () => {
		const next = await RecordingOrigin.start();
		let answer = () => {};
		payments.follow({
			onRequest: async (_, connection) => {
				await new Promise<void>((resolve) => {
					answer = resolve;
				});
				connection.send('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nold');
			},
		});
		await start();
		const under_way = get('payments');
		await payments.waitForRequests(1);
		const moved = { payments: { hostnames: ['payments'], endpoints: [at(next.port)] } };
		expect(await running?.reload(file({ services: moved }))).toEqual([]);
		expect((await get('payments', '/new')).body.toString()).toBe('GET /new');
		expect(next.requests).toHaveLength(1);
		answer();
		expect((await under_way).body.toString()).toBe('old');
		await waitFor('its connection to close', () => payments.connections[0]?.ended !== '');
		await next.stop();
	});

	it('keeps an open circuit open, though the endpoints change', async () => {
		const circuitBreaker = { volumeThreshold: 1, resetTimeout: '1h' };
		const named = (port: number) => ({
			services: { payments: { hostnames: ['payments'], endpoints: [at(port)], circuitBreaker } },
		});
		await start({ ...named(await freePort()), outbound: { routes: [{ retry: 'off' }] } });
		expect((await get('payments')).status).toBe(503);
		const reloaded = file({ ...named(payments.port), outbound: { routes: [{ retry: 'off' }] } });
		expect(await running?.reload(reloaded)).toEqual([]);
		const answer = await get('payments');
		expect(JSON.parse(answer.body.toString())).toMatchObject({ error: 'circuit_open' });
		expect(payments.requests).toEqual([]);
	});

	it('changes nothing when it is refused', async () => {
		await start();
		await get('payments');
		const issues = await running?.reload(file({ services: {}, outbound: { listen: '127.0.0.1:1' } }));
		expect(issues?.map(({ path }) => path)).toEqual(['outbound.listen']);
		expect((await get('payments')).status).toBe(200);
		expect(payments.connections).toHaveLength(1);
	});

	it('cannot take the outbound port away, or bring one', async () => {
		await start();
		const without = await running?.reload(routeFile(app.port));
		expect(without?.map(({ path }) => path)).toEqual(['outbound.listen']);
		await running?.stop();
		running = await RunningSidecar.start(routeFile(app.port));
		expect((await running.reload(file())).map(({ path }) => path)).toEqual(['outbound.listen']);
	});
});

describe('what the admin port shows', () => {
	it('is both sides of the routes, and every service', async () => {
		const { admin } = await start({ outbound: { routes: [{ name: 'pay', backendRefs: [{ name: 'payments' }] }] } });
		const routes = (await (await fetch(`${admin}/routes`)).json()) as { name: string; side: string; at: string }[];
		expect(routes.map(({ name, side, at }) => [name, side, at === 'default'])).toEqual([
			['/', 'inbound', true],
			['pay', 'outbound', false],
			['/', 'outbound', true],
		]);
		const services = (await (await fetch(`${admin}/services`)).json()) as Record<string, unknown>;
		expect(Object.keys(services)).toEqual(['app', 'payments']);
	});
});

describe('the end', () => {
	it('leaves the app its calls until its port has closed', async () => {
		const listening = net.createServer();
		await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
		const { port } = listening.address() as net.AddressInfo;
		await start({ app: { port } });
		const sidecar = running as RunningSidecar;
		await sidecar.app.drain(0);
		await expect(RawClient.connect(sidecar.port)).rejects.toThrow();
		expect((await get('payments')).status).toBe(200);
		let isOver = false;
		const over = sidecar.app.drainOutbound().then(() => {
			isOver = true;
		});
		expect((await get('payments')).status).toBe(200);
		expect(isOver).toBe(false);
		for (const client of clients.splice(0)) client.close();
		await new Promise((resolve) => listening.close(resolve));
		await over;
		await expect(connect()).rejects.toThrow();
	});

	it('does not wait for an app that never ends longer than a drain may take', async () => {
		await start({ shutdown: { drain: '200ms', propagation: '0s' } });
		const sidecar = running as RunningSidecar;
		await sidecar.app.drain(0);
		await sidecar.app.drainOutbound();
		await expect(connect()).rejects.toThrow();
	});
});
