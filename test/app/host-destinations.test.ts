import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ProxyError } from '../../src/error.ts';
import type { Backend } from '../../src/proxy/backend.ts';
import { destinationsOf, RunningServices } from './running-services.ts';

let running: RunningServices;

beforeEach(() => {
	running = new RunningServices();
});

afterEach(() => running.stop());

const SERVICES = {
	payments: { hostnames: ['payments', 'Payments.shop.svc'], endpoints: [{ address: '10.0.0.1:8080' }] },
	stock: {
		hostnames: ['stock'],
		ports: { http: 80, admin: 9000 },
		endpoints: [{ address: '10.0.0.2:80' }, { address: '10.0.0.3:9000' }],
	},
	pay: { hostnames: ['pay'], ports: { http: 80 }, endpoints: [{ address: '10.0.0.4:80' }] },
	payAdmin: { hostnames: ['pay'], ports: { admin: 90 }, endpoints: [{ address: '10.0.0.5:90' }] },
	v6: { hostnames: ['v6.example'], endpoints: [{ address: '[fd00::1]:80' }] },
};

function find(authority: string, unknownHosts: 'reject' | 'passthrough' = 'reject'): Backend | ProxyError {
	const services = running.follow({ services: SERVICES, outbound: { listen: '127.0.0.1:0', unknownHosts } });
	return destinationsOf(services).find(authority);
}

function addresses(found: Backend | ProxyError): string[] | string {
	return found instanceof ProxyError ? found.code : found.endpoints.map(({ address }) => address);
}

describe('a host that a service lists', () => {
	it.each([
		['payments', ['10.0.0.1:8080']],
		['payments:80', ['10.0.0.1:8080']],
		['payments:', ['10.0.0.1:8080']],
		['payments:1234', ['10.0.0.1:8080']],
		['PAYMENTS.Shop.svc', ['10.0.0.1:8080']],
		['payments.shop.svc.', ['10.0.0.1:8080']],
		['payments.shop.svc.:81', ['10.0.0.1:8080']],
		['stock', ['10.0.0.2:80']],
		['stock:9000', ['10.0.0.3:9000']],
		['pay', ['10.0.0.4:80']],
		['pay:80', ['10.0.0.4:80']],
		['pay:90', ['10.0.0.5:90']],
		['v6.example', ['[fd00::1]:80']],
	])('%s leads to its endpoints', (authority, expected) => {
		expect(addresses(find(authority))).toEqual(expected);
	});

	it.each(['stock:81', 'payment', 'x.payments', 'shop.svc', '10.0.0.1', '[::1]:80', ''])('%s is none', (authority) => {
		expect(find(authority)).toMatchObject({ code: 'unknown_host', unsent: true });
	});

	it('belongs to the service, whose name the metrics show', () => {
		expect(find('payments')).toMatchObject({ label: 'payments', service: { name: 'payments' } });
	});
});

describe('a host that no service lists', () => {
	it.each([
		['example.com', 'example.com:80'],
		['Example.COM', 'example.com:80'],
		['example.com:8080', 'example.com:8080'],
		['192.0.2.1', '192.0.2.1:80'],
		['[::1]', '[::1]:80'],
		['[2001:DB8::1]:81', '[2001:db8::1]:81'],
		['stock:81', 'stock:81'],
	])('%s is called by its name', (authority, address) => {
		const found = find(authority, 'passthrough');
		expect(addresses(found)).toEqual([address]);
		expect(found).toMatchObject({ label: address, service: { name: 'passthrough' } });
	});

	it('is the same service however it is written, and another one at another port', () => {
		const services = running.follow({ outbound: { listen: '127.0.0.1:0' } });
		const destinations = destinationsOf(services);
		const one = destinations.find('example.com');
		expect(destinations.find('EXAMPLE.com:80')).toBe(one);
		expect(destinations.find('example.com:81')).not.toBe(one);
	});

	it('cannot be called without a name', () => {
		expect(find('', 'passthrough')).toMatchObject({ code: 'unknown_host', detail: 'the request names no host' });
	});
});
