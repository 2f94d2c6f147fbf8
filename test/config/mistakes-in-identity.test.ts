import { describe, expect, it } from 'vitest';
import { mistakesIn } from '../support/mistakes.ts';

type Table = readonly (readonly [what: string, yaml: string, ...mistakes: string[]])[];

const APP = 'app: { port: 8080 }\n';
const INBOUND = 'inbound: { listen: 8000 }\n';
const TLS = 'tls: { workloadApi: unix:///a }\n';
const file = (yaml: string): string => `${APP}${INBOUND}${yaml}`;
const identity = (yaml: string): string => file(`tls: ${yaml}\n`);
const service = (yaml: string): string => file(`${TLS}services:\n  payments: { ${yaml} }\n`);
const alone = (yaml: string): string => file(`services:\n  payments: { ${yaml} }\n`);
const app = (yaml: string): string => `${APP}inbound: { listen: 8000, service: ${yaml} }\n`;

const IDENTITY: Table = [
	[
		'an identity of nothing',
		identity('{}'),
		'3:1 `tls` does not say where the certificate comes from | `certificate`, `key` and `trustBundle`, or `workloadApi`',
	],
	[
		'an identity of a mode alone',
		identity('{ mode: strict }'),
		'3:1 `tls` does not say where the certificate comes from | `certificate`, `key` and `trustBundle`, or `workloadApi`',
	],
	['an identity without a value', identity(''), '3:1 `tls` has no value | a value, or no such key'],
	[
		'an identity that is a path',
		identity('certs/a.pem'),
		'3:6 `tls` is not a mapping | a mapping with `certificate`, `key` and `trustBundle`, or `workloadApi`',
	],
	[
		'a certificate without its partners',
		identity('{ certificate: a.pem }'),
		'3:1 `key` is missing in `tls` | the path of a PEM file, such as `certs/orders.key`',
		'3:1 `trustBundle` is missing in `tls` | the path of a PEM file, such as `certs/ca.pem`',
	],
	[
		'a key without its partners',
		identity('{ key: a.key }'),
		'3:1 `certificate` is missing in `tls` | the path of a PEM file, such as `certs/orders.pem`',
		'3:1 `trustBundle` is missing in `tls` | the path of a PEM file, such as `certs/ca.pem`',
	],
	[
		'no bundle',
		identity('{ certificate: a.pem, key: a.key }'),
		'3:1 `trustBundle` is missing in `tls` | the path of a PEM file, such as `certs/ca.pem`',
	],
	[
		'two sources',
		identity('{ certificate: a.pem, key: a.key, trustBundle: ca.pem, workloadApi: unix:///a }'),
		'3:8 `tls.certificate` stands beside `workloadApi` | either of `certificate`, `key` and `trustBundle`, or `workloadApi`',
		'3:28 `tls.key` stands beside `workloadApi` | either of `certificate`, `key` and `trustBundle`, or `workloadApi`',
		'3:40 `tls.trustBundle` stands beside `workloadApi` | either of `certificate`, `key` and `trustBundle`, or `workloadApi`',
	],
	[
		'a misspelt file',
		identity('{ certficate: a.pem, key: a.key, trustBundle: ca.pem }'),
		'3:8 unknown key `certficate` in `tls` | one of `mode`, `certificate`, `key`, `trustBundle`, `workloadApi`, `minVersion` | did you mean `certificate`?',
	],
	[
		'the words of others',
		identity('{ cert: a.pem, key: a.key, ca: ca.pem }'),
		'3:8 unknown key `cert` in `tls` | one of `mode`, `certificate`, `key`, `trustBundle`, `workloadApi`, `minVersion` | did you mean `certificate`?',
		'3:33 unknown key `ca` in `tls` | one of `mode`, `certificate`, `key`, `trustBundle`, `workloadApi`, `minVersion`',
	],
	[
		'a key in place of its path',
		identity('{ certificate: a.pem, key: "-----BEGIN PRIVATE KEY-----", trustBundle: ca.pem }'),
		'3:33 `tls.key` holds a certificate or a key itself | the path of a PEM file',
	],
	[
		'the body of a key in place of its path',
		identity(`{ certificate: a.pem, key: M${'IGHAgEA'.repeat(9)}, trustBundle: ca.pem }`),
		'3:33 `tls.key` holds a certificate or a key itself | the path of a PEM file',
	],
	[
		'a key of several lines',
		identity('{ certificate: a.pem, key: "a\\nb", trustBundle: ca.pem }'),
		'3:33 `tls.key` is not a path | the path of a PEM file, such as `certs/orders.key`',
	],
	[
		'a mode of a service',
		identity('{ mode: mutual, workloadApi: unix:///a }'),
		'3:14 `tls.mode` is not one of its values | one of `strict`, `permissive`, `off`',
	],
	[
		'a misspelt mode',
		identity('{ mode: permisive, workloadApi: unix:///a }'),
		'3:14 `tls.mode` is not one of its values | one of `strict`, `permissive`, `off` | did you mean `permissive`?',
	],
	[
		'an old version',
		identity('{ workloadApi: unix:///a, minVersion: "1.1" }'),
		'3:44 `tls.minVersion` is not one of its values | one of `1.2`, `1.3` | did you mean `1.2`?',
	],
	[
		'a version in other words',
		identity('{ workloadApi: unix:///a, minVersion: TLSv1.3 }'),
		'3:44 `tls.minVersion` is not one of its values | one of `1.2`, `1.3`',
	],
	[
		'a Workload API by TCP',
		identity('{ workloadApi: "tcp://127.0.0.1:8081" }'),
		'3:21 `tls.workloadApi` is not the URL of a Unix socket | the URL of a Unix socket, such as `unix:///run/spire/agent.sock`',
	],
	[
		'a Workload API at a path alone',
		identity('{ workloadApi: /run/spire/agent.sock }'),
		'3:21 `tls.workloadApi` is not the URL of a Unix socket | the URL of a Unix socket, such as `unix:///run/spire/agent.sock`',
	],
	[
		'a Workload API at a relative path',
		identity('{ workloadApi: unix:agent.sock }'),
		'3:21 `tls.workloadApi` is not the URL of a Unix socket | the URL of a Unix socket, such as `unix:///run/spire/agent.sock`',
	],
	[
		'a Workload API with a host',
		identity('{ workloadApi: "unix://host/a" }'),
		'3:21 `tls.workloadApi` is not the URL of a Unix socket | the URL of a Unix socket, such as `unix:///run/spire/agent.sock`',
	],
	[
		'a path that is too long for a socket',
		identity(`{ workloadApi: "unix:///${'a'.repeat(107)}" }`),
		'3:21 `tls.workloadApi` is too long for a socket | the URL of a Unix socket, such as `unix:///run/spire/agent.sock`',
	],
	[
		'a service policy that is one word',
		app('off'),
		'2:35 `inbound.service` is not a mapping | a mapping with `connect`, `limits`, `circuitBreaker`, `retryBudget`, `outlierDetection`, `healthCheck`',
	],
	[
		'an identity that is a number',
		service('endpoints: [{ address: "a:80", identity: 7 }]'),
		'5:56 `services.payments.endpoints[0].identity` is not a SPIFFE id | a SPIFFE id such as `spiffe://mesh.local/ns/shop/sa/payments`',
	],
	[
		'TLS of the app',
		app('{ tls: { mode: simple } }'),
		'2:37 unknown key `tls` in `inbound.service` | one of `connect`, `limits`, `circuitBreaker`, `retryBudget`, `outlierDetection`, `healthCheck` | the app is on localhost, where plaintext is spoken; TLS for callers is `tls` at the top',
	],
];

const SERVICES: Table = [
	[
		'TLS that is one word',
		service('endpoints: [], tls: mutual'),
		'5:35 `services.payments.tls` is not a mapping | a mapping such as `{ mode: mutual }`',
	],
	[
		'TLS without a value',
		service('endpoints: [], tls:'),
		'5:30 `services.payments.tls` has no value | a value, or no such key',
	],
	[
		'a mode of the inbound port',
		service('endpoints: [], tls: { mode: strict }'),
		'5:43 `services.payments.tls.mode` is not one of its values | one of `off`, `simple`, `mutual`, `auto`',
	],
	[
		'a misspelt mode',
		service('endpoints: [], tls: { mode: mutaul }'),
		'5:43 `services.payments.tls.mode` is not one of its values | one of `off`, `simple`, `mutual`, `auto` | did you mean `mutual`?',
	],
	[
		'a misspelt key',
		service('endpoints: [], tls: { subjectAltName: [a] }'),
		'5:37 unknown key `subjectAltName` in `services.payments.tls` | one of `mode`, `sni`, `subjectAltNames`, `trustBundle` | did you mean `subjectAltNames`?',
	],
	[
		'an identity in place of names',
		service('endpoints: [], tls: { identity: "spiffe://a/b" }'),
		'5:37 unknown key `identity` in `services.payments.tls` | one of `mode`, `sni`, `subjectAltNames`, `trustBundle`',
	],
	[
		'a name of the server with a port',
		service('endpoints: [], tls: { sni: "a:443" }'),
		'5:42 `services.payments.tls.sni` is not a DNS name | a DNS name such as `payments.shop.svc`, without port',
	],
	[
		'a name of the server that is an address',
		service('endpoints: [], tls: { sni: 10.0.0.7 }'),
		'5:42 `services.payments.tls.sni` is an address, which is never asked for by name | a DNS name such as `payments.shop.svc`, without port',
	],
	[
		'names that are one',
		service('endpoints: [], tls: { subjectAltNames: a }'),
		'5:54 `services.payments.tls.subjectAltNames` is not a list | a list of at most 64 such as `["spiffe://mesh.local/ns/shop/sa/payments"]`',
	],
	[
		'no names',
		service('endpoints: [], tls: { subjectAltNames: [] }'),
		'5:37 `services.payments.tls.subjectAltNames` has too few entries | at least 1',
	],
	[
		'names without a value',
		service('endpoints: [], tls: { subjectAltNames: }'),
		'5:37 `services.payments.tls.subjectAltNames` has no value | a value, or no such key',
	],
	[
		'a SPIFFE id that ends in a slash',
		service('endpoints: [], tls: { subjectAltNames: ["spiffe://mesh.local/ns/shop/"] }'),
		'5:55 `services.payments.tls.subjectAltNames[0]` has a path that ends in a slash | a SPIFFE id such as `spiffe://mesh.local/ns/shop/sa/payments`, another URI, or a DNS name',
	],
	[
		'a SPIFFE id in capitals',
		service('endpoints: [], tls: { subjectAltNames: ["SPIFFE://mesh.local/a"] }'),
		'5:55 `services.payments.tls.subjectAltNames[0]` does not begin with spiffe:// (in lower case) | a SPIFFE id such as `spiffe://mesh.local/ns/shop/sa/payments`, another URI, or a DNS name',
	],
	[
		'a trust domain with a port',
		service('endpoints: [], tls: { subjectAltNames: ["spiffe://mesh.local:8443/a"] }'),
		'5:55 `services.payments.tls.subjectAltNames[0]` has a trust domain with other characters than a-z, 0-9, ".", "-" and "_" | a SPIFFE id such as `spiffe://mesh.local/ns/shop/sa/payments`, another URI, or a DNS name',
	],
	[
		'a trust domain alone',
		service('endpoints: [], tls: { subjectAltNames: ["spiffe://mesh.local"] }'),
		'5:55 `services.payments.tls.subjectAltNames[0]` names a trust domain and no workload | a SPIFFE id such as `spiffe://mesh.local/ns/shop/sa/payments`, another URI, or a DNS name',
	],
	[
		'a wildcard',
		service('endpoints: [], tls: { subjectAltNames: ["*.shop.svc"] }'),
		'5:55 `services.payments.tls.subjectAltNames[0]` is a wildcard: a certificate may have one, what it is held against may not | a SPIFFE id such as `spiffe://mesh.local/ns/shop/sa/payments`, another URI, or a DNS name',
	],
	[
		'an address',
		service('endpoints: [], tls: { subjectAltNames: [10.0.0.7, "::1"] }'),
		'5:55 `services.payments.tls.subjectAltNames[0]` is an address, which is neither a URI nor a DNS name | a SPIFFE id such as `spiffe://mesh.local/ns/shop/sa/payments`, another URI, or a DNS name',
		'5:65 `services.payments.tls.subjectAltNames[1]` is an address, which is neither a URI nor a DNS name | a SPIFFE id such as `spiffe://mesh.local/ns/shop/sa/payments`, another URI, or a DNS name',
	],
	[
		'a name with a port',
		service('endpoints: [], tls: { subjectAltNames: ["payments:443"] }'),
		'5:55 `services.payments.tls.subjectAltNames[0]` is neither a URI nor a DNS name | a SPIFFE id such as `spiffe://mesh.local/ns/shop/sa/payments`, another URI, or a DNS name',
	],
	[
		'a name twice',
		service('endpoints: [], tls: { subjectAltNames: [a.b, A.B.] }'),
		'5:60 `services.payments.tls.subjectAltNames[1]` is in the list already',
	],
	[
		'authorities in place of their path',
		service('endpoints: [], tls: { trustBundle: "-----BEGIN CERTIFICATE-----" }'),
		'5:50 `services.payments.tls.trustBundle` holds a certificate or a key itself | the path of a PEM file',
	],
	[
		'an endpoint of a name that is no SPIFFE id',
		service('endpoints: [{ address: "a:80", identity: payments }]'),
		'5:56 `services.payments.endpoints[0].identity` does not begin with spiffe:// (in lower case) | a SPIFFE id such as `spiffe://mesh.local/ns/shop/sa/payments`',
	],
	[
		'an endpoint of an empty segment',
		service('endpoints: [{ address: "a:80", identity: "spiffe://a//b" }]'),
		'5:56 `services.payments.endpoints[0].identity` has a path with an empty segment | a SPIFFE id such as `spiffe://mesh.local/ns/shop/sa/payments`',
	],
	[
		'an endpoint of a dot segment',
		service('endpoints: [{ address: "a:80", identity: "spiffe://a/../b" }]'),
		'5:56 `services.payments.endpoints[0].identity` has a path with a dot segment | a SPIFFE id such as `spiffe://mesh.local/ns/shop/sa/payments`',
	],
	[
		'an endpoint whose identity has no value',
		service('endpoints: [{ address: "a:80", identity: }]'),
		'5:46 `services.payments.endpoints[0].identity` has no value | a value, or no such key',
	],
	[
		'mutual TLS without an identity of our own',
		alone('endpoints: [], tls: { mode: mutual }'),
		'4:43 `services.payments.tls.mode` needs an identity of our own: there is no `tls` at the top | `tls` at the top with `certificate`, `key` and `trustBundle`, or `workloadApi`',
	],
	[
		'names that ask for one',
		alone('endpoints: [], tls: { subjectAltNames: [a] }'),
		'4:37 `services.payments.tls.subjectAltNames` needs an identity of our own: there is no `tls` at the top | `tls` at the top with `certificate`, `key` and `trustBundle`, or `workloadApi`',
	],
	[
		'an endpoint that asks for one',
		alone('endpoints: [{ address: "a:80" }, { address: "b:80", identity: "spiffe://a/b" }]'),
		'4:77 `services.payments.endpoints[1].identity` needs an identity of our own: there is no `tls` at the top | `tls` at the top with `certificate`, `key` and `trustBundle`, or `workloadApi`',
	],
	[
		'simple TLS with nobody',
		alone('endpoints: [{ address: "10.0.0.7:443" }], tls: { mode: simple }'),
		'4:70 `services.payments.tls.mode` has no name to hold a certificate against | `sni` or `subjectAltNames` beside it, or `hostnames` of the service',
	],
	[
		'simple TLS with one endpoint without a name',
		alone('endpoints: [{ address: "a:443" }, { address: "[::1]:443" }], tls: { mode: simple }'),
		'4:89 `services.payments.tls.mode` has no name to hold a certificate against | `sni` or `subjectAltNames` beside it, or `hostnames` of the service',
	],
	[
		'simple TLS with what a name resolves to',
		alone('dns: { name: a.b, port: 443 }, tls: { mode: simple }'),
		'4:59 `services.payments.tls.mode` has no name to hold a certificate against | `sni` or `subjectAltNames` beside it, or `hostnames` of the service',
	],
	[
		'simple TLS with a misspelt name',
		alone('endpoints: [], tls: { mode: simple, snl: a }'),
		'4:51 unknown key `snl` in `services.payments.tls` | one of `mode`, `sni`, `subjectAltNames`, `trustBundle` | did you mean `sni`?',
	],
];

describe.each([
	['who the workload is', IDENTITY],
	['who services are', SERVICES],
])('each mistake in %s is told once, with its place and what was expected', (_, table) => {
	it.each(table)('%s', (_what, yaml, ...mistakes) => {
		expect(mistakesIn(yaml)).toEqual(mistakes);
	});
});

it('never tells a value of the environment', () => {
	const told = mistakesIn(alone('endpoints: [], tls: { sni: "${SNI}" }'), { SNI: 'hid den' });
	expect(told).toEqual([
		'4:42 `services.payments.tls.sni` is not a DNS name | a DNS name such as `payments.shop.svc`, without port | the value comes from `SNI`',
	]);
});
