/** What lives on, and what does not, when another version of the rules is taken over. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { RawClient } from '../support/raw-client.ts';
import { RecordingOrigin } from '../support/recording-origin.ts';
import { waitFor } from '../support/wait-for.ts';
import { RunningSidecar, routeFile } from './running.ts';

let origin: RecordingOrigin;
let sidecar: RunningSidecar;
let client: RawClient;

beforeEach(async () => {
	origin = await RecordingOrigin.start();
	sidecar = await RunningSidecar.start(fileWith({ requests: 1, per: '1h' }));
	client = await RawClient.connect(sidecar.port);
});

afterEach(async () => {
	client.close();
	await sidecar.stop();
	await origin.stop();
});

function fileWith(rateLimit: object, more: object = {}): string {
	return routeFile(origin.port, { inbound: { routes: [{ name: 'limited', rateLimit }] }, ...more });
}

async function statusOf(target = '/'): Promise<number> {
	await client.send(`GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`);
	return (await client.readResponse()).status;
}

it('keeps the count of a limit whose settings stay, on the same connection', async () => {
	expect([await statusOf(), await statusOf()]).toEqual([200, 429]);
	expect(await sidecar.reload(fileWith({ requests: 1, per: '1h' }, { localReplies: 'verbose' }))).toEqual([]);
	expect(await statusOf()).toBe(429);
});

it('begins a limit anew whose settings change', async () => {
	expect([await statusOf(), await statusOf()]).toEqual([200, 429]);
	expect(await sidecar.reload(fileWith({ requests: 2, per: '1h' }))).toEqual([]);
	expect([await statusOf(), await statusOf(), await statusOf()]).toEqual([200, 200, 429]);
});

it('changes no limit when the file is refused', async () => {
	expect([await statusOf(), await statusOf()]).toEqual([200, 429]);
	expect(await sidecar.reload(fileWith({ requests: 9, per: '1h' }, { workers: 1, app: { name: 'x' } }))).toHaveLength(
		1,
	);
	expect(await statusOf()).toBe(429);
});

it('takes nothing over any more once it is being stopped', async () => {
	const inForce = () => (sidecar.app as unknown as { snapshot: object }).snapshot;
	const before = inForce();
	const stopped = sidecar.stop();
	await sidecar.reload(routeFile(origin.port, { inbound: { service: { limits: { requests: 9 } } } }));
	await stopped;
	expect(inForce()).toBe(before);
});

it('lets a request that waits end by the rules that it began with', async () => {
	const slow = { routes: [{ name: 'slow', fault: { delay: { fixed: '300ms' } } }] };
	expect(await sidecar.reload(routeFile(origin.port, { inbound: slow }))).toEqual([]);
	await client.send('GET /waits HTTP/1.1\r\nHost: a\r\n\r\n');
	await waitFor('the request', async () => (await sidecar.metric('http_server_active_requests')) === 1);
	const gone = { routes: [{ name: 'gone', directResponse: { status: 410 } }], service: { limits: { requests: 9 } } };
	expect(await sidecar.reload(routeFile(origin.port, { inbound: gone }))).toEqual([]);
	expect((await client.readResponse()).status).toBe(200);
	expect(await statusOf()).toBe(410);
	const records = await sidecar.waitForRecords(2);
	expect(records.map(({ route }) => route)).toEqual(['slow', 'gone']);
});
