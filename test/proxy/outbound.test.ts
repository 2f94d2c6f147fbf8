/** What the app calls through the outbound listener. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { at, jsonOf, OutboundFixture } from './outbound-fixture.ts';
import { headOf } from './running.ts';

let fixture: OutboundFixture;

beforeEach(async () => {
	fixture = await OutboundFixture.make();
});

afterEach(() => fixture.stop());

describe('a request on the outbound port', () => {
	it('goes to the service that lists its host, and stays what it was', async () => {
		await fixture.start();
		const answer = await fixture.ask(
			'POST /pay?id=7 HTTP/1.1\r\nHost: payments.shop.svc:80\r\nX-Custom: Yes\r\nX-Forwarded-For: 10.9.8.7\r\n' +
				'Connection: x-hop\r\nX-Hop: 1\r\nContent-Length: 5\r\n\r\nhello',
			'POST',
		);
		expect(answer.status).toBe(200);
		const [request] = fixture.payments.requests;
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
		expect(fixture.app.requests).toEqual([]);
		expect(await fixture.records()).toMatchObject([{ side: 'outbound', service: 'payments', route: '/', status: 200 }]);
	});

	it('may name its host as proxies are asked: in the target', async () => {
		await fixture.start();
		const answer = await fixture.ask('GET http://payments/a?b HTTP/1.1\r\nHost: other\r\n\r\n');
		expect(answer.status).toBe(200);
		expect(headOf(fixture.payments.requests[0])).toMatch(/^GET \/a\?b HTTP\/1\.1\r\nhost: payments\r\n/i);
	});

	it('keeps its connection to the service for the next', async () => {
		await fixture.start();
		const client = await fixture.connect();
		for (const path of ['/1', '/2']) {
			await client.send(`GET ${path} HTTP/1.1\r\nHost: payments\r\n\r\n`);
			await client.readResponse();
		}
		expect(fixture.payments.connections).toHaveLength(1);
	});

	it('is served before the app itself listens', async () => {
		const appPort = await freePort();
		const running = await fixture.start({ app: { port: appPort } }, { waitForReady: false });
		expect((await fixture.get('payments')).status).toBe(200);
		expect(running.app.ready().ok).toBe(false);
	});

	it('follows the rules of the outbound side', async () => {
		await fixture.start({
			outbound: {
				unknownHosts: 'reject',
				routes: [
					{ name: 'to-app', hostnames: ['self.example'], backendRefs: [{ name: 'app' }] },
					{ name: 'renamed', matches: [{ path: '/pay' }], backendRefs: [{ name: 'payments' }] },
				],
			},
		});
		expect((await fixture.get('self.example')).body.toString()).toBe('GET /');
		expect(fixture.app.requests).toHaveLength(1);
		expect((await fixture.get('anywhere.example', '/pay')).status).toBe(200);
		expect(fixture.payments.requests).toHaveLength(1);
		expect(await fixture.records(2)).toMatchObject([
			{ route: 'to-app', service: 'app' },
			{ route: 'renamed', service: 'payments' },
		]);
	});

	it('is counted apart from what the app serves', async () => {
		const { metric } = await fixture.start();
		await fixture.get('payments');
		await fixture.records();
		const calls = 'http_client_request_duration_seconds_count';
		const read = metric.bind(fixture.sidecar);
		expect(await read(calls, { service: 'payments', http_response_status_code: '200' })).toBe(1);
		expect(await read('http_server_request_duration_seconds_count')).toBe(0);
		expect(await read('http_server_active_requests')).toBe(0);
		expect(await read('outrigger_pool_connections', { service: 'payments', state: 'idle' })).toBe(1);
		expect(await read('outrigger_connect_duration_seconds_count', { service: 'payments' })).toBe(1);
	});
});

describe('a service with several endpoints', () => {
	it('is called at another one when one is away', async () => {
		const away = await freePort();
		await fixture.start({
			services: { payments: { hostnames: ['payments'], endpoints: [at(away), at(fixture.payments.port)] } },
		});
		for (let i = 0; i < 8; i++) expect((await fixture.get('payments', `/${i}`)).status).toBe(200);
		expect(fixture.payments.requests).toHaveLength(8);
		expect(fixture.sidecar.retries.every((reason) => reason === 'connect-failure')).toBe(true);
	});

	it('says what to look at when all are away', async () => {
		const endpoints = [at(await freePort()), at(await freePort())];
		await fixture.start({ services: { payments: { hostnames: ['payments'], endpoints } } });
		const answer = await fixture.get('payments');
		expect(answer.status).toBe(503);
		const setting = 'services.payments.endpoints';
		expect(jsonOf(answer)).toMatchObject({ error: 'connect_failed', setting });
		const [record] = await fixture.records();
		expect(record?.attempts.map(({ outcome }) => outcome)).toEqual([
			'connect_failed',
			'connect_failed',
			'connect_failed',
		]);
	});
});

describe('a host that no service lists', () => {
	it('is refused where the file says so', async () => {
		await fixture.start();
		const answer = await fixture.get('elsewhere.example');
		expect(answer.status).toBe(502);
		expect(jsonOf(answer)).toMatchObject({ error: 'unknown_host' });
		expect(await fixture.records()).toMatchObject([{ service: '', errorCode: 'unknown_host', flags: 'NR' }]);
	});

	it('is called by its name otherwise', async () => {
		await fixture.start({ outbound: { unknownHosts: 'passthrough' } });
		const answer = await fixture.get(`localhost:${fixture.payments.port}`, '/x');
		expect(answer.body.toString()).toBe('GET /x');
		expect(await fixture.records()).toMatchObject([{ service: 'passthrough', status: 200 }]);
	});

	it('is never asked in the clear for what an https URL names', async () => {
		await fixture.start({ outbound: { unknownHosts: 'passthrough' } });
		const target = `https://127.0.0.1:${fixture.payments.port}/secret`;
		const refused = await fixture.ask(`GET ${target} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer s\r\n\r\n`);
		expect([refused.status, jsonOf(refused)]).toMatchObject([400, { error: 'bad_request' }]);
		expect(fixture.payments.connections).toEqual([]);
	});

	it('does not get what was meant for a proxy', async () => {
		await fixture.start({ outbound: { unknownHosts: 'passthrough' } });
		const target = `http://127.0.0.1:${fixture.payments.port}/`;
		expect(
			(await fixture.ask(`GET ${target} HTTP/1.1\r\nHost: a\r\nProxy-Authorization: Basic s\r\n\r\n`)).status,
		).toBe(200);
		expect(headOf(fixture.payments.requests[0])).not.toMatch(/proxy-authorization/i);
	});

	it('may not resolve', async () => {
		await fixture.start({ outbound: { unknownHosts: 'passthrough' } });
		const answer = await fixture.get('nowhere.invalid');
		expect(answer.status).toBe(503);
		const setting = 'outbound.unknownHosts';
		expect(jsonOf(answer)).toMatchObject({ error: 'dns_failed', setting });
		const [record] = await fixture.records();
		expect(record).toMatchObject({ service: 'passthrough', flags: expect.stringMatching(/^DF/) });
	});
});

describe('a loop', () => {
	it.each(['inbound', 'outbound', 'admin'] as const)('by way of our own %s port is refused', async (which) => {
		const { app: sidecar } = await fixture.start({ outbound: { unknownHosts: 'passthrough' } });
		const { inbound, outbound, admin } = sidecar.bound;
		const port = { inbound, outbound: outbound?.port, admin: admin?.port }[which];
		for (const host of ['127.0.0.1', 'localhost']) {
			const answer = await fixture.get(`${host}:${port}`);
			expect(answer.status).toBe(508);
			expect(jsonOf(answer)).toMatchObject({ error: 'loop_detected' });
		}
		expect(await fixture.records(2)).toHaveLength(2);
		expect(fixture.app.requests).toEqual([]);
	});

	it('by way of a service that is ourselves is refused', async () => {
		const { outboundPort } = await fixture.start();
		const services = { payments: { hostnames: ['payments'], endpoints: [at(outboundPort)] } };
		expect(await fixture.sidecar.reload(fixture.file({ services }))).toEqual([]);
		expect((await fixture.get('payments')).status).toBe(508);
		expect(await fixture.records()).toMatchObject([{ service: 'payments', errorCode: 'loop_detected' }]);
	});
});
