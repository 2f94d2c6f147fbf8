/** Copies of requests on real connections, where the original or the copy goes astray. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RecordingOrigin } from '../support/recording-origin.ts';
import { waitFor } from '../support/wait-for.ts';
import { Fixture } from './fixture.ts';
import { routeFile } from './running.ts';

let fixture: Fixture;
let shadow: RecordingOrigin;

beforeEach(async () => {
	[fixture, shadow] = await Promise.all([Fixture.make(), RecordingOrigin.start()]);
});

afterEach(async () => {
	await fixture.stop();
	await shadow.stop();
});

async function start(rule: object = {}, policy: object = {}): Promise<void> {
	const filters = [{ requestMirror: { backendRef: { name: 'shadow' } } }];
	await fixture.start({
		inbound: { routes: [{ name: 'mirrored', filters, ...rule }] },
		services: { shadow: { endpoints: [{ address: `127.0.0.1:${shadow.port}` }], ...policy }, empty: { endpoints: [] } },
	});
}

async function outcome(code: string, service = 'shadow'): Promise<void> {
	const labels = { service, outcome: code };
	const read = () => fixture.sidecar.metric('outrigger_mirrored_requests_total', labels);
	await waitFor(`a mirror that ends as ${code}`, async () => (await read()) === 1);
}

describe('a mirrored request', () => {
	it('is whole though the original is answered by the sidecar', async () => {
		await start({ backendRefs: [{ name: 'empty' }] });
		expect((await fixture.ask('GET /a HTTP/1.1\r\nHost: a\r\n\r\n')).status).toBe(503);
		await outcome('ok');
		expect(shadow.requests.map(({ target }) => target)).toEqual(['/a']);
	});

	it('is whole with its body though the original is redirected by its backend', async () => {
		const filters = [{ requestRedirect: { hostname: 'b' } }];
		await start({ backendRefs: [{ name: 'app', filters }] });
		const asked = 'POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello';
		expect((await fixture.ask(asked)).status).toBe(302);
		await outcome('ok');
		expect(shadow.requests.map(({ body }) => body.toString())).toEqual(['hello']);
	});

	it('never leaves a connection behind that has switched to another protocol', async () => {
		await start();
		shadow.follow({
			onRequest: (_request, connection) => {
				connection.send('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n');
			},
		});
		await fixture.ask('GET /a HTTP/1.1\r\nHost: a\r\n\r\n');
		await outcome('upstream_protocol_error');
		await waitFor('the connection to end', () => shadow.connections.every(({ ended }) => ended !== ''));
	});

	it('takes a place at its service, and is left out where there is none', async () => {
		await start({}, { limits: { requests: 1 } });
		shadow.follow({ onRequest: () => undefined });
		await fixture.ask('GET /a HTTP/1.1\r\nHost: a\r\n\r\n');
		await shadow.waitForRequests(1);
		await fixture.ask('GET /b HTTP/1.1\r\nHost: a\r\n\r\n');
		await outcome('limit_requests');
		for (const connection of shadow.connections) connection.send('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
		await outcome('ok');
		shadow.follow({});
		await fixture.ask('GET /c HTTP/1.1\r\nHost: a\r\n\r\n');
		await shadow.waitForRequests(2);
		expect(shadow.requests.map(({ target }) => target)).toEqual(['/a', '/c']);
	});

	it('is counted where it is left out because the circuit is open', async () => {
		await start({}, { circuitBreaker: { volumeThreshold: 1, resetTimeout: '1m' } });
		shadow.follow({ onRequest: (_request, connection) => connection.reset() });
		await fixture.ask('GET /a HTTP/1.1\r\nHost: a\r\n\r\n');
		await outcome('upstream_reset');
		await fixture.ask('GET /b HTTP/1.1\r\nHost: a\r\n\r\n');
		await outcome('circuit_open');
		expect(shadow.requests.map(({ target }) => target)).toEqual(['/a']);
	});

	it('is counted where its service has no endpoint', async () => {
		await start({ filters: [{ requestMirror: { backendRef: { name: 'empty' } } }] });
		await fixture.ask('GET /a HTTP/1.1\r\nHost: a\r\n\r\n');
		await outcome('no_healthy_endpoint', 'empty');
	});

	it('is cut when the sidecar stops, also by a file that is no more in force', async () => {
		await start();
		shadow.follow({ onRequest: () => undefined });
		await fixture.ask('GET /a HTTP/1.1\r\nHost: a\r\n\r\n');
		await shadow.waitForRequests(1);
		expect(await fixture.sidecar.reload(routeFile(fixture.appPort))).toEqual([]);
		expect(shadow.connections.map(({ ended }) => ended)).toEqual(['']);
		await fixture.sidecar.stop();
		await waitFor('the connection to end', () => shadow.connections.every(({ ended }) => ended !== ''));
		await outcome('draining');
	});
});
