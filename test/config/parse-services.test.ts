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
			endpoints: [{ host: '10.0.0.7', port: 8443, weight: 1, zone: '', labels: {} }],
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
		const outbound = config('outbound: { listen: 127.0.0.1:15001 }\n').outbound;
		expect(outbound).toMatchObject({
			listen: { host: '127.0.0.1', port: 15_001 },
			unknownHosts: 'passthrough',
			routes: [],
			fallback: { isByHost: true, backendRefs: [], retry: { codes: [502, 503, 504] } },
		});
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
