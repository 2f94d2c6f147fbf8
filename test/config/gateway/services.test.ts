import { describe, expect, it } from 'vitest';
import { configOf, document, httpRoute, mistakesIn, NATIVE, remarksOn, service } from './parsed.ts';

/** The slice of a service, its own keys given as lines. */
function slice(name: string, of: string, keys: string): string {
	return `apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: ${name}, namespace: shop, labels: { kubernetes.io/service-name: ${of} } }
addressType: IPv4
${keys}
`;
}
const PORTS = '[{ name: http, port: 80, targetPort: 8080 }]';
const servicesOf = (yaml: readonly string[], native = NATIVE) =>
	configOf(yaml.join('---\n'), native).services.map(({ name, hostnames, ports, endpoints }) => ({
		name,
		hostnames,
		ports,
		endpoints: endpoints.map(({ host, port, zone }) => `${host} ${port} ${zone}`.trim()),
	}));
const PAY = ['pay', 'pay.shop', 'pay.shop.svc', 'pay.shop.svc.cluster.local'];

describe('a Service with its EndpointSlices is an entry of `services`', () => {
	it('with the names by which callers know it, its ports, and the endpoints that are ready', () => {
		const yaml = [
			service('pay', PORTS),
			slice(
				'pay-1',
				'pay',
				`ports: [{ name: http, port: 8080 }]
endpoints:
- { addresses: [10.0.0.1, 10.0.0.99], zone: a }
- { addresses: [10.0.0.2], conditions: { ready: true } }
- { addresses: [10.0.0.3], conditions: { ready: false } }
- { addresses: [10.0.0.4], conditions: {} }`,
			),
			slice(
				'pay-2',
				'pay',
				'ports: [{ name: http, port: 8080 }]\nendpoints: [{ addresses: ["fd00::1"] }, { addresses: [10.0.0.1] }]',
			),
			slice('other', 'other', 'ports: [{ port: 1 }]\nendpoints: [{ addresses: [10.9.9.9] }]'),
		];
		expect(servicesOf(yaml)).toEqual([
			{
				name: 'pay.shop',
				hostnames: PAY,
				ports: { http: 80 },
				endpoints: ['10.0.0.1 8080 a', '10.0.0.2 8080', '10.0.0.4 8080', 'fd00::1 8080'],
			},
		]);
	});

	it.each([
		[
			'the name of the port',
			'[{ name: a, port: 80 }, { name: b, port: 81 }]',
			'ports: [{ name: a, port: 1 }, { name: b, port: 1 }]',
			['10.0.0.1 1'],
		],
		['the only port, whatever its name', '[{ name: a, port: 80 }]', 'ports: [{ name: x, port: 2 }]', ['10.0.0.1 2']],
		['the target where the slice says no port', '[{ port: 80, targetPort: 3 }]', 'ports: []', ['10.0.0.1 3']],
		[
			'the port itself where nothing else is said',
			'[{ port: 80, targetPort: http }]',
			'ports: [{ name: "" }]',
			['10.0.0.1 80'],
		],
		[
			'no port of that name',
			'[{ name: a, port: 80 }, { name: c, port: 81, protocol: UDP }]',
			'ports: [{ name: b, port: 1 }, { name: d, port: 2 }]',
			[],
		],
	])('at %s', (_, ports, keys, endpoints) => {
		const yaml = [service('pay', ports), slice('s', 'pay', `${keys}\nendpoints: [{ addresses: [10.0.0.1] }]`)];
		expect(servicesOf(yaml).map((entry) => entry.endpoints)).toEqual([endpoints]);
	});

	it('or several, when its ports lead to different places; references and callers mean the right one', () => {
		const yaml = [
			service('pay', '[{ name: http, port: 80 }, { name: alt, port: 81 }, { name: admin, port: 90 }]'),
			slice(
				's',
				'pay',
				'ports: [{ name: http, port: 1 }, { name: alt, port: 1 }, { name: admin, port: 2 }]\nendpoints: [{ addresses: [10.0.0.1] }]',
			),
			httpRoute(
				'rules: [{ backendRefs: [{ name: pay, port: 81 }, { name: pay, port: 90 }, { name: pay }, { name: pay, port: 7 }] }]',
			),
		];
		expect(servicesOf(yaml)).toEqual([
			{ name: 'pay.shop', hostnames: PAY, ports: { http: 80, alt: 81 }, endpoints: ['10.0.0.1 1'] },
			{ name: 'pay.shop_90', hostnames: PAY, ports: { admin: 90 }, endpoints: ['10.0.0.1 2'] },
		]);
		const backends = configOf(yaml.join('---\n')).inbound.routes[0]?.backendRefs ?? [];
		expect(backends.map(({ service: name, port, invalid }) => [name, port, invalid])).toEqual([
			['pay.shop', 81, ''],
			['pay.shop_90', 90, ''],
			['pay.shop', 0, ''],
			['pay.shop', 7, 'asks for a port that the service does not list'],
		]);
	});

	it('without the short name when another namespace has it', () => {
		const elsewhere = service('pay', '[{ port: 80 }]').replace('namespace: shop', 'namespace: bank');
		const [own, other] = servicesOf([elsewhere, service('pay', '[{ port: 80 }]')]);
		expect(own?.hostnames).toEqual(PAY);
		expect(other).toMatchObject({
			name: 'pay.bank',
			hostnames: ['pay.bank', 'pay.bank.svc', 'pay.bank.svc.cluster.local'],
		});
	});

	it('without endpoints when it has no slice: that is said', () => {
		expect(servicesOf([service('pay', PORTS)])).toMatchObject([{ name: 'pay.shop', endpoints: [] }]);
		expect(remarksOn(service('pay', PORTS))).toEqual([
			'warning 4:1 `Service shop/pay` has no endpoints: its requests get 503 | an `EndpointSlice` of it, or an entry `pay.shop` of `services`',
		]);
		expect(remarksOn(slice('s', 'pay', 'endpoints: []').replace(/, labels.*}/, ' }'))).toEqual([
			'warning 1:1 `EndpointSlice shop/s` belongs to no service, and is ignored | the label `kubernetes.io/service-name`',
		]);
	});
});

describe('an entry of the route file goes before a Service', () => {
	const entry = (name: string, more = ''): string =>
		`${NATIVE}services: { ${name}: { endpoints: [{ address: "127.0.0.1:7" }]${more} } }\n`;

	it.each([
		['of its whole name', entry('pay.shop')],
		['of its short name, in the namespace of the app', entry('pay')],
	])('%s', (_, native) => {
		expect(servicesOf([service('pay', PORTS)], native)).toMatchObject([{ endpoints: ['127.0.0.1 7'] }]);
		expect(remarksOn(service('pay', PORTS), native)).toEqual([]);
	});

	it('of its short name in another namespace if it lists a whole one', () => {
		const yaml = [service('pay', PORTS).replace('namespace: shop', 'namespace: bank')];
		expect(servicesOf(yaml, entry('pay', ', hostnames: [pay.bank.svc]'))).toHaveLength(1);
		expect(servicesOf(yaml, entry('pay')).map(({ name }) => name)).toEqual(['pay', 'pay.bank']);
	});

	it('and keeps its hostnames', () => {
		const [, pay] = servicesOf([service('pay', PORTS)], entry('front', ', hostnames: [pay, PAY.shop]'));
		expect(pay).toMatchObject({ name: 'pay.shop', hostnames: ['pay.shop.svc', 'pay.shop.svc.cluster.local'] });
	});
});

describe('a port that speaks what this version does not', () => {
	const backends = (appProtocol: string) => {
		const yaml = [
			service('pay', `[{ name: a, port: 80 }, { name: b, port: 81, appProtocol: ${appProtocol} }]`),
			slice('s', 'pay', 'ports: [{ name: a, port: 1 }, { name: b, port: 1 }]\nendpoints: [{ addresses: [10.0.0.1] }]'),
			httpRoute('rules: [{ backendRefs: [{ name: pay, port: 80 }, { name: pay, port: 81 }] }]'),
		];
		return configOf(yaml.join('---\n')).inbound.routes[0]?.backendRefs.map(({ invalid }) => invalid);
	};

	it.each(['kubernetes.io/h2c', 'https', 'grpc'])('%s gets 500, and the others are served', (appProtocol) => {
		expect(backends(appProtocol)).toEqual([
			'',
			`has a port that speaks \`${appProtocol}\`, which this version does not`,
		]);
	});

	it.each(['http', 'kubernetes.io/ws', 'example.com/x'])('%s is not one', (appProtocol) => {
		expect(backends(appProtocol)).toEqual(['', '']);
	});
});

describe('mistakes are told in the words of the document', () => {
	it.each([
		[
			'a port',
			[service('pay', '[{ port: http }]')],
			'5:19 `Service shop/pay: spec.ports[0].port` is not a port | a port from 1 to 65535',
		],
		['ports that are no list', [service('pay', '80')], '5:10 `Service shop/pay: spec.ports` is not a list'],
		[
			'an address',
			[service('pay', PORTS), slice('s', 'pay', 'endpoints: [{ addresses: ["a b"] }]')],
			'11:27 `EndpointSlice shop/s: endpoints[0].addresses[0]` is not an address | `"host:port"`, such as `"10.0.0.7:8443"`',
		],
		[
			'the name of a port',
			[service('pay', '[{ name: "a b", port: 80 }]')],
			'5:19 `Service shop/pay: spec.ports[0].name` is not a name | letters, digits, `.`, `_` and `-`, at most 253',
		],
		[
			'an endpoint that is the sidecar',
			[service('pay', PORTS), slice('s', 'pay', 'ports: [{ port: 8000 }]\nendpoints: [{ addresses: [127.0.0.1] }]')],
			'12:27 `EndpointSlice shop/s: endpoints[0].addresses[0]` is the sidecar itself: `inbound.listen` has that port | the address of a service',
		],
	])('%s', (_, yaml, mistake) => {
		expect(mistakesIn(yaml.join('---\n'))).toEqual([mistake]);
	});
});

it('a Gateway API document of a Service of another group is none', () => {
	expect(servicesOf([document('Service', 'pay', 'ports: [{ port: 80 }]', 'serving.knative.dev/v1')])).toEqual([]);
});
