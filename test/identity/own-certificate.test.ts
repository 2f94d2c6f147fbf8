/** What metrics say of the certificate of this workload is said of the one in force. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { RunningSidecar, routeFile } from '../proxy/running.ts';
import { testPki, WEB } from '../support/pki.ts';
import { RecordingOrigin } from '../support/recording-origin.ts';
import { waitFor } from '../support/wait-for.ts';
import { Caller } from './peers.ts';

const ORDERS = 'spiffe://mesh.local/ns/shop/sa/orders';
const RENAMED = 'spiffe://mesh.local/ns/shop/sa/renamed';
const EXPIRY = 'outrigger_certificate_expiry_timestamp_seconds';
const HOUR_MS = 3_600_000;
const pki = testPki();

let origin: RecordingOrigin;
let sidecar: RunningSidecar;
beforeEach(async () => {
	origin = await RecordingOrigin.start();
	sidecar = await RunningSidecar.start(file(ORDERS));
});
afterEach(async () => {
	await sidecar.stop();
	await origin.stop();
	pki.remove();
});

function file(id: string, until = HOUR_MS, more: object = {}): string {
	const telemetry = { accessLog: { when: 'off' }, metrics: { istio: true } };
	return routeFile(origin.port, { tls: { ...pki.files(pki.leaf(id, { until })) }, telemetry, ...more });
}

/** Requests of `WEB` that were counted for us by this id. */
function countedFor(id: string): Promise<number> {
	const policy = { connection_security_policy: 'mutual_tls' };
	return sidecar.metric('istio_requests_total', { source_principal: WEB, destination_principal: id, ...policy });
}

async function ask(): Promise<void> {
	expect((await new Caller(sidecar.port, pki.leaf(WEB)).get()).status).toBe(200);
}

it('by its id, and by that of the next one', async () => {
	await ask();
	await waitFor('its request', async () => (await countedFor(ORDERS)) === 1);
	expect(await sidecar.reload(file(RENAMED))).toEqual([]);
	await ask();
	await waitFor('its request', async () => (await countedFor(RENAMED)) === 1);
	expect(await countedFor(ORDERS)).toBe(1);
});

it('and not of one that came with a file which was rejected', async () => {
	const before = await sidecar.metric(EXPIRY);
	const issues = await sidecar.reload(file(RENAMED, 2 * HOUR_MS, { inbound: { listen: '127.0.0.1:1' } }));
	expect(issues).not.toEqual([]);
	expect(await sidecar.metric(EXPIRY)).toBe(before);
	const absent = { ...pki.files(pki.leaf(RENAMED)), key: '/nowhere.key' };
	expect(await sidecar.reload(routeFile(origin.port, { tls: absent }))).not.toEqual([]);
	expect(await sidecar.metric(EXPIRY)).toBe(before);
	await ask();
	await waitFor('its request', async () => (await countedFor(ORDERS)) === 1);
});
