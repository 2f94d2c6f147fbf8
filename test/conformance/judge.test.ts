/** The runner on a small suite of our own: it needs no other files, and what it must find wrong is in there. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Cluster } from './cluster.ts';
import { judge } from './judge.ts';
import { roundTrip } from './round-trip.ts';
import type { ConformanceCase, ConformanceSuite, ConformanceTest, Expectation, Manifest } from './suite.ts';

const NAMESPACE = 'infra';
const GATEWAY: Manifest = {
	apiVersion: 'gateway.networking.k8s.io/v1',
	kind: 'Gateway',
	metadata: { name: 'shared', namespace: NAMESPACE },
	spec: { listeners: [{ name: 'http', port: 80, protocol: 'HTTP' }] },
};

function backend(name: string, replicas: number): Manifest[] {
	const labels = { app: name };
	const metadata = { name, namespace: NAMESPACE };
	return [
		{ apiVersion: 'v1', kind: 'Service', metadata, spec: { selector: labels, ports: [{ port: 8080 }] } },
		{
			apiVersion: 'apps/v1',
			kind: 'Deployment',
			metadata,
			spec: { replicas, template: { metadata: { labels }, spec: { containers: [] } } },
		},
	];
}

function route(rules: readonly object[]): Manifest {
	const spec = { parentRefs: [{ name: 'shared' }], rules };
	return {
		apiVersion: 'gateway.networking.k8s.io/v1',
		kind: 'HTTPRoute',
		metadata: { name: 'route', namespace: NAMESPACE },
		spec: spec as NonNullable<Manifest['spec']>,
	};
}

function testOf(rules: readonly object[], cases: readonly Partial<ConformanceCase>[]): ConformanceTest {
	return {
		short_name: 'Own',
		kind: 'data-plane',
		features: ['Gateway'],
		manifest_docs: { 'own.yaml': [route(rules)] },
		cases: cases.map((one, index) => ({
			id: `Own/${index}`,
			proto: 'http',
			target: { gateway: 'shared', namespace: NAMESPACE, listeners: [] },
			...one,
		})),
	};
}

/** Asks for a path, and expects this of the answer. */
function get(path: string, more: Expectation): Partial<ConformanceCase> {
	const forwarded_request = { host: null, path, method: 'GET', headers: {}, absent_headers: [] };
	return { request: { method: 'GET', path }, expect: { forwarded_request, namespace: NAMESPACE, ...more } };
}

const TO_V1 = { backendRefs: [{ name: 'v1', port: 8080 }] };

function mirrored(value: string, more: object): object {
	const filters = [{ type: 'RequestMirror', requestMirror: { backendRef: { name: 'v2', port: 8080 }, ...more } }];
	return { matches: [{ path: { type: 'PathPrefix', value } }], filters, ...TO_V1 };
}

describe('the runner', () => {
	const suite: ConformanceSuite = {
		meta: { repo: '', commit: '', licence: '' },
		base_manifests: [GATEWAY, ...backend('v1', 2), ...backend('v2', 1)],
		mesh_manifests: [],
		tests: [],
	};
	let cluster: Cluster;

	beforeAll(async () => {
		cluster = await Cluster.start(suite);
	});

	afterAll(() => cluster.stop());

	async function outcomes(rules: readonly object[], cases: readonly Partial<ConformanceCase>[]): Promise<string[]> {
		const verdicts = await judge(testOf(rules, cases), { suite, cluster }, 3);
		return verdicts.map(({ outcome, detail }) => (detail === '' ? outcome : `${outcome}: ${detail}`));
	}

	it('tells what is as expected from what is not', async () => {
		expect(
			await outcomes(
				[{ matches: [{ path: { type: 'PathPrefix', value: '/a' } }], ...TO_V1 }],
				[
					get('/a', { status_any_of: [200], backend_prefix: 'v1' }),
					get('/a', { status_any_of: [200], backend_prefix: 'v2' }),
					get('/b', { status_any_of: [404] }),
					get('/a', { must_not_be_status: 200 }),
				],
			),
		).toEqual([
			'passed',
			expect.stringMatching(/^failed: backend `v1-[01]`, not `v2`$/),
			'passed',
			'failed: status 200, not a failure',
		]);
	});

	it('does not pass over what it cannot send', async () => {
		expect(
			await outcomes(
				[TO_V1],
				[
					{ ...get('/', {}), upstream_args: ['clientCertPem'] },
					{ proto: 'tcp' },
					{ ...get('/', {}), proto: undefined },
				],
			),
		).toEqual(['notRun: it shows a client certificate', 'notRun: it is not HTTP', 'notRun: it sends nothing']);
	});

	it.each<[string, object]>([
		['`client` is not known here', { client: 'consumer' }],
		['`request.trailers` is not known here', { request: { path: '/', trailers: { a: 'b' } } }],
		['`expect.response_protocol` is not known here', { expect: { response_protocol: 'HTTP/2.0' } }],
		['`expect.forwarded_request.http_port` is not known here', { expect: { forwarded_request: { http_port: '1' } } }],
	])('does not pass over what it does not know: %s', async (reason, more) => {
		expect(await outcomes([TO_V1], [{ ...get('/', {}), ...more }])).toEqual([`notRun: ${reason}`]);
	});

	it('does not pass over a test without cases', async () => {
		expect(await outcomes([TO_V1], [])).toEqual(['notRun: there is nothing to try']);
	});

	it('takes unknown parts that are empty as asking for nothing', async () => {
		const one = { ...get('/', { status_any_of: [200] }), client: null, extra: {} };
		expect(await outcomes([TO_V1], [one])).toEqual(['passed']);
	});

	it('fails all cases of a test whose documents are refused', async () => {
		const [verdict] = await outcomes([{ ...TO_V1, matches: 'none' }], [get('/', { status_any_of: [200] })]);
		expect(verdict).toMatch(/^failed: Error: /);
	});

	it('looks for the copies of mirrored requests', async () => {
		const mirrored_to = [{ name: 'v2', namespace: NAMESPACE }];
		expect(
			await outcomes(
				[
					mirrored('/all', {}),
					mirrored('/some', { percent: 20 }),
					mirrored('/third', { fraction: { numerator: 1, denominator: 3 } }),
				],
				[
					get('/all', { status_any_of: [200], backend_prefix: 'v1', mirrored_to }),
					get('/some', { status_any_of: [200], backend_prefix: 'v1', mirrored_to }),
					get('/third', { status_any_of: [200], backend_prefix: 'v1', mirrored_to }),
				],
			),
		).toEqual(['passed', 'passed', 'passed']);
	});

	it('finds a share that is none of the weights', async () => {
		const expected_weights = { v1: 0.7, v2: 0.3 };
		const split = (a: number, b: number): object => ({
			backendRefs: [
				{ name: 'v1', port: 8080, weight: a },
				{ name: 'v2', port: 8080, weight: b },
			],
		});
		expect(await outcomes([split(7, 3)], [{ ...get('/', {}), expected_weights }])).toEqual(['passed']);
		expect(await outcomes([split(1, 1)], [{ ...get('/', {}), expected_weights }])).toEqual([
			expect.stringMatching(/^failed: `v1` got 0\.\d+ of all, not 0\.7$/),
		]);
	});
});

describe('the echo server', () => {
	let cluster: Cluster;

	beforeAll(async () => {
		cluster = await Cluster.start({
			meta: { repo: '', commit: '', licence: '' },
			base_manifests: backend('v1', 1),
			mesh_manifests: [],
			tests: [],
		});
	});

	afterAll(() => cluster.stop());

	function ask(path: string, headers: Record<string, string> = {}): Promise<Awaited<ReturnType<typeof roundTrip>>> {
		const port = cluster.pods[0]?.port ?? 0;
		return roundTrip({ port, method: 'GET', host: 'a.example', path, headers, body: null, agent: false, tls: null });
	}

	it('tells what it got, and sets the headers that it is asked for', async () => {
		const { status, headers, echo } = await ask('/a?b', { 'X-One': '1', 'X-Echo-Set-Header': 'x-a:1,X-B:2' });
		expect({ status, a: headers['x-a'], b: headers['x-b'] }).toEqual({ status: 200, a: '1', b: '2' });
		expect(echo).toMatchObject({ path: '/a?b', host: 'a.example', method: 'GET', namespace: NAMESPACE, pod: 'v1-0' });
		expect(echo?.headers['x-one']).toEqual(['1']);
	});

	it('answers with a status, and after a while', async () => {
		expect((await ask('/status/418')).status).toBe(418);
		const start = performance.now();
		await ask('/?delay=30ms');
		expect(performance.now() - start).toBeGreaterThan(25);
	});

	it('fails as often as it is asked to, by status or by a reset', async () => {
		expect((await ask('/retry/?uuid=1&succeedAfter=1&responseCode=502')).status).toBe(502);
		expect((await ask('/retry/?uuid=1&succeedAfter=1&responseCode=502')).status).toBe(200);
		await expect(ask('/retry/?uuid=2&succeedAfter=1')).rejects.toThrow('ECONNRESET');
		expect((await ask('/retry/?uuid=2&succeedAfter=1')).status).toBe(200);
	});
});
