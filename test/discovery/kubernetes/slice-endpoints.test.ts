import { describe, expect, it } from 'vitest';
import { readSlice, type Slice } from '../../../src/discovery/kubernetes/slice.ts';
import { endpointsOf, isSame } from '../../../src/discovery/kubernetes/slice-endpoints.ts';
import { endpointSlice, type PlannedEndpoint, type PlannedSlice } from '../../support/endpoint-slice.ts';

const breathe = () => Promise.resolve();
let made = 0;

function planned(plan: Partial<PlannedSlice>): Slice {
	const slice = readSlice(endpointSlice({ name: `payments-${made++}`, service: 'payments', endpoints: null, ...plan }));
	if (slice === null) throw new Error('the plan is no slice');
	return slice;
}

async function evaluated(plans: readonly Partial<PlannedSlice>[], port = '', family: 'IPv4' | 'IPv6' = 'IPv4') {
	const { endpoints, problem } = await endpointsOf(plans.map(planned), port, family, breathe);
	return { addresses: endpoints.map(({ host, port: number }) => `${host}:${number}`), problem };
}

async function addresses(plans: readonly Partial<PlannedSlice>[], port = '', family: 'IPv4' | 'IPv6' = 'IPv4') {
	return (await evaluated(plans, port, family)).addresses;
}

describe('conditions', () => {
	const unready: PlannedEndpoint = { address: '10.1.0.1', ready: false };
	const leaving: PlannedEndpoint = { address: '10.1.0.2', ready: false, serving: true, terminating: true };
	const gone: PlannedEndpoint = { address: '10.1.0.3', ready: false, serving: false, terminating: true };
	const ready: PlannedEndpoint = { address: '10.1.0.4' };
	const unknown: PlannedEndpoint = { address: '10.1.0.5', ready: null };
	const published: PlannedEndpoint = { address: '10.1.0.6', ready: true, serving: true, terminating: true };
	const cases: readonly (readonly [string, readonly PlannedEndpoint[], readonly string[]])[] = [
		['who is ready', [unready, ready, gone], ['10.1.0.4:8080']],
		['who leaves is left out while somebody is ready', [leaving, ready], ['10.1.0.4:8080']],
		['who leaves but answers, when nobody is ready', [leaving, unready, gone], ['10.1.0.2:8080']],
		['of whom nothing is known counts as ready', [unknown, leaving], ['10.1.0.5:8080']],
		['what is published without regard to readiness is ready', [published, leaving], ['10.1.0.6:8080']],
		['nobody', [unready, gone], []],
	];
	it.each(cases)('%s', async (_name, endpoints, wanted) => {
		expect(await addresses([{ endpoints }])).toEqual(wanted);
	});

	it('hold for the whole service, not for each slice', async () => {
		expect(await addresses([{ endpoints: [leaving] }, { endpoints: [ready] }])).toEqual(['10.1.0.4:8080']);
	});

	it('of a pod that is in two slices: ready in one is ready', async () => {
		const moving = { ...leaving, address: ready.address };
		expect(await addresses([{ endpoints: [moving] }, { endpoints: [ready] }])).toEqual(['10.1.0.4:8080']);
	});
});

describe('ports', () => {
	const endpoints = [{ address: '10.1.0.1' }];
	const http = { name: 'http', port: 8080 };
	const grpc = { name: 'grpc', port: 9090 };
	const cases: readonly (readonly [
		string,
		NonNullable<PlannedSlice['ports']> | null,
		string,
		readonly string[],
		RegExp,
	])[] = [
		['the only one', [http], '', ['10.1.0.1:8080'], /^$/],
		['the only one without a name', [{ port: 80 }], '', ['10.1.0.1:80'], /^$/],
		['by name', [http, grpc], 'grpc', ['10.1.0.1:9090'], /^$/],
		['by number', [http, grpc], '8080', ['10.1.0.1:8080'], /^$/],
		['by a name that is a number', [{ name: '8080', port: 1 }, http], '8080', ['10.1.0.1:1'], /^$/],
		['any, as the slice leaves it open', [{ name: 'any' }], '7070', ['10.1.0.1:7070'], /^$/],
		['UDP beside it does not count', [http, { name: 'dns', port: 53, protocol: 'UDP' }], '', ['10.1.0.1:8080'], /^$/],
		['none is said of several', [http, grpc], '', [], /several ports \(http \(8080\), grpc \(9090\)\)/],
		['an unknown name', [http], 'htp', [], /no endpoint has a TCP port `htp`.*did you mean `http`\?/],
		['the port of the Service in place of that of the pods', [http], '80', [], /the pods' ports are http \(8080\)$/],
		['a number that is none', [http], '99999', [], /no endpoint has a TCP port/],
		['UDP alone', [{ name: 'dns', port: 53, protocol: 'UDP' }], 'dns', [], /no TCP port/],
		['no ports', null, 'http', [], /no TCP port/],
		['left open and not said', [{ name: 'any' }], '', [], /leave their port open/],
	];
	it.each(cases)('%s', async (_name, ports, port, wanted, problem) => {
		const found = await evaluated([{ endpoints, ports }], port);
		expect(found.addresses).toEqual(wanted);
		expect(found.problem).toMatch(problem);
	});

	it('of one name may differ from pod to pod', async () => {
		const plans = [
			{ endpoints, ports: [http] },
			{ endpoints: [{ address: '10.1.0.2' }], ports: [{ name: 'http', port: 8081 }] },
		];
		expect(await addresses(plans, 'http')).toEqual(['10.1.0.1:8080', '10.1.0.2:8081']);
		expect(await addresses(plans)).toEqual(['10.1.0.1:8080', '10.1.0.2:8081']);
		expect(await addresses(plans, '8081')).toEqual(['10.1.0.2:8081']);
	});

	it('of pods that do not have it are left out, those of others stay', async () => {
		const plans = [
			{ endpoints, ports: [http] },
			{ endpoints: [{ address: '10.1.0.2' }], ports: [grpc] },
		];
		expect(await evaluated(plans, 'grpc')).toEqual({ addresses: ['10.1.0.2:9090'], problem: '' });
		expect((await evaluated(plans)).problem).toMatch(/several ports/);
	});

	it('of a Service without pods are no problem', async () => {
		expect(await evaluated([{ endpoints: null, ports: null }], 'http')).toEqual({ addresses: [], problem: '' });
		expect(await evaluated([], 'http')).toEqual({ addresses: [], problem: '' });
	});
});

describe('addresses', () => {
	const v4 = { endpoints: [{ address: '10.1.0.1', pod: 'a' }] };
	const v6: Partial<PlannedSlice> = { addressType: 'IPv6', endpoints: [{ address: 'fd00::1', pod: 'a' }] };

	it('of a dual-stack service are those of one family, and of the other where there are none', async () => {
		expect(await addresses([v4, v6])).toEqual(['10.1.0.1:8080']);
		expect(await addresses([v4, v6], '', 'IPv6')).toEqual(['fd00::1:8080']);
		expect(await addresses([v4], '', 'IPv6')).toEqual(['10.1.0.1:8080']);
		const leaving = { endpoints: [{ address: '10.1.0.1', ready: false, serving: true, terminating: true }] };
		expect(await addresses([leaving, v6])).toEqual(['fd00::1:8080']);
	});

	it('are the first ones of each endpoint, once, in order', async () => {
		const endpoints = ['10.1.0.9', '10.1.0.10', '10.1.0.9'].map((address) => ({ address }));
		expect(await addresses([{ endpoints }, { endpoints }])).toEqual(['10.1.0.10:8080', '10.1.0.9:8080']);
	});

	it('of no address, and of another family than the slice says, are left out', () => {
		const bad = ['', 'localhost', '10.1.0.300', 'fd00::1'].map((address) => ({ address }));
		expect(planned({ endpoints: bad }).endpoints).toEqual([]);
	});
});

describe('what is no slice', () => {
	it.each([null, 1, 'x', [], {}, { metadata: null }, { metadata: { name: 'a' } }, { addressType: 'IPv4' }])(
		'%j',
		(value) => {
			expect(readSlice(value)).toBe(null);
		},
	);

	it('fields of another shape are as good as absent', () => {
		const odd = {
			metadata: { name: 'a', labels: [] },
			addressType: 'IPv4',
			ports: [{ port: '80' }, null],
			endpoints: [
				null,
				{ addresses: '10.0.0.1' },
				{ addresses: [1] },
				{ addresses: ['10.0.0.2'], conditions: [], zone: 1 },
			],
		};
		const endpoints = [{ address: '10.0.0.2', isReady: true, zone: '', labels: {} }];
		const ports = [
			{ name: '', port: 0 },
			{ name: '', port: 0 },
		];
		expect(readSlice(odd)).toEqual({ name: 'a', service: '', addressType: 'IPv4', ports, endpoints });
	});
});

it('two lists are the same when every word of them is', async () => {
	const list = async (endpoint: PlannedEndpoint) =>
		(await endpointsOf([planned({ endpoints: [endpoint] })], '', 'IPv4', breathe)).endpoints;
	const base = { address: '10.0.0.1', zone: 'a', pod: 'p', node: 'n' };
	expect(isSame(await list(base), await list(base))).toBe(true);
	for (const change of [{ address: '10.0.0.2' }, { zone: 'b' }, { pod: 'q' }, { node: 'm' }]) {
		expect(isSame(await list(base), await list({ ...base, ...change }))).toBe(false);
	}
	expect(isSame([], await list(base))).toBe(false);
});
