/** What was logged and counted, after traffic that is known to the last request. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { waitFor } from '../support/wait-for.ts';
import { Front } from './front.ts';
import { START_DEADLINE_MS } from './program.ts';
import { askOnce } from './real-app.ts';

const ROUTES = [
	{ name: 'greeting', matches: [{ path: '= /hello' }] },
	{ name: 'documents', matches: [{ path: '/json' }] },
	{ name: 'slow', matches: [{ path: '/wait' }], timeouts: { request: '150ms' } },
	{ name: 'once', matches: [{ path: '/reset/once', method: 'GET' }], retry: 'off' },
	{ matches: [{ path: '/fail' }] },
];
const SECRET = 's3cret';

let front: Front;
let appPort = 0;

async function get(path: string, init: RequestInit = {}): Promise<number> {
	const response = await fetch(`${front.url}${path}`, init);
	await response.arrayBuffer();
	return response.status;
}

beforeAll(async () => {
	appPort = await freePort();
	front = await Front.start(
		{
			app: { port: appPort, name: 'orders', namespace: 'shop', version: 'v7' },
			inbound: { routes: ROUTES, unmatched: 'app' },
			telemetry: { accessLog: { when: 'all' }, redact: { query: ['token', 'password'], headers: ['user-agent'] } },
		},
		{ command: ['node', join(import.meta.dirname, 'express-app.mjs'), String(appPort)] },
	);
	for (let call = 0; call < 3; call++) expect(await get('/hello')).toBe(200);
	expect(
		await get(`/hello?token=${SECRET}&a=1&PassWord=${SECRET}&to%6ben=${SECRET}&z`, {
			headers: { 'user-agent': SECRET },
		}),
	).toBe(200);
	for (const id of [1, 2]) expect(await get(`/json/${id}`)).toBe(200);
	const headers = { 'content-type': 'application/json', traceparent: TRACEPARENT, 'x-request-id': 'my-own-id' };
	expect(await get('/json', { method: 'POST', headers, body: '{"a":1}' })).toBe(201);
	expect(await get('/missing')).toBe(404);
	for (let call = 0; call < 2; call++) expect(await get('/fail')).toBe(500);
	expect(await get('/reset')).toBe(503);
	expect(await get('/reset/once')).toBe(503);
	expect(await get('/wait')).toBe(504);
	expect((await askOnce(front.port, 'GET / HTTP/1.1\r\n\r\n', 'GET')).status).toBe(400);
	expect((await askOnce(front.port, 'PROPFIND /pot HTTP/1.1\r\nHost: a\r\n\r\n', 'PROPFIND')).status).toBe(404);
	const REQUESTS = 14;
	await front.untilLines('access', REQUESTS);
}, START_DEADLINE_MS);
afterAll(() => front?.stop());

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const TRACEPARENT = `00-${TRACE}-b7ad6b7169203331-01`;

type Line = Record<string, unknown>;
const linesOf = (path: string): Line[] => front.lines('access').filter((line) => line['path'] === path);

describe('the access log', () => {
	it('tells of an ordinary exchange what happened, when and to whom', () => {
		const [line] = linesOf('/json');
		expect(line).toMatchObject({
			...{ kind: 'access', route: 'documents', method: 'POST', scheme: 'http', host: `127.0.0.1:${front.port}` },
			...{
				path: '/json',
				protocol: 'HTTP/1.1',
				status: 201,
				flags: '',
				code: '',
				detail: '',
				bytes_in: 7,
				bytes_out: 15,
			},
			...{ request_id: 'my-own-id', trace_id: TRACE, peer: '127.0.0.1', client: '127.0.0.1', user_agent: '***' },
			workload: { name: 'orders', namespace: 'shop', version: 'v7' },
			attempts: [{ endpoint: `127.0.0.1:${appPort}`, outcome: 'ok', status: 201, backoff_ms: 0 }],
		});
		expect(line?.['span_id']).toMatch(/^(?!b7ad6b7169203331)[0-9a-f]{16}$/);
		expect(Math.abs(Date.parse(line?.['time'] as string) - Date.now())).toBeLessThan(60_000);
		expect(line?.['duration_ms'] as number).toBeGreaterThanOrEqual(line?.['added_ms'] as number);
	});

	it('has every attempt of a request that was retried until the retries were spent', () => {
		const [line] = linesOf('/reset');
		expect(line).toMatchObject({ status: 503, flags: 'UR,URX', code: 'upstream_reset', route: '/' });
		// The first went over a kept connection, so it might have met an idle close: that replay is beside the two retries.
		const attempts = line?.['attempts'] as Line[];
		expect(attempts.map(({ reused }) => reused)).toEqual([true, false, false, false]);
		for (const { outcome, status, first_byte_ms: firstByte } of attempts) {
			expect([outcome, status, firstByte]).toEqual(['upstream_reset', 0, -1]);
		}
	});

	it('has one attempt, and no spent retries, where they are off', () => {
		const [line] = linesOf('/reset/once');
		expect(line).toMatchObject({ status: 503, flags: 'UR', code: 'upstream_reset', route: 'once' });
		expect(line?.['attempts']).toHaveLength(1);
	});

	it('tells a timeout of ours from a failure of the app', () => {
		expect(linesOf('/wait')).toMatchObject([{ status: 504, flags: 'UT', code: 'request_timeout', route: 'slow' }]);
		expect(linesOf('/fail')).toMatchObject([
			{ status: 500, flags: '', code: '', route: '/fail' },
			{ status: 500, flags: '', code: '', route: '/fail' },
		]);
	});

	it('hides what the file says is secret, however it is written', () => {
		const paths = front.lines('access').map((line) => line['path']);
		expect(paths).toContain('/hello?token=***&a=1&PassWord=***&to%6ben=***&z');
		expect(front.program.printed).not.toContain(SECRET);
	});
});

/** Value of the series that has these labels; 0 when there is none. Several are added up. */
async function metric(name: string, labels: Record<string, string> = {}): Promise<number> {
	const samples = (await front.admin('/metrics'))
		.split('\n')
		.filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
	const wanted = Object.entries(labels).map(([key, value]) => `${key}="${value}"`);
	const found = samples.filter((line) => wanted.every((label) => line.includes(label)));
	return found.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}

describe('the metrics', () => {
	const COUNT = 'http_server_request_duration_seconds_count';
	const EXPECTED: [method: string, route: string, status: string, error: string, count: number][] = [
		['GET', 'greeting', '200', '', 4],
		['GET', 'documents', '200', '', 2],
		['POST', 'documents', '201', '', 1],
		['GET', '/fail', '500', '500', 2],
		['GET', 'once', '503', 'upstream_reset', 1],
		['GET', 'slow', '504', 'request_timeout', 1],
		['GET', '/', '404', '', 1],
		['GET', '/', '503', 'upstream_reset', 1],
		['_OTHER', '/', '404', '', 1],
		['GET', '', '400', 'bad_request', 1],
	];

	it.each(EXPECTED)('count %s of route %j with %s (%j): %d', async (method, route, status, error, count) => {
		const labels = {
			http_request_method: method,
			http_route: route,
			http_response_status_code: status,
			error_type: error,
		};
		expect(await metric(COUNT, labels)).toBe(count);
	});

	it('count nothing else, and as many in the last bucket as in all', async () => {
		const total = EXPECTED.reduce((sum, [, , , , count]) => sum + count, 0);
		expect(await metric(COUNT)).toBe(total);
		expect(await metric('http_server_request_duration_seconds_bucket', { le: '+Inf' })).toBe(total);
		await waitFor('no active request', async () => (await metric('http_server_active_requests')) === 0);
	});

	it('count what the sidecar answered itself by code, and its retries by reason', async () => {
		expect(await metric('outrigger_local_replies_total', { code: 'upstream_reset' })).toBe(2);
		expect(await metric('outrigger_local_replies_total', { code: 'request_timeout' })).toBe(1);
		expect(await metric('outrigger_local_replies_total', { code: 'bad_request' })).toBe(1);
		expect(await metric('outrigger_local_replies_total')).toBe(4);
		expect(await metric('outrigger_retries_total', { service: 'app', reason: 'reset' })).toBe(2);
		expect(await metric('outrigger_retries_total', { service: 'app', reason: 'idle-race' })).toBe(1);
		expect(await metric('outrigger_retries_skipped_total', { reason: 'off' })).toBe(1);
		expect(await metric('outrigger_retries_skipped_total', { reason: 'attempts' })).toBe(1);
	});

	it('say which app and file they are about', async () => {
		const hash = front.lines('access')[0]?.['config'] as string;
		expect(hash).toMatch(/^[0-9a-f]{12}$/);
		expect(await metric('outrigger_config_info', { hash })).toBe(1);
	});
});
