import { readFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { Log } from '../../src/ports/log.ts';
import { Metrics, type MetricsSettings } from '../../src/telemetry/metrics.ts';
import { PathTemplates } from '../../src/telemetry/path-templates.ts';
import { ManualClock } from '../support/manual-time.ts';
import { exchangeRecord } from './exchange-record.ts';
import { parseExposition, pools } from './exposition.ts';

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };
const DURATION = 'http_server_request_duration_seconds';
const CALLS = 'http_client_request_duration_seconds';
const SETTINGS: MetricsSettings = { maxSeries: 2000, istio: false, app: null };

function makeMetrics(settings: Partial<MetricsSettings> = {}, turns = { count: 0 }): Metrics {
	return new Metrics({
		workload: { name: 'orders', namespace: 'shop', version: 'v1' },
		settings: { ...SETTINGS, ...settings },
		clock: new ManualClock(),
		breathe: () => {
			turns.count++;
			return new Promise((resolve) => setImmediate(resolve));
		},
		log: silent,
		process,
	});
}

async function scrape(metrics: Metrics) {
	return parseExposition(await metrics.text());
}

describe('requests', () => {
	it('counts each exchange in the series of its method, status, route and error', async () => {
		const metrics = makeMetrics();
		const series = metrics.routeSeries('inbound', 'reads');
		const other = metrics.routeSeries('inbound', '/x');
		const ended = (overrides: Parameters<typeof exchangeRecord>[0]) => {
			metrics.began('inbound');
			metrics.ended(exchangeRecord(overrides));
		};
		ended({ series, durationMs: 3 });
		ended({ series, durationMs: 5 });
		ended({ series, durationMs: 20_000 });
		ended({ series, method: 'BREW', status: 503 });
		ended({ series: other, status: 503, errorCode: 'circuit_open', isLocalReply: true });
		ended({ series: other, status: 499, errorCode: 'client_closed' });
		metrics.began('inbound');
		const { value } = await scrape(metrics);
		const ok = { http_request_method: 'GET', http_response_status_code: '200', http_route: 'reads', error_type: '' };
		expect(value(`${DURATION}_count`, ok)).toBe(3);
		expect(value(`${DURATION}_sum`, ok)).toBeCloseTo(20.008, 6);
		expect(['0.0025', '0.005', '10', '+Inf'].map((le) => value(`${DURATION}_bucket`, { ...ok, le }))).toEqual([
			0, 2, 2, 3,
		]);
		expect(value(`${DURATION}_count`, { http_request_method: '_OTHER', error_type: '503' })).toBe(1);
		expect(value(`${DURATION}_count`, { http_route: '/x', error_type: 'circuit_open' })).toBe(1);
		expect(value(`${DURATION}_count`, { http_response_status_code: '499', error_type: 'client_closed' })).toBe(1);
		expect(value('http_server_active_requests')).toBe(1);
		expect(value('outrigger_local_replies_total', { code: 'circuit_open' })).toBe(1);
		expect(value('outrigger_local_replies_total', { code: 'client_closed' })).toBe(0);
		expect(value('outrigger_added_latency_seconds_count')).toBe(6);
	});

	it('counts what the app calls by service, apart from what the app serves', async () => {
		const metrics = makeMetrics();
		const series = metrics.routeSeries('outbound', '/');
		const ended = (overrides: Parameters<typeof exchangeRecord>[0]) => {
			metrics.began('outbound');
			metrics.ended(exchangeRecord({ series, side: 'outbound', ...overrides }));
		};
		ended({ service: 'payments' });
		ended({ service: 'stock' });
		ended({ service: 'payments' });
		ended({ service: 'payments', status: 503, errorCode: 'circuit_open', isLocalReply: true });
		ended({ service: '', series: null, route: '', status: 502, errorCode: 'unknown_host', isLocalReply: true });
		metrics.began('outbound');
		const { value } = await scrape(metrics);
		const calls = (service: string, error = '') => value(`${CALLS}_count`, { service, error_type: error });
		expect([calls('payments'), calls('stock'), calls('payments', 'circuit_open')]).toEqual([2, 1, 1]);
		expect(calls('', 'unknown_host')).toBe(1);
		expect(value('http_server_active_requests')).toBe(0);
		expect(value(`${DURATION}_count`)).toBeUndefined();
		expect(value('outrigger_local_replies_total', { code: 'circuit_open' })).toBe(1);
	});

	it('holds the cap of series for calls as well', async () => {
		const metrics = makeMetrics({ maxSeries: 2 });
		const series = metrics.routeSeries('outbound', '/');
		for (const service of ['a', 'b', 'c', 'd', 'a']) {
			metrics.ended(exchangeRecord({ series, side: 'outbound', service }));
		}
		const { value } = await scrape(metrics);
		expect(value(`${CALLS}_count`, { service: 'a' })).toBe(2);
		expect(value(`${CALLS}_count`, { service: '__other__' })).toBe(2);
		expect(value('outrigger_series_dropped_total', { metric: CALLS })).toBe(2);
	});

	it('agrees with a plain count for any sequence of exchanges', async () => {
		const exchange = fc.record({
			route: fc.constantFrom('a', 'b', 'quote"back\\slash\nline'),
			method: fc.constantFrom('GET', 'POST', 'X'),
			status: fc.integer({ min: 100, max: 599 }),
			durationMs: fc.double({ min: 0, max: 20_000, noNaN: true }),
		});
		await fc.assert(
			fc.asyncProperty(fc.array(exchange, { maxLength: 60 }), async (exchanges) => {
				const metrics = makeMetrics();
				const expected = new Map<string, number>();
				for (const { route, method, status, durationMs } of exchanges) {
					metrics.ended(
						exchangeRecord({ series: metrics.routeSeries('inbound', route), route, method, status, durationMs }),
					);
					const key = JSON.stringify([route, method === 'X' ? '_OTHER' : method, String(status)]);
					expected.set(key, (expected.get(key) ?? 0) + 1);
				}
				const { samples } = await scrape(metrics);
				const counts = samples
					.filter(({ name }) => name === `${DURATION}_count`)
					.map(({ labels, value }) => [
						JSON.stringify([labels['http_route'], labels['http_request_method'], labels['http_response_status_code']]),
						value,
					]);
				expect(new Map(counts as [string, number][])).toEqual(expected);
			}),
			{ numRuns: 30 },
		);
	});

	it('keeps counting the same series when a reload binds the route again', async () => {
		const metrics = makeMetrics();
		metrics.ended(exchangeRecord({ series: metrics.routeSeries('inbound', 'reads') }));
		metrics.configure(SETTINGS);
		metrics.ended(exchangeRecord({ series: metrics.routeSeries('inbound', 'reads') }));
		expect((await scrape(metrics)).value(`${DURATION}_count`)).toBe(2);
	});

	it('puts what exceeds maxSeries under __other__, says how much, and gives new series room when the cap is raised', async () => {
		const metrics = makeMetrics({ maxSeries: 2 });
		const series = metrics.routeSeries('inbound', 'reads');
		for (const status of [200, 201, 202, 203, 200, 202]) metrics.ended(exchangeRecord({ series, status }));
		const { value } = await scrape(metrics);
		const labels = {
			http_route: '__other__',
			http_response_status_code: '__other__',
			http_request_method: '__other__',
		};
		expect(value(`${DURATION}_count`, labels)).toBe(3);
		expect(value(`${DURATION}_count`, { http_response_status_code: '200' })).toBe(2);
		expect(value('outrigger_series_dropped_total', { metric: DURATION })).toBe(3);
		metrics.configure({ ...SETTINGS, maxSeries: 3 });
		metrics.ended(exchangeRecord({ series, status: 202 }));
		expect((await scrape(metrics)).value(`${DURATION}_count`, { http_response_status_code: '202' })).toBe(1);
	});

	it('names unnamed and unmatched requests by the first path template of their shape', async () => {
		const metrics = makeMetrics();
		const templates = new PathTemplates(['/users/{id}', '/users/{id}/orders', '/{any}']);
		const unnamed = metrics.routeSeries('inbound', '/users', templates);
		const unmatched = metrics.routeSeries('inbound', '', templates);
		const named = metrics.routeSeries('inbound', 'people');
		metrics.ended(exchangeRecord({ series: unnamed, target: '/users/7?x=/a/b' }));
		metrics.ended(exchangeRecord({ series: unmatched, target: 'http://h/users/7/orders' }));
		metrics.ended(exchangeRecord({ series: unmatched, target: '/a/b/c' }));
		metrics.ended(exchangeRecord({ series: unnamed, target: '/users/7/8' }));
		metrics.ended(exchangeRecord({ series: named, target: '/users/7' }));
		const { samples } = await scrape(metrics);
		const routes = samples.filter(({ name }) => name === `${DURATION}_count`).map(({ labels }) => labels['http_route']);
		expect(routes.sort()).toEqual(['', '/users', '/users/{id}', '/users/{id}/orders', 'people']);
	});

	it('adds the metrics that Istio dashboards read when the file asks for them, and takes them away again', async () => {
		const metrics = makeMetrics({ istio: true });
		metrics.ended(exchangeRecord({ status: 200, requestBytes: 3, durationMs: 12 }));
		metrics.ended(exchangeRecord({ status: 503, flags: 'UF,URX' }));
		const { value, types } = await scrape(metrics);
		const ok = { response_code: '200', response_flags: '-', reporter: 'destination', destination_workload: 'orders' };
		expect(value('istio_requests_total', ok)).toBe(1);
		expect(value('istio_requests_total', { response_code: '503', response_flags: 'UF,URX' })).toBe(1);
		expect(value('istio_request_duration_milliseconds_bucket', { ...ok, le: '10' })).toBe(0);
		expect(value('istio_request_duration_milliseconds_bucket', { ...ok, le: '25' })).toBe(1);
		expect(value('istio_request_bytes_sum', ok)).toBe(3);
		expect(types.get('istio_response_bytes')).toBe('histogram');
		metrics.configure(SETTINGS);
		expect((await scrape(metrics)).types.has('istio_requests_total')).toBe(false);
	});
});

describe('services, configuration, process', () => {
	it('reads circuits and pools at the scrape and goes on counting when a breaker is replaced', async () => {
		const metrics = makeMetrics();
		const breaker = { state: 'open' as 'open' | 'closed', transitions: { open: 2, halfOpen: 1, close: 1 } };
		metrics.watchCircuit('app', breaker);
		metrics.watchPool('app', () => pools({ active: 1, idle: 2, pending: 3 }));
		expect((await scrape(metrics)).value('outrigger_circuit_state', { service: 'app' })).toBe(2);
		breaker.state = 'closed';
		expect((await scrape(metrics)).value('outrigger_circuit_state', { service: 'app' })).toBe(0);
		metrics.watchCircuit('app', { state: 'halfOpen', transitions: { open: 1, halfOpen: 1, close: 0 } });
		const { value } = await scrape(metrics);
		expect(value('outrigger_circuit_state')).toBe(1);
		expect(value('outrigger_circuit_transitions_total', { to: 'open' })).toBe(3);
		expect(value('outrigger_circuit_transitions_total', { to: 'closed' })).toBe(1);
		expect(value('outrigger_pool_connections', { state: 'pending' })).toBe(3);
		metrics.unwatch('app');
		expect((await scrape(metrics)).value('outrigger_pool_connections', { state: 'idle' })).toBeUndefined();
	});

	it('counts retries, skipped retries, connects, refusals and lost log lines', async () => {
		const metrics = makeMetrics();
		metrics.retried('app', 'reset');
		metrics.retrySkipped('budget');
		metrics.connected('app', 0.0003);
		metrics.connectFailed('app');
		metrics.refused('head_timeout');
		metrics.watchLogDrops('access', () => 7);
		const { value } = await scrape(metrics);
		expect(value('outrigger_retries_total', { service: 'app', reason: 'reset' })).toBe(1);
		expect(value('outrigger_retries_skipped_total', { reason: 'budget' })).toBe(1);
		expect(value('outrigger_connect_duration_seconds_bucket', { service: 'app', le: '0.0005' })).toBe(1);
		expect(value('outrigger_connect_failures_total', { service: 'app' })).toBe(1);
		expect(value('outrigger_local_replies_total', { code: 'head_timeout' })).toBe(1);
		expect(value('outrigger_log_lines_dropped_total', { stream: 'access' })).toBe(7);
	});

	it('counts what authorization refuses, and would refuse, by side and route', async () => {
		const metrics = makeMetrics({ maxSeries: 3 });
		const series = metrics.routeSeries('inbound', 'reads');
		for (let i = 0; i < 2; i++) metrics.ended(exchangeRecord({ series, deniedBy: 'a', wouldBeDeniedBy: 'b, c' }));
		metrics.ended(exchangeRecord({ series: null, route: '', deniedBy: 'a' }));
		metrics.ended(exchangeRecord({ series }));
		metrics.connectionDenied('inbound', false);
		metrics.ended(exchangeRecord({ side: 'outbound', route: 'pay', wouldBeDeniedBy: 'b' }));
		const { value } = await scrape(metrics);
		const name = 'outrigger_authorization_denied_total';
		expect(value(name, { side: 'inbound', route: 'reads', dry_run: 'false' })).toBe(2);
		expect(value(name, { side: 'inbound', route: 'reads', dry_run: 'true' })).toBe(2);
		expect(value(name, { side: 'inbound', route: '', dry_run: 'false' })).toBe(2);
		expect(value(name, { side: '__other__' })).toBe(1);
		expect(value('outrigger_series_dropped_total', { metric: name })).toBe(1);
	});

	it('shows which file runs and how reloads went', async () => {
		const metrics = makeMetrics();
		metrics.config.started('aaa');
		metrics.config.rejected();
		metrics.config.accepted('bbb');
		const { value } = await scrape(metrics);
		expect(value('outrigger_config_info', { hash: 'bbb' })).toBe(1);
		expect(value('outrigger_config_info', { hash: 'aaa' })).toBeUndefined();
		expect(value('outrigger_config_reloads_total', { result: 'rejected' })).toBe(1);
		expect(value('outrigger_config_reloads_total', { result: 'accepted' })).toBe(1);
		expect(value('outrigger_config_last_success_timestamp_seconds')).toBe(Date.UTC(2026, 0, 1) / 1000);
	});

	it('has the standard metrics of the process', async () => {
		const { value } = await scrape(makeMetrics());
		expect(value('process_resident_memory_bytes')).toBeGreaterThan(10e6);
		expect(value('process_cpu_seconds_total')).toBeGreaterThan(0);
		expect(value('process_open_fds')).toBeGreaterThan(2);
		expect(value('process_max_fds')).toBeGreaterThan(2);
		expect(value('nodejs_heap_size_used_bytes')).toBeGreaterThan(1e6);
		expect(value('nodejs_version_info', { version: process.version })).toBe(1);
	});
});

describe('a scrape', () => {
	it('of thousands of series lets the event loop run between pieces', async () => {
		const turns = { count: 0 };
		const metrics = makeMetrics({}, turns);
		for (let i = 0; i < 2000; i++)
			metrics.ended(exchangeRecord({ series: metrics.routeSeries('inbound', `route-${i}`) }));
		let longest = 0;
		for await (const piece of metrics.pieces()) longest = Math.max(longest, piece.length);
		expect(turns.count).toBeGreaterThan(2000 / 64);
		expect(longest).toBeLessThan(512 * 1024);
	});

	it('has exactly the metrics that docs/metrics.md lists, with their types and labels', () => {
		const docs = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8');
		const rows = docs.matchAll(/^\| `([a-z_]+)` \| (counter|gauge|histogram) \| (.*?) \|/gm);
		const listed = [...rows].map(([, name, type, labels]) => ({
			name,
			type,
			labels: [...(labels ?? '').matchAll(/`([a-z_]+)`/g)].map((match) => match[1]),
		}));
		const istioLabels = listed.find(({ name }) => name === 'istio_requests_total')?.labels;
		const documented = listed.map((row) =>
			row.name?.startsWith('istio_') && row.labels.length === 0 ? { ...row, labels: istioLabels } : row,
		);
		const app = { origin: 'http://127.0.0.1:1', socket: '', path: '/metrics' };
		const registered = makeMetrics({ istio: true, app }).families();
		const byName = (a: { name?: string | undefined }, b: { name?: string | undefined }) =>
			String(a.name) < String(b.name) ? -1 : 1;
		expect(documented.sort(byName)).toEqual(registered.sort(byName));
	});
});

describe('the metrics of the app', () => {
	const servers: Server[] = [];
	const opened: Metrics[] = [];

	async function withApp(listener: RequestListener, timeoutMs?: number): Promise<Metrics> {
		const server = createServer(listener);
		servers.push(server);
		await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
		const { port } = server.address() as AddressInfo;
		const metrics = makeMetrics({
			app: {
				origin: `http://127.0.0.1:${port}`,
				socket: '',
				path: '/metrics',
				...(timeoutMs === undefined ? {} : { timeoutMs }),
			},
		});
		opened.push(metrics);
		return metrics;
	}

	afterEach(async () => {
		for (const metrics of opened.splice(0)) await metrics.close();
		for (const server of servers.splice(0)) {
			server.closeAllConnections();
			await new Promise((resolve) => server.close(resolve));
		}
	});

	it('follow ours; families that clash and lines that are no exposition are left out', async () => {
		const metrics = await withApp((request, response) => {
			expect(request.url).toBe('/metrics');
			response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' });
			response.end(
				'# HELP app_jobs_total Jobs.\n# TYPE app_jobs_total counter\napp_jobs_total{queue="a b\\"c"} 3 1700000000000\r\n' +
					`# TYPE ${DURATION} histogram\n${DURATION}_bucket{le="+Inf"} 9\n${DURATION}_count 9\n` +
					'process_cpu_seconds_total 5\nnot exposition at all\n{"a":1}\napp_x 1e-3 # {trace="1"} 2\napp_nan NaN\nbad{a="1"b="2"} 1\napp_last 7',
			);
		});
		metrics.ended(exchangeRecord());
		const text = await metrics.text();
		expect(text).toContain('app_jobs_total{queue="a b\\"c"} 3 1700000000000\n');
		const { value, types } = parseExposition(text.replace(' 1700000000000', ''));
		expect(types.get('app_jobs_total')).toBe('counter');
		expect(value(`${DURATION}_count`)).toBe(1);
		expect(value('app_x')).toBe(0.001);
		expect(value('app_nan')).toBeNaN();
		expect(value('app_last')).toBe(7);
		expect(text).not.toMatch(/^(bad|not|\{)/m);
		expect(value('outrigger_app_metrics_up')).toBe(1);
		const again = parseExposition((await metrics.text()).replace(' 1700000000000', ''));
		expect(again.value('outrigger_app_metrics_clashes_total', { metric: DURATION })).toBe(1);
		expect(again.value('outrigger_app_metrics_clashes_total', { metric: 'process_cpu_seconds_total' })).toBe(1);
	});

	it.each<[string, RequestListener]>([
		['answers an error', (_, response) => response.writeHead(500, { 'content-type': 'text/plain' }).end('app_x 1\n')],
		['answers a page', (_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<p>app_x 1')],
		['hangs up', (request) => request.socket.destroy()],
		[
			'answers too much',
			(_, response) => response.writeHead(200, { 'content-type': 'text/plain' }).end('app_x 1\n'.repeat(2_000_000)),
		],
	])('are absent when the app %s, and ours stay', async (_, listener) => {
		const metrics = await withApp(listener);
		const { value } = await scrape(metrics);
		expect(value('outrigger_app_metrics_up')).toBe(0);
		expect(value('app_x')).toBeUndefined();
		expect(value('http_server_active_requests')).toBe(0);
	});

	it('are given up after their time, and not asked for again at once while the app hangs', async () => {
		let asked = 0;
		const metrics = await withApp(() => asked++, 100);
		for (let i = 0; i < 5; i++) expect((await scrape(metrics)).value('outrigger_app_metrics_up')).toBe(0);
		expect(asked).toBe(3);
	});
});
