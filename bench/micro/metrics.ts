/**
 * What telemetry costs each finished exchange. `node bench/micro/metrics.ts`
 * Each line is the best of several rounds, which is the least disturbed one on a shared machine.
 */
import type { ExchangeRecord, RouteSeries } from '../../src/ports/telemetry.ts';
import { AccessLog } from '../../src/telemetry/access-log.ts';
import { Metrics } from '../../src/telemetry/metrics.ts';
import { PathTemplates } from '../../src/telemetry/path-templates.ts';
import { RecentHeads } from '../../src/telemetry/recent-heads.ts';

const ROUNDS = 12;
const ITERATIONS = 200_000;
const ROUTES = 8;

function run(name: string, fn: (i: number) => void): void {
	let best = Number.POSITIVE_INFINITY;
	for (let round = 0; round < ROUNDS; round++) {
		const start = process.hrtime.bigint();
		for (let i = 0; i < ITERATIONS; i++) fn(i);
		best = Math.min(best, Number(process.hrtime.bigint() - start) / ITERATIONS);
	}
	console.log(`${name.padEnd(52)} ${best.toFixed(0).padStart(6)} ns`);
}

function makeMetrics(istio: boolean): Metrics {
	const quiet = () => undefined;
	return new Metrics({
		workload: { name: 'orders', namespace: 'shop', version: 'v1' },
		settings: { maxSeries: 2000, istio, app: null },
		clock: { now: () => performance.now(), wall: () => Date.now() },
		breathe: () => new Promise((resolve) => setImmediate(resolve)),
		log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
		process,
	});
}

function record(series: RouteSeries | null, overrides: Partial<ExchangeRecord>): ExchangeRecord {
	return {
		series,
		route: series?.route ?? '',
		side: 'inbound',
		portService: '',
		service: 'app',
		method: 'GET',
		scheme: 'http',
		authority: 'orders.shop.svc',
		target: '/users/7?page=2',
		httpVersion: 11,
		status: 200,
		errorCode: '',
		errorDetail: '',
		flags: '',
		isLocalReply: false,
		requestBytes: 0,
		responseBytes: 100,
		startedAt: Date.now(),
		durationMs: 0.7,
		addedMs: 0.04,
		requestId: '7f9c2ba4-e88f-427d-96b1-2b7e8b0e3f11',
		traceId: '0af7651916cd43dd8448eb211c80319c',
		spanId: 'b7ad6b7169203331',
		peerAddress: '10.1.2.3',
		principal: '',
		deniedBy: '',
		wouldBeDeniedBy: '',
		clientAddress: '10.1.2.3',
		userAgent: 'curl/8.5',
		isTunnel: false,
		headText: 'GET /users/7?page=2 HTTP/1.1\r\nHost: orders.shop.svc\r\n\r\n',
		attempts: [
			{
				endpoint: '127.0.0.1:8080',
				isReused: true,
				isHedge: false,
				startMs: 0.1,
				connectMs: 0,
				firstByteMs: 0.6,
				outcome: 'ok',
				status: 200,
				durationMs: 0.7,
				backoffMs: 0,
			},
		],
		...overrides,
	};
}

/** Records of several routes, durations and outcomes, so that no branch and no slot is always the same. */
function mixed(metrics: Metrics, templates: PathTemplates | null): ExchangeRecord[] {
	return Array.from({ length: 64 }, (_, i) =>
		record(metrics.routeSeries('inbound', `route-${i % ROUTES}`, templates), {
			method: i % 5 === 0 ? 'POST' : 'GET',
			status: i % 16 === 0 ? 404 : 200,
			durationMs: 0.3 * 1.1 ** i,
		}),
	);
}

function benchRequests(name: string, istio: boolean, templates: readonly string[]): void {
	const metrics = makeMetrics(istio);
	const records = mixed(metrics, templates.length === 0 ? null : new PathTemplates(templates));
	run(name, (i) => {
		metrics.began('inbound');
		metrics.ended(records[i & 63] as ExchangeRecord);
	});
}

function benchAccessLog(): void {
	const line = record(null, {});
	let bytes = 0;
	const stream = { write: (text: string) => (bytes += text.length) };
	const random = { next: () => 0.5, hex: () => '', uuid: () => '' };
	const redact = { headers: [], query: ['token', 'key', 'password'] };
	for (const format of ['json', 'combined'] as const) {
		const log = new AccessLog({
			workload: { name: 'orders', namespace: 'shop', version: 'v1' },
			settings: { format, when: 'all', sample: 0, redact, configHash: 'abcdef012345' },
			stream,
			random,
		});
		run(`access log line, ${format}`, () => log.write(line));
	}
}

/** Texts of their own, as the codec makes one of each head. */
function benchRecentHeads(): void {
	const heads = new RecentHeads();
	const bytes = Buffer.from(record(null, {}).headText + 'x-filler: 0123456789\r\n'.repeat(10));
	const records = Array.from({ length: 4096 }, () => record(null, { headText: bytes.toString('latin1') }));
	run('recent head kept', (i) => heads.record(records[i & 4095] as ExchangeRecord));
}

async function benchScrape(series: number): Promise<void> {
	const metrics = makeMetrics(false);
	for (let i = 0; i < series; i++) metrics.ended(record(metrics.routeSeries('inbound', `/route/${i}`), {}));
	await metrics.text();
	let longest = 0;
	let bytes = 0;
	const start = performance.now();
	let before = start;
	for await (const piece of metrics.pieces()) {
		bytes += piece.length;
		longest = Math.max(longest, performance.now() - before);
		before = performance.now();
	}
	const total = (before - start).toFixed(1);
	console.log(
		`scrape of ${series} series, ${(bytes / 1e6).toFixed(1)} MB: ${total} ms, longest step ${longest.toFixed(2)} ms`,
	);
}

benchRequests('ended exchange, metrics', false, []);
benchRequests('ended exchange, metrics with path templates', false, ['/orders/{id}', '/users/{id}']);
benchRequests('ended exchange, metrics with Istio', true, []);
benchAccessLog();
benchRecentHeads();
await benchScrape(2000);
