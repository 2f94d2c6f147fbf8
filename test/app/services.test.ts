import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { objectPieces } from '../../src/app/json-pieces.ts';
import type { Services } from '../../src/app/services.ts';
import type { EndpointSink } from '../../src/ports/endpoint-source.ts';
import type { Service } from '../../src/proxy/service.ts';
import { destinationsOf, RunningServices, target } from './running-services.ts';

let running: RunningServices;

beforeEach(() => {
	running = new RunningServices();
});

afterEach(() => running.stop());

const A = { address: '10.0.0.1:80' };
const B = { address: '10.0.0.2:80' };
const C = { address: '10.0.0.3:80' };

function payments(endpoints: object[], more: object = {}): object {
	return { services: { payments: { endpoints, ...more } } };
}

function serviceOf(services: Services, name = 'payments'): Service {
	const { service } = services.backendOf(target({ service: name }));
	if (service === null) throw new Error(`${name} leads nowhere`);
	return service;
}

function addresses(services: Services, parts: Parameters<typeof target>[0] = {}): string[] {
	return services.backendOf(target(parts)).endpoints.map(({ address }) => address);
}

describe('a service without endpoints', () => {
	const sinks: EndpointSink[] = [];
	const DNS = { services: { payments: { dns: { name: 'payments.test', port: 80 } } } };
	const FILE = { services: { payments: { file: 'payments.yaml' } } };

	beforeEach(() => {
		sinks.length = 0;
		const watch = { start: (sink: EndpointSink) => sinks.push(sink), stop: () => undefined };
		Object.assign(running.env, { watchOf: () => watch });
	});

	it('says that its name does not resolve, until it does', () => {
		const service = serviceOf(running.follow(DNS));
		expect(service.noEndpoint()).toMatchObject({ code: 'no_healthy_endpoint', detail: 'payments has no endpoint' });
		sinks[0]?.failed('payments.test: NXDOMAIN');
		expect(service.noEndpoint()).toMatchObject({
			code: 'dns_failed',
			unsent: true,
			setting: 'services.payments.dns',
			detail: 'payments has no endpoint: payments.test: NXDOMAIN',
		});
		expect(serviceOf(running.follow({ ...DNS, trustedHops: 1 })).noEndpoint().code).toBe('dns_failed');
		sinks[0]?.update([]);
		expect(service.noEndpoint().code).toBe('no_healthy_endpoint');
	});

	it('says what is wrong with its file', () => {
		const service = serviceOf(running.follow(FILE));
		sinks[0]?.failed('payments.yaml: there is no such file');
		const detail = 'payments has no endpoint: payments.yaml: there is no such file';
		expect(service.noEndpoint()).toMatchObject({ code: 'no_healthy_endpoint', detail });
	});

	it('forgets what was wrong with a source that it no longer has', () => {
		running.follow(DNS);
		sinks[0]?.failed('payments.test: NXDOMAIN');
		expect(serviceOf(running.follow(payments([]))).noEndpoint().code).toBe('no_healthy_endpoint');
	});
});

describe('a backend', () => {
	it('is the app', () => {
		const services = running.follow({});
		const backend = services.backendOf(target({ service: 'app' }));
		expect(backend.service).toBe(services.app.service);
		expect(backend.endpoints).toEqual([services.app.endpoint]);
	});

	it('is a service with all of its endpoints', () => {
		expect(addresses(running.follow(payments([A, { address: '[::1]:81' }, { address: 'b.example:82' }])))).toEqual([
			'10.0.0.1:80',
			'[::1]:81',
			'b.example:82',
		]);
	});

	it('is a subset: the endpoints that have all of its labels', () => {
		const services = running.follow(
			payments(
				[
					{ ...A, labels: { version: 'v1', zone: 'a' } },
					{ ...B, labels: { version: 'v2', zone: 'a' } },
					{ ...C, labels: { version: 'v2', zone: 'b' } },
				],
				{ subsets: { canary: { version: 'v2' }, near: { version: 'v2', zone: 'a' }, none: { version: 'v3' } } },
			),
		);
		expect(addresses(services, { subset: 'canary' })).toEqual(['10.0.0.2:80', '10.0.0.3:80']);
		expect(addresses(services, { subset: 'near' })).toEqual(['10.0.0.2:80']);
		expect(addresses(services, { subset: 'none' })).toEqual([]);
		expect(services.backendOf(target({ subset: 'none' })).service).not.toBeNull();
	});

	it.each([
		['one of several ports, which some endpoints have', { a: 80, b: 81 }, 81, ['10.0.0.2:81']],
		['one of several ports, which none of them has', { a: 80, b: 90 }, 90, ['10.0.0.1:80', '10.0.0.2:81']],
		['a port that the service does not list', { a: 80, b: 90 }, 81, ['10.0.0.1:80', '10.0.0.2:81']],
		['the only port', { a: 81 }, 81, ['10.0.0.1:80', '10.0.0.2:81']],
		['no port', { a: 80, b: 81 }, 0, ['10.0.0.1:80', '10.0.0.2:81']],
	])('with %s', (_, ports, port, expected) => {
		const services = running.follow(payments([A, { address: '10.0.0.2:81' }], { ports }));
		expect(addresses(services, { port })).toEqual(expected);
	});

	it('is nothing where the file was wrong about it, and says why', () => {
		const services = running.follow(payments([A]));
		const invalid = 'names no service';
		expect(services.backendOf(target({ service: 'gone', invalid }))).toMatchObject({ service: null, invalid });
		expect(services.backendOf(target({ service: 'gone' }))).toMatchObject({ service: null, invalid });
	});
});

describe('a reload', () => {
	it('keeps what is unchanged: the same service, the same endpoints', () => {
		const before = running.follow(payments([A, B]));
		const after = running.follow({ ...payments([A, B]), localReplies: 'verbose' });
		expect(serviceOf(after)).toBe(serviceOf(before));
		expect(after.backendOf(target({})).endpoints).toEqual(before.backendOf(target({})).endpoints);
		expect(after.app).toBe(before.app);
	});

	it('keeps breaker, budget and the pools of endpoints that stay when only the endpoints change', () => {
		const before = running.follow(payments([A, B]));
		const [a, b] = before.backendOf(target({})).endpoints;
		const after = running.follow(payments([B, C]));
		const [first, second] = after.backendOf(target({})).endpoints;
		expect(serviceOf(after)).toBe(serviceOf(before));
		expect(first).toBe(b);
		expect(second?.pool).not.toBe(a?.pool);
		expect(serviceOf(after).endpoints).toEqual([first, second]);
	});

	it('keeps the pool of an endpoint whose weight or labels change', () => {
		const [before] = running.follow(payments([A])).backendOf(target({})).endpoints;
		const services = running.follow(payments([{ ...A, weight: 3, labels: { version: 'v2' } }]));
		const [after] = services.backendOf(target({})).endpoints;
		expect(after).toMatchObject({ weight: 3, labels: { version: 'v2' } });
		expect(after?.pool).toBe(before?.pool);
	});

	it('keeps everything of a service when its hostnames, ports or subsets change', () => {
		const before = running.follow(payments([A]));
		const after = running.follow(payments([A], { hostnames: ['pay'], ports: { http: 80 }, subsets: { x: {} } }));
		expect(serviceOf(after)).toBe(serviceOf(before));
		expect(after.backendOf(target({})).endpoints).toEqual(before.backendOf(target({})).endpoints);
		expect(destinationsOf(after).find('pay')).toMatchObject({ service: serviceOf(before) });
	});

	it('makes one backend for all rules that refer to it alike', () => {
		const services = running.follow(payments([A, B], { subsets: { one: { version: 'v1' } } }));
		expect(services.backendOf(target({}))).toBe(services.backendOf(target({})));
		expect(services.backendOf(target({ subset: 'one' }))).not.toBe(services.backendOf(target({})));
	});

	it('makes another service of one whose policy changes', () => {
		const before = running.follow(payments([A]));
		const after = running.follow(payments([A], { connect: { timeout: '2s' } }));
		expect(serviceOf(after)).not.toBe(serviceOf(before));
		expect(after.backendOf(target({})).endpoints[0]?.pool).not.toBe(before.backendOf(target({})).endpoints[0]?.pool);
	});

	it('that is not taken over has changed nothing', () => {
		const before = running.follow(payments([A, B]));
		const endpoints = serviceOf(before).endpoints;
		running.plan(payments([C]));
		running.plan({});
		expect(serviceOf(before).endpoints).toBe(endpoints);
		expect(addresses(before)).toEqual(['10.0.0.1:80', '10.0.0.2:80']);
	});

	it('takes a service that is gone out of the metrics, and shows what is new', async () => {
		running.follow(payments([A]));
		const shown = async () => {
			const text = await running.telemetry.metrics.text();
			return [...text.matchAll(/^outrigger_circuit_state\{service="([^"]+)"\}/gm)].map(([, name]) => name);
		};
		expect(await shown()).toEqual(['app', 'payments']);
		running.follow({ services: { stock: { endpoints: [B] } } });
		expect(await shown()).toEqual(['app', 'stock']);
	});

	it('keeps the hosts that were called without a service', () => {
		const file = { outbound: { listen: '127.0.0.1:0' } };
		const before = destinationsOf(running.follow(file)).find('elsewhere.example');
		const after = destinationsOf(running.follow({ ...file, ...payments([A]) })).find('elsewhere.example');
		expect(after).toBe(before);
	});
});

describe('what /services shows', () => {
	it('is every service with its endpoints and counts', async () => {
		const services = running.follow({
			...payments([{ ...A, labels: { version: 'v1' } }, B], { hostnames: ['payments.shop.svc'] }),
			outbound: { listen: '127.0.0.1:0' },
		});
		destinationsOf(services).find('elsewhere.example:81');
		const idle = { active: 0, idle: 0, pending: 0 };
		const counts = {
			circuit: 'closed',
			requests: { active: 0, limit: 1024 },
			retries: { active: 0 },
			connections: { ...idle, limit: 1024 },
		};
		const endpoint = { weight: 1, labels: {}, usable: true, requests: { active: 0 }, connections: idle };
		const ports = new Map([['payments', { address: '127.0.0.1', port: 7001 }]]);
		let shown = '';
		for await (const piece of objectPieces(services.describe(false, 'refused', ports))) shown += piece;
		expect(JSON.parse(shown)).toEqual({
			app: { endpoints: [{ address: '127.0.0.1:8080', healthy: false, lastFailure: 'refused' }], ...counts },
			payments: {
				listen: '127.0.0.1:7001',
				hostnames: ['payments.shop.svc'],
				endpoints: [
					{ ...endpoint, address: '10.0.0.1:80', labels: { version: 'v1' } },
					{ ...endpoint, address: '10.0.0.2:80' },
				],
				...counts,
			},
			passthrough: { 'elsewhere.example:81': counts },
		});
	});
});
