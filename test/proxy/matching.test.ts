import { afterEach, beforeEach, expect, it } from 'vitest';
import { RawClient } from '../support/raw-client.ts';
import { RecordingOrigin } from '../support/recording-origin.ts';
import { RunningSidecar, routeFile } from './running.ts';

let origin: RecordingOrigin;
let sidecar: RunningSidecar;
let client: RawClient;

beforeEach(async () => {
	origin = await RecordingOrigin.start();
	const routes = [
		{ name: 'canary', matches: [{ headers: { 'x-canary': '1' } }] },
		{ name: 'version', matches: [{ queryParams: [{ name: 'v', type: 'RegularExpression', value: '[0-9]+' }] }] },
		{ name: 'session', matches: [{ headers: [{ name: 'Cookie', type: 'RegularExpression', value: '.*sid=.*' }] }] },
		{ name: 'any' },
	];
	sidecar = await RunningSidecar.start(routeFile(origin.port, { inbound: { routes } }));
	client = await RawClient.connect(sidecar.port);
});

afterEach(async () => {
	client.close();
	await sidecar.stop();
	await origin.stop();
});

it('chooses the rule by header fields and query parameters of each request of a connection', async () => {
	const requests: [target: string, fields: string, rule: string][] = [
		['/', 'X-Canary: 1\r\n', 'canary'],
		['/?v=12', '', 'version'],
		['/?v=12', 'x-canary: 1\r\n', 'canary'],
		['/?v=a', '', 'any'],
		['/', 'Cookie: a=b\r\nCookie: sid=7\r\n', 'session'],
		['/', 'x-canary: 2\r\n', 'any'],
	];
	for (const [target, fields] of requests) {
		await client.send(`GET ${target} HTTP/1.1\r\nHost: shop\r\n${fields}\r\n`);
		expect((await client.readResponse()).status).toBe(200);
	}
	const records = await sidecar.waitForRecords(requests.length);
	expect(records.map(({ route }) => route)).toEqual(requests.map(([, , rule]) => rule));
});
