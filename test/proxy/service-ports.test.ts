/** Ports that lead to one service each: `services.<name>.listen`. */
import net from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BindError } from '../../src/app/bind.ts';
import { freePort } from '../support/free-port.ts';
import { RawClient } from '../support/raw-client.ts';
import { RecordingOrigin } from '../support/recording-origin.ts';
import { waitFor } from '../support/wait-for.ts';
import type { WireMessage } from '../support/wire-message.ts';
import { at, jsonOf, OutboundFixture } from './outbound-fixture.ts';
import { headOf, RunningSidecar, routeFile } from './running.ts';

const OWN = { listen: '127.0.0.1:0' };
/** What clients write that were given an address. */
const BY_ADDRESS = 'GET / HTTP/1.1\r\nHost: 127.0.0.1:7001\r\n\r\n';

let fixture: OutboundFixture;
/** Of the test; stopped after it. */
let sidecar: RunningSidecar | null = null;
const clients: RawClient[] = [];

beforeEach(async () => {
	fixture = await OutboundFixture.make();
});

afterEach(async () => {
	for (const client of clients.splice(0)) client.close();
	await sidecar?.stop();
	sidecar = null;
	await fixture.stop();
});

/** Without `outbound`. `more`: top-level blocks, or another entry of the service. */
function file({ payments, ...more }: { payments?: object; [key: string]: unknown } = {}): string {
	const entry = { ...OWN, endpoints: [at(fixture.payments.port)], ...payments };
	return routeFile(fixture.app.port, { services: { payments: entry }, ...more });
}

async function start(...args: Parameters<typeof RunningSidecar.start>): Promise<RunningSidecar> {
	sidecar = await RunningSidecar.start(...args);
	fixture.app.forget();
	return sidecar;
}

function portOf(service = 'payments'): number {
	return sidecar?.app.bound.services.get(service)?.port ?? 0;
}

async function connect(port = portOf()): Promise<RawClient> {
	const client = await RawClient.connect(port);
	clients.push(client);
	return client;
}

async function ask(request = BY_ADDRESS, port = portOf()): Promise<WireMessage> {
	const client = await connect(port);
	await client.send(request);
	return client.readResponse('GET');
}

async function seen(admin: string): Promise<unknown> {
	return (await fetch(`${admin}/recent`)).json();
}

async function explain(admin: string, body: object): Promise<unknown> {
	return (await fetch(`${admin}/explain`, { method: 'POST', body: JSON.stringify(body) })).json();
}

describe('the port of a service', () => {
	it.each([
		['by address', BY_ADDRESS, '127.0.0.1:7001'],
		['to a host that nobody knows', 'GET / HTTP/1.1\r\nHost: elsewhere.example\r\n\r\n', 'elsewhere.example'],
		['with a whole URL', 'GET http://elsewhere.example/ HTTP/1.1\r\nHost: x\r\n\r\n', 'elsewhere.example'],
	])('takes a request %s to it, and leaves the host as it is', async (_, request, host) => {
		const { records } = await start(file());
		expect((await ask(request)).status).toBe(200);
		expect(headOf(fixture.payments.requests[0])).toMatch(new RegExp(`\r\nhost: ${host}\r\n`, 'i'));
		await waitFor('the record', () => records.length > 0);
		expect(records).toMatchObject([{ side: 'outbound', service: 'payments', route: '/', status: 200 }]);
		expect(fixture.app.requests).toEqual([]);
	});

	it('is known at the admin port of what came by it', async () => {
		const { admin } = await start(file());
		expect((await ask()).status).toBe(200);
		const head = { side: 'outbound', service: 'payments', host: '127.0.0.1:7001' };
		await waitFor('the head', async () => JSON.stringify(await seen(admin)) !== '[]');
		expect(await seen(admin)).toMatchObject([{ ...head, status: 200 }]);
		const toIt = { kind: 'backends', backends: [{ service: 'payments' }] };
		expect(await explain(admin, { request: 'GET http://x/', service: 'payments' })).toMatchObject({ outcome: toIt });
		expect(await explain(admin, { recent: true })).toMatchObject({
			requests: [{ request: head, fate: { outcome: toIt } }],
		});
		expect(await explain(admin, { request: 'GET http://x/', side: 'outbound' })).toMatchObject({
			outcome: { kind: 'refused', status: null },
		});
	});

	it('takes one that names no host', async () => {
		await start(file());
		expect((await ask('GET / HTTP/1.0\r\n\r\n')).status).toBe(200);
		expect(fixture.payments.requests).toHaveLength(1);
	});

	it('leads to its own service, though the host is that of another', async () => {
		const services = {
			payments: { ...OWN, hostnames: ['payments'], endpoints: [at(fixture.payments.port)] },
			stock: { ...OWN, hostnames: ['stock'], endpoints: [at(fixture.app.port)] },
		};
		await start(routeFile(fixture.app.port, { services, outbound: { ...OWN, unknownHosts: 'reject' } }));
		await ask('GET /to-stock HTTP/1.1\r\nHost: payments\r\n\r\n', portOf('stock'));
		await ask('GET /to-payments HTTP/1.1\r\nHost: stock\r\n\r\n', portOf('payments'));
		expect(fixture.payments.requests.map(({ startLine }) => startLine)).toEqual(['GET /to-payments HTTP/1.1']);
		await ask('GET /by-host HTTP/1.1\r\nHost: payments\r\n\r\n', sidecar?.outboundPort);
		expect(fixture.payments.requests).toHaveLength(2);
	});

	it('opens tunnels to it', async () => {
		fixture.payments.follow({ onConnection: ({ socket }) => void socket.on('data', (bytes) => socket.write(bytes)) });
		await start(file());
		const client = await connect();
		await client.send('CONNECT elsewhere.example:443 HTTP/1.1\r\nHost: elsewhere.example:443\r\n\r\nearly');
		await waitFor('the echo', () => client.received.toString().endsWith('early'));
	});

	it('is open before the app listens', async () => {
		await start(file({ app: { port: await freePort() } }), { waitForReady: false });
		expect((await ask()).status).toBe(200);
	});

	it('has the metrics of a call', async () => {
		const running = await start(file());
		await ask();
		await running.waitForRecords(1);
		expect(await running.metric('http_client_request_duration_seconds_count', { service: 'payments' })).toBe(1);
	});

	it('is no way back into the sidecar', async () => {
		const running = await start(file());
		// Which port that is the file does not tell.
		expect(await running.reload(file({ payments: { endpoints: [at(portOf())] } }))).toEqual([]);
		const answer = await ask();
		expect(answer.status).toBe(508);
		expect(jsonOf(answer)).toMatchObject({ error: 'loop_detected' });
		await running.waitForRecords(1);
		expect(running.records).toHaveLength(1);
	});

	it('is named when it cannot be bound', async () => {
		const listen = `127.0.0.1:${fixture.app.port}`;
		const other = { app: { port: await freePort() } };
		const starting = start(file({ payments: { listen }, ...other }));
		await expect(starting).rejects.toThrow(BindError);
		await expect(starting).rejects.toThrow(`services.payments.listen: cannot listen on ${listen}`);
	});

	it('is shown with its service', async () => {
		const { admin } = await start(file());
		const shown = (await (await fetch(`${admin}/services`)).json()) as { payments: { listen: string } };
		expect(shown.payments.listen).toBe(`127.0.0.1:${portOf()}`);
		const routes = (await (await fetch(`${admin}/routes`)).json()) as { side: string }[];
		expect(routes.map(({ side }) => side)).toEqual(['inbound', 'outbound']);
	});
});

describe('the rules of outbound', () => {
	const routes = [
		{ name: 'closed', hostnames: ['payments'], matches: [{ path: '/closed' }], directResponse: { status: 403 } },
		{ name: 'to-app', hostnames: ['self.example'], backendRefs: [{ name: 'app' }] },
		{ name: 'timed', matches: [{ path: '/timed' }], timeouts: { request: '30s' } },
	];
	const get = (host: string, path: string) => ask(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);

	it('hold on the port of a service as well, by the host as it is written', async () => {
		const { records } = await start(file({ outbound: { ...OWN, routes } }));
		expect((await get('payments', '/closed')).status).toBe(403);
		expect((await get('127.0.0.1:7001', '/closed')).status).toBe(200);
		await get('self.example', '/');
		await get('127.0.0.1:7001', '/timed');
		await waitFor('the records', () => records.length === 4);
		expect(records.map(({ route, service }) => [route, service])).toEqual([
			['closed', ''],
			['/', 'payments'],
			['to-app', 'app'],
			['timed', 'payments'],
		]);
	});
});

describe('a reload', () => {
	it('sends what comes next to where the service is now', async () => {
		const next = await RecordingOrigin.start();
		const running = await start(file());
		const client = await connect();
		await client.send(BY_ADDRESS);
		await client.readResponse('GET');
		expect(await running.reload(file({ payments: { endpoints: [at(next.port)] } }))).toEqual([]);
		await client.send(BY_ADDRESS);
		await client.readResponse('GET');
		expect([fixture.payments.requests.length, next.requests.length]).toEqual([1, 1]);
		await next.stop();
	});

	it('is refused where the port would go, with or without its service', async () => {
		const running = await start(file());
		for (const services of [{}, { payments: { endpoints: [] } }]) {
			const issues = await running.reload(routeFile(fixture.app.port, { services }));
			expect(issues.map(({ path }) => path)).toEqual(['services.payments.listen']);
		}
		expect((await ask()).status).toBe(200);
	});

	it('may bring and take services without a port', async () => {
		const running = await start(file());
		const services = { payments: { ...OWN, endpoints: [at(fixture.payments.port)] }, stock: { endpoints: [] } };
		expect(await running.reload(routeFile(fixture.app.port, { services }))).toEqual([]);
		expect(await running.reload(file())).toEqual([]);
		expect((await ask()).status).toBe(200);
	});
});

describe('the end', () => {
	it('leaves the app its calls until its port has closed', async () => {
		const app = net.createServer();
		await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve));
		const { port } = app.address() as net.AddressInfo;
		const running = await start(file({ app: { port } }));
		await running.app.drain(0);
		const over = running.app.drainOutbound();
		expect((await ask()).status).toBe(200);
		for (const client of clients.splice(0)) client.close();
		await new Promise((resolve) => app.close(resolve));
		await over;
		await expect(connect()).rejects.toThrow();
	});

	it('closes the port at once when it is told to', async () => {
		const running = await start(file());
		const client = await connect();
		await running.app.stop();
		await client.readToEnd();
		await expect(connect()).rejects.toThrow();
	});
});
