import { describe, expect, it } from 'vitest';
import { mistakesIn } from '../support/mistakes.ts';

const APP = 'app: { port: 8080 }\n';
const file = (yaml: string): string => `${APP}inbound: { listen: 8000 }\n${yaml}`;
const app = (yaml: string): string => `${APP}inbound: { listen: 8000, service: ${yaml} }\n`;
const service = (yaml: string): string => file(`services:\n  payments: ${yaml}\n`);
const outbound = (yaml: string): string => file(`outbound: ${yaml}\n`);
const tests = (yaml: string): string =>
	`${APP}inbound:\n  listen: 8000\n  routes:\n    - name: reads\ntests: [${yaml}]\n`;
const ENDPOINTS = 'endpoints: [{ address: "10.0.0.7:80" }]';

const TABLE: readonly (readonly [what: string, yaml: string, ...mistakes: string[]])[] = [
	[
		'a service without endpoints',
		service('{}'),
		'4:3 `services.payments` does not say where its endpoints are | exactly one of `endpoints`, `dns`, `file`, `kubernetes`',
	],
	['a service that is nothing', service(''), '4:3 `services.payments` has no value | a value, or no such key'],
	[
		'services that are a list',
		file('services: [payments]\n'),
		'3:1 `services` is not a mapping | a mapping of names to services, such as `{ payments: { endpoints: [{ address: "10.0.0.7:8443" }] } }`',
	],
	[
		'a service that is an address',
		service('"10.0.0.7:80"'),
		'4:13 `services.payments` is not a mapping | a mapping with at least `endpoints`, `dns`, `file` or `kubernetes`',
	],
	[
		'an address without a port',
		service('{ endpoints: [{ address: 10.0.0.7 }] }'),
		'4:38 `services.payments.endpoints[0].address` is not an address | `"host:port"`, such as `"10.0.0.7:8443"`',
	],
	[
		'an address without brackets',
		service('{ endpoints: [{ address: "::1:80" }] }'),
		'4:38 `services.payments.endpoints[0].address` is not an address | `"host:port"`, such as `"10.0.0.7:8443"`',
	],
	[
		'an address that is no IPv6',
		service('{ endpoints: [{ address: "[1::2::3]:80" }] }'),
		'4:38 `services.payments.endpoints[0].address` is not an address | `"host:port"`, such as `"10.0.0.7:8443"`',
	],
	[
		'an address with a port that is none',
		service('{ endpoints: [{ address: "a:0" }] }'),
		'4:38 `services.payments.endpoints[0].address` is not an address | `"host:port"`, such as `"10.0.0.7:8443"`',
	],
	[
		'an endpoint that is text',
		service('{ endpoints: ["10.0.0.7:80"] }'),
		'4:27 `services.payments.endpoints[0]` is not a mapping | a mapping with `address`, `weight`, `zone`, `labels`, `identity`',
	],
	[
		'an endpoint given twice',
		service('{ endpoints: [{ address: "a:80" }, { address: "a:80" }] }'),
		'4:48 `services.payments.endpoints[1]` is in the list already',
	],
	[
		'an endpoint without weight',
		service('{ endpoints: [{ address: "a:80", weight: 0 }] }'),
		'4:54 `services.payments.endpoints[0].weight` is too small | a whole number from 1 to 1000000',
	],
	[
		'a label that is a number',
		service('{ endpoints: [{ address: "a:80", labels: { version: 1 } }] }'),
		'4:65 `services.payments.endpoints[0].labels.version` is not a value | text; quote it when it looks like a number | a number needs quotes to be text',
	],
	[
		'a label with a key that is none',
		service('{ endpoints: [{ address: "a:80", labels: { "a b": x } }] }'),
		'4:56 `services.payments.endpoints[0].labels.a b` is not a name | the key of a label, such as `version` or `app.kubernetes.io/name`',
	],
	[
		'a label without a value',
		service('{ endpoints: [{ address: "a:80", labels: { version: } }] }'),
		'4:56 `services.payments.endpoints[0].labels.version` has no value | a value, or no such key',
	],
	[
		'a label that every object has',
		service('{ endpoints: [{ address: "a:80", labels: { __proto__: x } }] }'),
		'4:56 `services.payments.endpoints[0].labels.__proto__` is not a name',
	],
	[
		'a subset that is text',
		service(`{ ${ENDPOINTS}, subsets: { canary: v2 } }`),
		'4:75 `services.payments.subsets.canary` is not a mapping | a mapping such as `{ version: v1 }`',
	],
	[
		'ports that are a list',
		service(`{ ${ENDPOINTS}, ports: [80] }`),
		'4:56 `services.payments.ports` is not a mapping | a mapping such as `{ http: 80 }`',
	],
	[
		'a port that is none',
		service(`{ ${ENDPOINTS}, ports: { http: 80800 } }`),
		'4:71 `services.payments.ports.http` is too large | a port from 1 to 65535',
	],
	[
		'a protocol of a later version',
		service(`{ ${ENDPOINTS}, protocol: h2 }`),
		'4:66 `protocol: h2` is not supported by this version | one of `auto`, `http1`',
	],
	[
		'a wildcard as a hostname',
		service(`{ ${ENDPOINTS}, hostnames: ["*.a.b"] }`),
		'4:68 `services.payments.hostnames[0]` is not a hostname | a name such as `payments.shop.svc`, without port',
	],
	[
		'a hostname of two services',
		file(
			'services:\n  a: { endpoints: [{ address: "a:80" }], hostnames: [x.y] }\n  b: { endpoints: [{ address: "b:80" }], hostnames: [w, X.y.] }\n',
		),
		'5:57 `services.b.hostnames[1]` is a hostname of `services.a` on line 4 as well | one service for each hostname and port',
	],
	[
		'a service called app',
		file('services: { app: { endpoints: [{ address: "a:80" }] } }\n'),
		'3:13 `services.app` is a name that is taken | another name: `app` is the app behind the sidecar',
	],
	[
		'a service with a name that is none',
		file('services: { "a b": { endpoints: [{ address: "a:80" }] } }\n'),
		'3:13 `services.a b` is not a name | letters, digits, `.`, `_` and `-`, at most 253',
	],
	[
		'a misspelt key of a service',
		service(`{ ${ENDPOINTS}, hostname: [a] }`),
		'4:56 unknown key `hostname` in `services.payments` | one of `hostnames`, `ports`, `protocol`, `listen`, `endpoints`, `dns`, `file`, `kubernetes`, `subsets`, `connect`, `limits`, `circuitBreaker`, `retryBudget`, `loadBalancer`, `outlierDetection`, `healthCheck`, `tls` | did you mean `hostnames`?',
	],
	[
		'a service that is inbound',
		service('{ endpoints: [{ address: "localhost:8000" }] }'),
		'4:38 `services.payments.endpoints[0].address` is the sidecar itself: `inbound.listen` has that port | the address of a service',
	],
	[
		'a service that is the admin port',
		service('{ endpoints: [{ address: "127.0.0.1:9901" }] }'),
		'4:38 `services.payments.endpoints[0].address` is the sidecar itself: `admin.listen` has that port | the address of a service',
	],
	[
		'a service that is outbound',
		file('services: { a: { endpoints: [{ address: "127.0.0.2:15001" }] } }\noutbound: { listen: 15001, open: true }\n'),
		'3:41 `services.a.endpoints[0].address` is the sidecar itself: `outbound.listen` has that port | the address of a service',
	],
	[
		'endpoints of the app',
		app('{ endpoints: [] }'),
		'2:37 unknown key `endpoints` in `inbound.service` | one of `connect`, `limits`, `circuitBreaker`, `retryBudget`, `outlierDetection`, `healthCheck`',
	],
	[
		'outbound without an address',
		outbound('{}'),
		'3:1 `listen` is missing in `outbound` | a port, `"host:port"` or `{ port: 8000 }`',
	],
	[
		'outbound for everybody, by port',
		outbound('{ listen: 15001 }'),
		'3:21 `outbound.listen` is no loopback address: whoever reaches it can call through it | a loopback address such as `127.0.0.1:15001`, or `open: true`',
	],
	[
		'outbound for everybody, by address',
		outbound('{ listen: "10.0.0.1:15001" }'),
		'3:21 `outbound.listen` is no loopback address: whoever reaches it can call through it | a loopback address such as `127.0.0.1:15001`, or `open: true`',
	],
	[
		'outbound that is intercepted',
		outbound('{ listen: { port: 15001, intercepted: true } }'),
		'3:49 `intercepted: true` is not supported by this version | `false`',
	],
	[
		'outbound on the port of inbound',
		outbound('{ listen: "127.0.0.1:8000" }'),
		'3:21 `outbound.listen` takes the port that `inbound.listen` has on line 2 | a port of its own for each',
	],
	[
		'outbound on the port of the app',
		outbound('{ listen: "127.0.0.1:8080" }'),
		'3:21 `outbound.listen` takes the port that `app.port` has on line 1 | a port of its own for each',
	],
	[
		'outbound on the port of admin',
		outbound('{ listen: "127.0.0.1:9901" }'),
		'3:21 `outbound.listen` takes the port that `admin.listen` has by default | a port of its own for each',
	],
	[
		'unknown hosts that are neither',
		outbound('{ listen: "127.0.0.1:15001", unknownHosts: allow }'),
		'3:54 `outbound.unknownHosts` is not one of its values | one of `passthrough`, `reject`',
	],
	[
		'a rule name given twice outbound',
		outbound('{ listen: "127.0.0.1:15001", routes: [{ name: a }, { name: a, hostnames: [b] }] }'),
		'3:70 `outbound.routes[1].name` is the name of the rule on line 3 as well | a name of its own for each rule',
	],
	[
		'an expression that does not compile outbound',
		outbound('{ listen: "127.0.0.1:15001", routes: [{ matches: [{ path: "~ /a(" }] }] }'),
		'3:69 `outbound.routes[0].matches[0].path` is not a regular expression: error parsing regexp: missing closing ): `/a(` | the syntax of RE2: no look-around, no back-references',
	],
	[
		'a test that expects nothing',
		tests('{ request: { path: /a } }'),
		'6:9 `expect` is missing in `tests[0]` | a mapping with `route`, `backend`, `status`',
	],
	[
		'a test that expects an empty mapping',
		tests('{ expect: {} }'),
		'6:11 `tests[0].expect` expects nothing | at least one of `route`, `backend`, `status`',
	],
	[
		'a test of a rule that is not there',
		tests('{ expect: { route: raeds } }'),
		'6:28 `tests[0].expect.route` is the name of no rule under `inbound.routes` | the name of a rule, an unnamed one by its first path, or `""` for none | did you mean `reads`?',
	],
	[
		'a test of a rule of the other side',
		tests('{ request: { side: outbound }, expect: { route: reads } }'),
		'6:57 `tests[0].expect.route` is the name of no rule under `outbound.routes` | the name of a rule, an unnamed one by its first path, or `""` for none',
	],
	[
		'a test with a misspelt expectation',
		tests('{ expect: { rout: reads } }'),
		'6:21 unknown key `rout` in `tests[0].expect` | one of `route`, `backend`, `status` | did you mean `route`?',
	],
	[
		'a test of a side that is none',
		tests('{ request: { side: in }, expect: { route: reads } }'),
		'6:28 `tests[0].request.side` is not one of its values | one of `inbound`, `outbound`',
	],
	[
		'a test of a relative path',
		tests('{ request: { path: orders }, expect: { route: reads } }'),
		'6:28 `tests[0].request.path` is not a path | a path such as `/orders/7?v=2`',
	],
	[
		'a test of a host that is none',
		tests('{ request: { host: "a b" }, expect: { route: reads } }'),
		'6:28 `tests[0].request.host` is not a host | a host such as `orders.shop.svc`',
	],
	[
		'tests that are a mapping',
		file('tests: { expect: {} }\n'),
		'3:1 `tests` is not a list | a list of at most 10000 such as `[{ request: { path: /a }, expect: { route: a } }]`',
	],
];

describe('each mistake in services, outbound and tests is told once, with its place and what was expected', () => {
	it.each(TABLE)('%s', (_, yaml, ...mistakes) => {
		expect(mistakesIn(yaml)).toEqual(mistakes);
	});
});

it('tells what is wrong beside a mistake elsewhere', () => {
	const text = file(
		'services:\n  a: { endpoints: [{ address: "localhost:8000" }], hostnames: [x] }\n  b: { endpoints: 1, hostnames: [x] }\noutbound: { listen: 5, unknownHosts: 6 }\n',
	);
	expect(mistakesIn(text).map((mistake) => mistake.split(' ')[0])).toEqual(['4:31', '5:19', '5:34', '6:21', '6:38']);
});
