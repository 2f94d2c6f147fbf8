/** Copies of requests on real connections, where the original or the copy goes astray. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RecordingOrigin } from '../support/recording-origin.ts';
import { waitFor } from '../support/wait-for.ts';
import { Fixture } from './fixture.ts';

let fixture: Fixture;
let shadow: RecordingOrigin;

beforeEach(async () => {
	[fixture, shadow] = await Promise.all([Fixture.make(), RecordingOrigin.start()]);
});

afterEach(async () => {
	await fixture.stop();
	await shadow.stop();
});

async function start(rule: object = {}): Promise<void> {
	const filters = [{ requestMirror: { backendRef: { name: 'shadow' } } }];
	await fixture.start({
		inbound: { routes: [{ name: 'mirrored', filters, ...rule }] },
		services: { shadow: { endpoints: [{ address: `127.0.0.1:${shadow.port}` }] }, empty: { endpoints: [] } },
	});
}

async function outcome(code: string): Promise<void> {
	const labels = { service: 'shadow', outcome: code };
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
});
