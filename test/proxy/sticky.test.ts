/** Sessions on real connections: what must not move a client to another endpoint. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RecordingOrigin } from '../support/recording-origin.ts';
import { valuesOf } from '../support/wire-message.ts';
import { Fixture } from './fixture.ts';

let fixture: Fixture;
let other: RecordingOrigin;

beforeEach(async () => {
	[fixture, other] = await Promise.all([Fixture.make(), RecordingOrigin.start()]);
});

afterEach(async () => {
	await fixture.stop();
	await other.stop();
});

async function start(filters: readonly object[] = []): Promise<void> {
	const ports = [fixture.origin.port, other.port];
	await fixture.start({
		inbound: {
			routes: [
				{ name: 'sticky', filters, backendRefs: [{ name: 'both' }], sessionPersistence: { sessionName: 'sid' } },
			],
		},
		services: { both: { endpoints: ports.map((port) => ({ address: `127.0.0.1:${port}` })) } },
	});
}

function follow(script: Parameters<RecordingOrigin['follow']>[0]): void {
	for (const origin of [fixture.origin, other]) origin.follow(script);
}

async function ask(cookie = '') {
	const line = cookie === '' ? '' : `Cookie: ${cookie}\r\n`;
	const response = await fixture.ask(`GET / HTTP/1.1\r\nHost: a\r\n${line}\r\n`);
	const [set = ''] = valuesOf(response, 'set-cookie');
	return { status: response.status, cookie: set.slice(0, set.indexOf(';')) };
}

describe('a session', () => {
	it('stays when the endpoint has closed the idle connection that was to carry it', async () => {
		await start();
		follow({
			onRequest: (_request, connection, index) => {
				if (index > 0) connection.reset();
				else connection.send('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
			},
		});
		const { cookie } = await ask();
		for (let i = 0; i < 10; i++) expect(await ask(cookie)).toEqual({ status: 200, cookie: '' });
		expect(fixture.sidecar.retries).toContain('idle-race');
	});

	it('is that of the request as it came, whatever the backend gets to see', async () => {
		await start([{ requestHeaderModifier: { remove: ['cookie'] } }]);
		const { cookie } = await ask();
		for (let i = 0; i < 10; i++) expect(await ask(cookie)).toEqual({ status: 200, cookie: '' });
		const requests = [...fixture.origin.requests, ...other.requests];
		expect(requests.some((request) => valuesOf(request, 'cookie').length > 0)).toBe(false);
	});
});
