import { describe, expect, it } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { formatIssue } from '../../src/config/issue.ts';
import { parseConfig } from '../../src/config/parse-config.ts';
import type { ServiceConfig } from '../../src/config/service-config.ts';

function config(yaml: string): Config {
	const text = `app: { port: 8080 }\ninbound: { listen: 8000, routes: [{ name: reads }] }\n${yaml}`;
	const result = parseConfig(text, 'orders.yaml', () => undefined);
	if (!result.ok) throw new Error(result.issues.map((issue) => formatIssue(issue)).join('\n'));
	return result.config;
}

function serviceOf(yaml: string): ServiceConfig {
	const [service] = config(`services:\n  payments: ${yaml}\n`).services;
	if (service === undefined) throw new Error('no service');
	return service;
}

describe('a service', () => {
	it('has defaults for everything but its endpoints', () => {
		expect(serviceOf('{ endpoints: [{ address: "10.0.0.7:8443" }] }')).toEqual({
			name: 'payments',
			hostnames: [],
			ports: {},
			protocol: 'auto',
			listen: null,
			source: null,
			endpoints: [{ host: '10.0.0.7', port: 8443, weight: 1, zone: '', labels: {}, identity: '' }],
			subsets: {},
			subsetServices: {},
			policy: {
				connect: { timeout: 5000, idle: 0, maxConnections: 1024, maxRequestsPerConnection: 0, maxAge: 0 },
				limits: { requests: 1024, pending: 1024, retries: 0 },
				circuitBreaker: {
					errorThresholdPercentage: 50,
					volumeThreshold: 20,
					rollingCountTimeout: 10_000,
					resetTimeout: 5000,
					failures: ['connect', 'reset', 'timeout', 'malformed'],
				},
				retryBudget: { percent: 20, minPerSecond: 10 },
				loadBalancer: { policy: 'leastRequest', hash: { by: 'sourceIp' }, slowStart: 0, zone: 'any' },
				outlierDetection: {
					consecutiveErrors: 5,
					successRate: null,
					interval: 10_000,
					baseEjection: 30_000,
					maxEjection: 300_000,
					maxEjectionPercent: 50,
				},
				healthCheck: null,
				tls: { mode: 'auto', sni: '', subjectAltNames: [], trustBundle: '', caPem: '' },
			},
			at: { file: 'orders.yaml', line: 4, column: 3 },
		});
	});

	it('takes every key', () => {
		const service = serviceOf(`
    hostnames: [Payments., payments, payments.shop.svc]
    ports: { http: 80, admin: "8081" }
    protocol: http1
    endpoints:
      - { address: "payments-0:8443", weight: 2, zone: a, labels: { app.kubernetes.io/version: v1 } }
    subsets: { old: { app.kubernetes.io/version: v1 }, all: {} }
    connect: { timeout: 2s }
    circuitBreaker: off`);
		expect(service).toMatchObject({
			hostnames: ['payments', 'payments.shop.svc'],
			ports: { http: 80, admin: 8081 },
			protocol: 'http1',
			endpoints: [
				{ host: 'payments-0', port: 8443, weight: 2, zone: 'a', labels: { 'app.kubernetes.io/version': 'v1' } },
			],
			subsets: { old: { 'app.kubernetes.io/version': 'v1' }, all: {} },
			policy: { connect: { timeout: 2000, maxConnections: 1024 }, circuitBreaker: null },
		});
	});

	it.each([
		['10.0.0.7:80', '10.0.0.7', 80],
		['[::1]:8443', '::1', 8443],
		['localhost:1', 'localhost', 1],
		['payments-0.payments.shop.svc:65535', 'payments-0.payments.shop.svc', 65_535],
	])('is at %s', (address, host, port) => {
		expect(serviceOf(`{ endpoints: [{ address: "${address}" }] }`).endpoints).toMatchObject([{ host, port }]);
	});

	it('may be in the order of the file, under any name but that of the app', () => {
		const { services } = config(
			'services: { b.shop: { endpoints: [] }, a_1: { endpoints: [] }, constructor: { endpoints: [] } }\n',
		);
		expect(services.map(({ name }) => name)).toEqual(['b.shop', 'a_1', 'constructor']);
	});

	it.each([
		['another address of the machine', '{ endpoints: [{ address: "10.0.0.1:8000" }] }'],
		['the port of the app', '{ endpoints: [{ address: "127.0.0.1:8080" }] }'],
	])('may be at %s', (_, yaml) => {
		expect(() => serviceOf(yaml)).not.toThrow();
	});
});

describe('outbound', () => {
	it('is not there by default', () => {
		expect(config('').outbound).toBeNull();
		expect(config('outbound:\n').outbound).toBeNull();
	});

	it('goes by host when it has no rules', () => {
		const { outbound, outboundFallback } = config('outbound: { listen: 127.0.0.1:15001 }\n');
		expect(outbound).toMatchObject({
			listen: { host: '127.0.0.1', port: 15_001 },
			unknownHosts: 'passthrough',
			routes: [],
		});
		expect(outboundFallback).toMatchObject({ isByHost: true, backendRefs: [], retry: { codes: [502, 503, 504] } });
	});

	it.each(['localhost:1', '127.9.9.9:1', '"[::1]:1"', '{ host: 127.0.0.1, port: 1 }'])('listens on %s', (listen) => {
		expect(() => config(`outbound: { listen: ${listen} }\n`)).not.toThrow();
	});

	it('listens on every address when it is said to be open', () => {
		expect(config('outbound: { listen: 15001, open: true }\n').outbound?.listen).toEqual({ host: '', port: 15_001 });
	});

	it('has names of its own for its rules', () => {
		expect(() => config('outbound: { listen: 127.0.0.1:1, routes: [{ name: reads }] }\n')).not.toThrow();
	});
});

describe('tests', () => {
	it('have defaults for their request', () => {
		expect(config('tests: [{ expect: { route: reads } }]\n').tests).toEqual([
			{
				name: 'tests[0]',
				request: { side: 'inbound', method: 'GET', host: 'localhost', path: '/', headers: [] },
				expect: { route: 'reads', backend: null, status: null },
				at: { file: 'orders.yaml', line: 3, column: 9 },
			},
		]);
	});

	it('take every key', () => {
		const yaml = `tests:
  - name: a name
    request: { side: outbound, method: PUT, host: "Payments:80", path: "/a?b=c", headers: { X-A: b } }
    expect: { route: "", backend: payments/canary, status: 502 }
`;
		expect(config(yaml).tests).toMatchObject([
			{
				name: 'a name',
				request: {
					side: 'outbound',
					method: 'PUT',
					host: 'payments:80',
					path: '/a?b=c',
					headers: [{ name: 'x-a', value: 'b' }],
				},
				expect: { route: '', backend: 'payments/canary', status: 502 },
			},
		]);
	});

	it('may expect a rule without a name by its path', () => {
		const yaml = 'outbound: { listen: 127.0.0.1:1, routes: [{ matches: [{ path: "= /a" }] }] }\n';
		const test = 'tests: [{ request: { side: outbound, path: /a }, expect: { route: /a } }]\n';
		expect(() => config(yaml + test)).not.toThrow();
	});
});

describe('where endpoints come from', () => {
	it.each([
		[
			'a name',
			'dns: { name: a.shop.svc, port: 80 }',
			{ is: 'dns', name: 'a.shop.svc', port: 80, refresh: 5000, type: 'A' },
		],
		[
			'records with ports',
			'dns: { name: _http._tcp.a., type: SRV, refresh: 1m }',
			{ is: 'dns', name: '_http._tcp.a.', port: 0, refresh: 60_000, type: 'SRV' },
		],
		['a file', 'file: a/b.yaml', { is: 'file', path: 'a/b.yaml' }],
		['a Service', 'kubernetes: { service: a }', { is: 'kubernetes', service: 'a', namespace: 'default', port: '' }],
		[
			'a Service of another namespace',
			'kubernetes: { service: a, namespace: b, port: 80 }',
			{ is: 'kubernetes', service: 'a', namespace: 'b', port: '80' },
		],
		[
			'a Service with a named port',
			'kubernetes: { service: a, port: http-2 }',
			{ is: 'kubernetes', service: 'a', namespace: 'default', port: 'http-2' },
		],
		['the list itself', 'endpoints: []', null],
	])('is %s', (_, yaml, source) => {
		expect(serviceOf(`{ ${yaml} }`)).toMatchObject({ source, endpoints: [] });
	});

	it("is the app's own namespace unless another is written", () => {
		const text =
			'app: { port: 1, namespace: shop }\ninbound: { listen: 2 }\nservices: { a: { kubernetes: { service: b } } }\n';
		const parsed = parseConfig(text, 'orders.yaml', () => undefined);
		expect(parsed.ok && parsed.config.services[0]?.source).toMatchObject({ namespace: 'shop' });
	});

	it('gives subsets of a cluster by their Service, and elsewhere by labels', () => {
		const subsets = 'subsets: { canary: { service: b }, old: { version: v1 } }';
		expect(serviceOf(`{ kubernetes: { service: a }, ${subsets} }`)).toMatchObject({
			subsets: { old: { version: 'v1' } },
			subsetServices: { canary: 'b' },
		});
		expect(serviceOf(`{ file: a.yaml, ${subsets} }`)).toMatchObject({
			subsets: { canary: { service: 'b' }, old: { version: 'v1' } },
			subsetServices: {},
		});
	});

	it('lets rules mean a subset that is a Service', () => {
		const yaml = `services: { a: { kubernetes: { service: a }, subsets: { b: { service: c } } } }
outbound: { listen: 127.0.0.1:1, routes: [{ backendRefs: [{ name: a/b }] }] }
`;
		expect(config(yaml).outbound?.routes[0]?.backendRefs).toMatchObject([{ service: 'a', subset: 'b', invalid: '' }]);
	});
});

it('gives a service a port of its own', () => {
	const listen = (text: string) => serviceOf(`{ endpoints: [], listen: ${text} }`).listen;
	expect(listen('127.0.0.1:7001')).toEqual({ host: '127.0.0.1', port: 7001 });
	expect(listen('localhost:0')).toEqual({ host: 'localhost', port: 0 });
	expect(listen('{ host: "::1", port: 7001 }')).toEqual({ host: '::1', port: 7001 });
});

describe('how a service is called', () => {
	const policyOf = (yaml: string) => serviceOf(`{ endpoints: [], ${yaml} }`).policy;

	it.each([
		['policy: peakEwma, slowStart: 30s, zone: prefer', { policy: 'peakEwma', slowStart: 30_000, zone: 'prefer' }],
		['policy: ringHash', { policy: 'ringHash', hash: { by: 'sourceIp' } }],
		['policy: maglev, hash: sourceIp', { policy: 'maglev', hash: { by: 'sourceIp' } }],
		['policy: maglev, hash: { header: X-User }', { hash: { by: 'header', name: 'x-user' } }],
		['policy: ringHash, hash: { cookie: Sid }', { hash: { by: 'cookie', name: 'Sid' } }],
		['policy: ringHash, hash: { query: "user id" }', { hash: { by: 'query', name: 'user id' } }],
	])('chooses by { %s }', (yaml, balancer) => {
		expect(policyOf(`loadBalancer: { ${yaml} }`).loadBalancer).toMatchObject(balancer);
	});

	it.each([
		['off', null],
		['{}', { consecutiveErrors: 5, successRate: null }],
		['{ successRate: {} }', { successRate: { below: 0.8, window: 10_000, minRequests: 20 } }],
		['{ consecutiveErrors: 0, successRate: { below: "0.5" } }', { consecutiveErrors: 0, successRate: { below: 0.5 } }],
		['{ maxEjectionPercent: 10% }', { maxEjectionPercent: 10, baseEjection: 30_000 }],
	])('leaves out endpoints by %s', (yaml, detection) => {
		const { outlierDetection } = policyOf(`outlierDetection: ${yaml}`);
		if (detection === null) expect(outlierDetection).toBeNull();
		else expect(outlierDetection).toMatchObject(detection);
	});

	const TIMES = { interval: 5000, timeout: 1000, healthy: 1, unhealthy: 3 };
	it.each([
		['off', null],
		['{ path: "/healthz?a=b" }', { ...TIMES, probe: { is: 'http', path: '/healthz?a=b', from: 200, to: 299 } }],
		['{ path: /, expect: 204 }', { ...TIMES, probe: { is: 'http', path: '/', from: 204, to: 204 } }],
		['{ path: /, expect: 200-399 }', { ...TIMES, probe: { is: 'http', path: '/', from: 200, to: 399 } }],
		['{ grpc: "" }', { ...TIMES, probe: { is: 'grpc', service: '' } }],
		['{ grpc: shop.v1.Payments }', { ...TIMES, probe: { is: 'grpc', service: 'shop.v1.Payments' } }],
		[
			'{ tcp: true, interval: 1s, timeout: 200ms, healthy: 2, unhealthy: 1 }',
			{ probe: { is: 'tcp' }, interval: 1000, timeout: 200, healthy: 2, unhealthy: 1 },
		],
	])('asks endpoints by %s', (yaml, check) => {
		expect(policyOf(`healthCheck: ${yaml}`).healthCheck).toEqual(check);
	});

	it('is said of the app only as far as it is one endpoint', () => {
		const text = 'app: { port: 1 }\ninbound: { listen: 2, service: { outlierDetection: off, healthCheck: off } }\n';
		const parsed = parseConfig(text, 'orders.yaml', () => undefined);
		expect(parsed.ok && parsed.config.inbound.service).toMatchObject({ outlierDetection: null, healthCheck: null });
	});
});

describe('calls of the app', () => {
	const outbound = (yaml: string) => config(`outbound: { listen: 127.0.0.1:1, ${yaml} }\n`);

	it('take over deadlines and ends as the file has it', () => {
		expect(outbound('').outboundDeadlines).toEqual({ inherit: 'explicit', cancel: 'safe' });
		expect(outbound('deadlines: { inherit: always }').outboundDeadlines).toEqual({ inherit: 'always', cancel: 'safe' });
		expect(outbound('deadlines: { cancel: off }').outboundDeadlines).toEqual({ inherit: 'explicit', cancel: 'off' });
	});

	it.each([
		['{}', { after: 'p95', max: 1, budgetPercent: 5 }],
		['{ after: 50ms, max: 2, budgetPercent: 0.5% }', { after: 50, max: 2, budgetPercent: 0.5 }],
	])('are hedged by %s', (yaml, hedge) => {
		expect(outbound(`routes: [{ hedge: ${yaml} }]`).outbound?.routes[0]?.hedge).toEqual(hedge);
	});

	it('are not hedged by default', () => {
		expect(config('').outboundFallback.hedge).toBeNull();
	});

	it('may be hedged inbound when the app is none of the backends', () => {
		const text = `app: { port: 1 }
services: { a: { endpoints: [] } }
inbound: { listen: 2, routes: [{ hedge: {}, backendRefs: [{ name: a }, { name: app, weight: 0 }] }] }
`;
		expect(parseConfig(text, 'orders.yaml', () => undefined).ok).toBe(true);
	});
});
