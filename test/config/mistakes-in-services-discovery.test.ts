import { describe, expect, it } from 'vitest';
import { mistakesIn } from '../support/mistakes.ts';

type Table = readonly (readonly [what: string, yaml: string, ...mistakes: string[]])[];

const APP = 'app: { port: 8080 }\n';
const file = (yaml: string): string => `${APP}inbound: { listen: 8000 }\n${yaml}`;
const service = (yaml: string): string => file(`services:\n  payments: ${yaml}\n`);
const policy = (yaml: string): string => service(`{ endpoints: [], ${yaml} }`);

const SERVICE_KEYS =
	'`hostnames`, `ports`, `protocol`, `listen`, `endpoints`, `dns`, `file`, `kubernetes`, `subsets`, `connect`, `limits`, `circuitBreaker`, `retryBudget`, `loadBalancer`, `outlierDetection`, `healthCheck`, `tls`';
const unknownKey = (place: string, key: string, hint: string): string =>
	`${place} unknown key \`${key}\` in \`services.payments\` | one of ${SERVICE_KEYS} | ${hint}`;

const SOURCES: Table = [
	[
		'two sources',
		service('{ endpoints: [], dns: { name: a, port: 80 } }'),
		'4:30 `services.payments.dns` stands beside `endpoints` | exactly one of `endpoints`, `dns`, `file`, `kubernetes`',
	],
	[
		'three sources',
		service('{ file: a.yaml, dns: { name: a, port: 80 }, kubernetes: { service: a } }'),
		'4:15 `services.payments.file` stands beside `dns` | exactly one of `endpoints`, `dns`, `file`, `kubernetes`',
		'4:57 `services.payments.kubernetes` stands beside `dns` | exactly one of `endpoints`, `dns`, `file`, `kubernetes`',
	],
	[
		'no source, but a misspelt one',
		service('{ endpoint: [] }'),
		unknownKey('4:15', 'endpoint', 'did you mean `endpoints`?'),
	],
	[
		'a source without a value',
		service('{ dns: }'),
		'4:3 `services.payments` does not say where its endpoints are | exactly one of `endpoints`, `dns`, `file`, `kubernetes`',
	],
	[
		'a source that is text',
		service('{ dns: payments.shop.svc }'),
		'4:20 `services.payments.dns` is not a mapping | a mapping with `name`, `port`, `refresh`, `type`',
	],
	[
		'DNS without a name',
		service('{ dns: { port: 80 } }'),
		'4:15 `name` is missing in `services.payments.dns` | a name such as `payments.shop.svc`, without port',
	],
	[
		'DNS without a port',
		service('{ dns: { name: a } }'),
		'4:15 `port` is missing in `services.payments.dns` | a port from 1 to 65535',
	],
	[
		'DNS with a port in the name',
		service('{ dns: { name: "a:80", port: 80 } }'),
		'4:28 `services.payments.dns.name` is not a name | a name such as `payments.shop.svc`, without port',
	],
	[
		'DNS with a port that is none',
		service('{ dns: { name: a, port: http } }'),
		'4:37 `services.payments.dns.port` is not a port | a port from 1 to 65535',
	],
	[
		'DNS with a name that is too long',
		service(`{ dns: { name: ${'a.'.repeat(126)}ab, port: 80 } }`),
		'4:28 `services.payments.dns.name` is not a name | a name such as `payments.shop.svc`, without port',
	],
	[
		'DNS with a label that is too long',
		service(`{ dns: { name: ${'a'.repeat(64)}.svc, port: 80 } }`),
		'4:28 `services.payments.dns.name` is not a name | a name such as `payments.shop.svc`, without port',
	],
	[
		'SRV records of an address',
		service('{ dns: { name: 10.0.0.7, type: SRV } }'),
		'4:28 `services.payments.dns.name` is an address, which has no SRV records | a name such as `_http._tcp.payments.shop.svc`',
	],
	[
		'DNS that is asked all the time',
		service('{ dns: { name: a, port: 80, refresh: 0s } }'),
		'4:50 `services.payments.dns.refresh` is too short | a duration such as `250ms`, `2s` or `1h30m`, at least 100ms',
	],
	[
		'DNS records of another type',
		service('{ dns: { name: a, port: 80, type: srv } }'),
		'4:47 `services.payments.dns.type` is not one of its values | one of `A`, `SRV` | did you mean `SRV`?',
	],
	[
		'a misspelt key of DNS',
		service('{ dns: { name: a, ports: 80 } }'),
		'4:31 unknown key `ports` in `services.payments.dns` | one of `name`, `port`, `refresh`, `type` | did you mean `port`?',
	],
	[
		'DNS that is the sidecar itself',
		service('{ dns: { name: localhost, port: 8000 } }'),
		'4:28 `services.payments.dns.name` is the sidecar itself: `inbound.listen` has that port | the address of a service',
	],
	[
		'a file that is a list',
		service('{ file: [a.yaml] }'),
		'4:15 `services.payments.file` is not a path | a path such as `endpoints/payments.yaml`, seen from the folder of this file',
	],
	[
		'a file without a name',
		service('{ file: "" }'),
		'4:21 `services.payments.file` is not a path | a path such as `endpoints/payments.yaml`, seen from the folder of this file',
	],
	[
		'a Service without a name',
		service('{ kubernetes: {} }'),
		'4:15 `service` is missing in `services.payments.kubernetes` | a name of lower-case letters, digits and `-`, at most 63',
	],
	[
		'a Service with a name that is none',
		service('{ kubernetes: { service: Payments } }'),
		'4:38 `services.payments.kubernetes.service` is not a name | a name of lower-case letters, digits and `-`, at most 63',
	],
	[
		'a Service with its namespace in its name',
		service('{ kubernetes: { service: payments.shop } }'),
		'4:38 `services.payments.kubernetes.service` is not a name | a name of lower-case letters, digits and `-`, at most 63',
	],
	[
		'a Service in the namespace of the app, which is none',
		'app: { port: 8080, namespace: Shop }\ninbound: { listen: 8000 }\nservices:\n  payments: { kubernetes: { service: a } }\n',
		'4:15 `services.payments.kubernetes` is in the namespace `app.namespace`, which is no name in Kubernetes | `namespace: shop` in it',
	],
	[
		'a port of a Service that is none',
		service('{ kubernetes: { service: a, port: 70000 } }'),
		'4:47 `services.payments.kubernetes.port` is not a port | the name of a port, or a port from 1 to 65535',
	],
	[
		'a misspelt key of a Service',
		service('{ kubernetes: { service: a, namspace: b } }'),
		'4:41 unknown key `namspace` in `services.payments.kubernetes` | one of `service`, `namespace`, `port` | did you mean `namespace`?',
	],
	[
		'a key of the source beside it',
		service('{ kubernetes: { service: a }, namespace: b }'),
		unknownKey('4:43', 'namespace', '`namespace` stands under `kubernetes`'),
	],
	[
		'a port in place of ports',
		service('{ endpoints: [], port: 80 }'),
		unknownKey('4:30', 'port', 'did you mean `ports`?'),
	],
	[
		'a subset of labels and a Service',
		service('{ kubernetes: { service: a }, subsets: { b: { service: c, version: v2 } } }'),
		'4:54 `services.payments.subsets.b` has a `service` beside labels | either of them',
	],
	[
		'a subset of a Service with a name that is none',
		service('{ kubernetes: { service: a }, subsets: { b: { service: C } } }'),
		'4:68 `services.payments.subsets.b.service` is not the name of a Service | a name of lower-case letters, digits and `-`, at most 63',
	],
];

const LISTENING: Table = [
	[
		'a port for everybody',
		policy('listen: 7001'),
		'4:38 `services.payments.listen` is no loopback address: whoever reaches it can call through it | a loopback address such as `127.0.0.1:7001`',
	],
	[
		'an address for everybody',
		policy('listen: "10.0.0.1:7001"'),
		'4:38 `services.payments.listen` is no loopback address: whoever reaches it can call through it | a loopback address such as `127.0.0.1:7001`',
	],
	[
		'the port of the app',
		policy('listen: 127.0.0.1:8080'),
		'4:38 `services.payments.listen` takes the port that `app.port` has on line 1 | a port of its own for each',
	],
	[
		'the port that admin has by default',
		policy('listen: 127.0.0.1:9901'),
		'4:38 `services.payments.listen` takes the port that `admin.listen` has by default | a port of its own for each',
	],
	[
		'the port of admin',
		`${policy('listen: 127.0.0.1:9000')}admin: { listen: { port: 9000 } }\n`,
		'4:38 `services.payments.listen` takes the port that `admin.listen` has on line 5 | a port of its own for each',
	],
	[
		'an address without a port',
		policy('listen: 127.0.0.1'),
		'4:38 `services.payments.listen` is not an address to listen on | a port, `"host:port"` or `{ port: 8000 }`',
	],
	[
		'the port of another service',
		file('services:\n  a: { endpoints: [], listen: 127.0.0.1:7001 }\n  b: { endpoints: [], listen: 127.0.0.1:7001 }\n'),
		'5:31 `services.b.listen` takes the port that `services.a.listen` has on line 4 | a port of its own for each',
	],
	[
		'the port of outbound',
		file('services: { a: { endpoints: [], listen: 127.0.0.1:15001 } }\noutbound: { listen: 127.0.0.1:15001 }\n'),
		'3:41 `services.a.listen` takes the port that `outbound.listen` has on line 4 | a port of its own for each',
	],
	[
		'its own endpoint',
		service('{ listen: 127.0.0.1:7001, endpoints: [{ address: "127.0.0.1:7001" }] }'),
		'4:62 `services.payments.endpoints[0].address` is the sidecar itself: `services.payments.listen` has that port | the address of a service',
	],
];

describe.each([
	['where endpoints come from', SOURCES],
	['a port of its own', LISTENING],
])('each mistake in %s is told once, with its place and what was expected', (_, table) => {
	it.each(table)('%s', (_what, yaml, ...mistakes) => {
		expect(mistakesIn(yaml)).toEqual(mistakes);
	});
});
