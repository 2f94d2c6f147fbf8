import { describe, expect, it } from 'vitest';
import { configOf, httpRoute, NATIVE, remarksOn, service } from './parsed.ts';

const PAY = `${NATIVE}services: { pay.shop: { endpoints: [{ address: "10.0.0.1:80" }] } }\n`;
const TO_PAY = 'rules: [{ name: to-pay, backendRefs: [{ name: pay, port: 80 }] }]';
const mesh = (parent: string, more = ''): string =>
	httpRoute(`parentRefs: [{ group: "", kind: Service, ${parent} }]\n${more}${TO_PAY}`);

describe('a route whose parent is a Service makes outbound rules', () => {
	it('for the names of the service', () => {
		const { inbound, outbound } = configOf(mesh('name: pay'), PAY);
		expect(inbound).toMatchObject({ routes: [], unmatched: 'app' });
		expect(outbound?.routes).toMatchObject([
			{
				name: 'to-pay',
				origin: 'HTTPRoute shop/r',
				hostnames: ['pay', 'pay.shop', 'pay.shop.svc', 'pay.shop.svc.cluster.local'],
				backendRefs: [{ service: 'pay.shop', port: 80, invalid: '' }],
				isByHost: false,
			},
		]);
	});

	it('for all of several, and inbound ones as well when there is another parent', () => {
		const yaml = httpRoute(
			`parentRefs: [{ kind: Service, group: core, name: pay }, { kind: Service, name: stock }, { name: gateway }]\n${TO_PAY}`,
		);
		const { inbound, outbound } = configOf(yaml, PAY);
		expect(outbound?.routes.map(({ hostnames }) => hostnames.slice(0, 5))).toEqual([
			['pay', 'pay.shop', 'pay.shop.svc', 'pay.shop.svc.cluster.local', 'stock'],
		]);
		expect(inbound).toMatchObject({ routes: [{ name: 'to-pay', hostnames: [] }], unmatched: 'reject' });
	});

	it('in which the name of the app means its service, not the app itself', () => {
		const yaml = httpRoute(
			'parentRefs: [{ kind: Service, group: "", name: orders }]\nrules: [{ backendRefs: [{ name: orders, port: 80 }] }]',
		);
		expect(configOf(yaml).outbound?.routes[0]?.backendRefs).toMatchObject([
			{ service: 'orders', invalid: 'is not an entry of `services`' },
		]);
	});

	it('and a last one that rejects what none of them takes, unless one takes everything', () => {
		const rule = (match: string): string => `{ matches: [${match}], backendRefs: [{ name: pay }] }`;
		const outboundOf = (...matches: string[]) => {
			const rules = `rules: [${matches.map(rule).join(', ')}]`;
			const yaml = httpRoute(`parentRefs: [{ kind: Service, name: pay }, { kind: Service, name: stock }]\n${rules}`);
			return configOf(yaml, PAY).outbound?.routes.map(({ hostnames, directResponse }) => [
				hostnames.length,
				directResponse?.status ?? 0,
			]);
		};
		expect(outboundOf('{ path: { value: /a } }')).toEqual([
			[8, 0],
			[8, 404],
		]);
		expect(outboundOf('{ method: GET }', '{ headers: [{ name: a, value: b }] }')).toHaveLength(3);
		expect(outboundOf('{ path: { type: Exact, value: / } }')).toHaveLength(2);
		expect(outboundOf('{ path: { value: /a } }', '{}')).toHaveLength(2);
		expect(outboundOf('{ path: { type: PathPrefix, value: / }, headers: [] }')).toHaveLength(1);
	});

	it('with the short name left to the service of the namespace of the app', () => {
		const yaml = [service('pay', '[{ port: 80 }]'), mesh('name: pay, namespace: bank')];
		expect(configOf(yaml.join('---\n'), NATIVE).outbound?.routes[0]?.hostnames).toEqual([
			'pay.bank',
			'pay.bank.svc',
			'pay.bank.svc.cluster.local',
		]);
	});
});

describe('what a mesh route says beyond that', () => {
	const two = service('pay', '[{ name: a, port: 80 }, { name: b, port: 81 }]');
	it.each<[what: string, yaml: string, native: string, ...remarks: string[]]>([
		[
			'without `outbound`',
			mesh('name: pay'),
			PAY.replace(/^outbound.*\n/m, ''),
			'warning 5:3 `HTTPRoute shop/r: spec.parentRefs` has no effect: the rules of a service are for what the app asks of others | `outbound: { listen: 127.0.0.1:15001 }` in the route file',
		],
		[
			'hostnames',
			mesh('name: pay', 'hostnames: [a.b]\n'),
			PAY,
			'note 6:3 `HTTPRoute shop/r: spec.hostnames` are ignored: rules of a service are for its own names',
		],
		['the only port', mesh('name: pay, port: 80'), PAY.replace('{ endpoints', '{ ports: { http: 80 }, endpoints')],
		['a port of a service of which nothing is known', mesh('name: pay, port: 80'), PAY],
		[
			'one of several ports',
			`${two}---\n${mesh('name: pay, port: 80')}`,
			NATIVE,
			'warning 4:1 `Service shop/pay` has no endpoints: its requests get 503 | an `EndpointSlice` of it, or an entry `pay.shop` of `services`',
		],
		[
			'a port that is not there',
			mesh('name: pay, port: 99'),
			PAY.replace('{ endpoints', '{ ports: { http: 80 }, endpoints'),
			'warning 5:61 `HTTPRoute shop/r: spec.parentRefs[0].port` is no port of the service: the route is not attached there',
		],
	])('%s', (_, yaml, native, ...remarks) => {
		expect(remarksOn(yaml, native)).toEqual(remarks);
	});

	it('that it is for callers of another namespace', () => {
		const yaml = mesh('name: pay, namespace: bank').replace('namespace: shop', 'namespace: other');
		expect(configOf(yaml, PAY).outbound?.routes).toEqual([]);
		expect(remarksOn(yaml, PAY)).toEqual([
			'warning 5:16 `HTTPRoute other/r: spec.parentRefs[0]` is for callers of another namespace than the app | `app.namespace: other` for an app that is meant',
		]);
		expect(configOf(yaml, PAY.replace('namespace: shop', 'namespace: other')).outbound?.routes).toHaveLength(1);
	});
});
