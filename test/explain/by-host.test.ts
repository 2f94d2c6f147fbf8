/** `explain/` may not import `app/`, and so says again where a call goes by its host. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ProxyError } from '../../src/error.ts';
import { byHost } from '../../src/explain/backends.ts';
import { isAuthority } from '../../src/http/authority.ts';
import { configOf, destinationsOf, RunningServices } from '../app/running-services.ts';

let running: RunningServices;
beforeAll(() => {
	running = new RunningServices();
});
afterAll(() => running.stop());

const WORDS = { service: '', reject: 'unknown_host', passthrough: 'passthrough', needsConnect: 'bad_request' };
const HOSTS = ['pay', 'pay.shop', 'stock'];
const PORTS = [80, 81, 443, 8080];

/** Who lists a host at a port; several services may have ports of one host, one of them or none may have all. */
const listings = fc.record({
	ports: fc.dictionary(fc.constantFrom(...PORTS.map(String)), fc.constantFrom('a', 'b', 'c')),
	hosts: fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), fc.subarray(HOSTS, { minLength: 1 })),
	/** A host of its own, of which it takes every port. */
	any: fc.constantFrom('', 'any', 'Any.Shop.'),
});

function servicesOf({ ports, hosts, any }: typeof listings extends fc.Arbitrary<infer T> ? T : never): object {
	const services: Record<string, object> = {};
	for (const [name, hostnames] of Object.entries(hosts)) {
		const own = Object.entries(ports).filter(([, owner]) => owner === name);
		if (own.length === 0) continue;
		const numbers = own.map(([port]) => [`p${port}`, Number(port)]);
		services[name] = { hostnames, ports: Object.fromEntries(numbers), endpoints: [{ address: '10.0.0.1:1' }] };
	}
	if (any !== '') services['any'] = { hostnames: [any], endpoints: [{ address: '10.0.0.2:1' }] };
	return services;
}

const authority = fc
	.tuple(
		fc.constantFrom(...HOSTS, 'any', 'any.shop', 'other', '10.0.0.9', '[::1]', '[FD00::80]'),
		fc.constantFrom('', '.', '..'),
		fc.constantFrom('', ':', ':80', ':080', ':81', ':443', ':08080', ':9000', ':0'),
		fc.boolean(),
	)
	.map(
		([host, dot, port, isUpper]) => `${isUpper ? host.toUpperCase() : host}${host.startsWith('[') ? '' : dot}${port}`,
	)
	.filter((text) => isAuthority(text, 0, text.length));

it('is told of any services and host as it is when the sidecar runs', () => {
	const unknownHosts = fc.constantFrom('reject' as const, 'passthrough' as const);
	fc.assert(
		fc.property(
			listings,
			fc.array(fc.tuple(authority, fc.boolean()), { minLength: 1, maxLength: 8 }),
			unknownHosts,
			(drawn, asked, unknown) => {
				const more = { services: servicesOf(drawn), outbound: { listen: '127.0.0.1:0', unknownHosts: unknown } };
				const config = configOf(more);
				const destinations = destinationsOf(running.follow(more));
				for (const [text, isTls] of asked) {
					const found = destinations.find(text, isTls);
					const happens = found instanceof ProxyError ? found.code : found.service?.name;
					const told = byHost(config, text, isTls);
					const said = WORDS[told.kind];
					expect([text, isTls, told.kind === 'service' ? told.service.name : said]).toEqual([text, isTls, happens]);
				}
			},
		),
	);
});
