import { describe, expect, it } from 'vitest';
import { warningsIn } from '../support/mistakes.ts';

const file = (app: string, yaml: string): string => `app: { port: 8080${app} }\ninbound: { listen: 8000 }\n${yaml}`;
const service = (yaml: string, app = ''): string => file(app, `services:\n  payments: { ${yaml} }\n`);
const STATIC = 'endpoints: [{ address: "a:80", labels: { version: v1 } }]';
const OUTBOUND = 'outbound: { listen: 127.0.0.1:15001 }\n';

describe('what is probably not meant of a service is warned about', () => {
	it.each<readonly [what: string, yaml: string, ...warnings: string[]]>([
		['no endpoints', service('endpoints: []'), '4:15 `services.payments.endpoints` is empty: its requests get 503'],
		[
			'a subset of labels that no endpoint has',
			service(`${STATIC}, subsets: { canary: { version: v2 } }`),
			'4:85 `services.payments.subsets.canary` has no endpoint: its requests get 503',
		],
		[
			'a subset by labels of what DNS says',
			service('dns: { name: a, port: 80 }, subsets: { canary: { version: v2 } }'),
			'4:54 `services.payments.subsets.canary` has no endpoint: its requests get 503 | `endpoints` or `file`, whose endpoints have labels',
		],
		[
			'a subset by labels in a cluster',
			service('kubernetes: { service: a }, subsets: { canary: { version: v2 } }'),
			'4:54 `services.payments.subsets.canary` has no endpoint: its requests get 503 | a Service of its own, such as `{ service: payments-canary }`',
		],
		[
			'a zone for an app that has none',
			service('kubernetes: { service: a }, loadBalancer: { zone: prefer }'),
			'4:65 `services.payments.loadBalancer.zone` has no effect: nothing says in which zone the app is | `app: { zone: a }`',
		],
		[
			'a zone for endpoints that have none',
			service(`${STATIC}, loadBalancer: { zone: prefer }`, ', zone: a'),
			'4:96 `services.payments.loadBalancer.zone` has no effect: no endpoint says its zone | `any`',
		],
		[
			'a zone for names, which have none',
			service('dns: { name: a, port: 80 }, loadBalancer: { zone: prefer }', ', zone: a'),
			'4:65 `services.payments.loadBalancer.zone` has no effect: no endpoint says its zone | `any`',
		],
		[
			'a slow start of a hashed policy',
			service(`${STATIC}, loadBalancer: { policy: maglev, hash: { header: a }, slowStart: 1s }`),
			'4:138 `services.payments.loadBalancer.slowStart` is not useful with `maglev`: each of its steps gives requests to another endpoint',
		],
		[
			'the address of the app as a hash key',
			service(`hostnames: [payments], ${STATIC}, loadBalancer: { policy: ringHash }`) + OUTBOUND,
			'4:97 `services.payments.loadBalancer.hash` sends all that the app asks to one endpoint: its requests come from one address | `hash: { header: x-user }`, or another policy',
		],
		[
			'the same by a port of its own',
			service(`listen: 127.0.0.1:7001, ${STATIC}, loadBalancer: { policy: ringHash, hash: sourceIp }`),
			'4:138 `services.payments.loadBalancer.hash` sends all that the app asks to one endpoint: its requests come from one address | `hash: { header: x-user }`, or another policy',
		],
		[
			'the same by a rule',
			service(`${STATIC}, loadBalancer: { policy: ringHash, hash: sourceIp }`) +
				'outbound: { listen: 127.0.0.1:15001, routes: [{ backendRefs: [{ name: payments }] }] }\n',
			'4:114 `services.payments.loadBalancer.hash` sends all that the app asks to one endpoint: its requests come from one address | `hash: { header: x-user }`, or another policy',
		],
		[
			'outlier detection of nothing',
			service(`${STATIC}, outlierDetection: { consecutiveErrors: 0 }`),
			'4:74 `services.payments.outlierDetection` never leaves out an endpoint | `off`',
		],
		[
			'a hedge of what cannot be sent twice',
			file(
				'',
				'outbound: { listen: 127.0.0.1:15001, routes: [{ matches: [{ method: [POST, PATCH] }], hedge: {} }] }\n',
			),
			'3:87 `outbound.routes[0].hedge` has no effect: no method of the rule is safe to repeat | a rule for GET, or for another idempotent method',
		],
	])('%s', (_, yaml, ...warnings) => {
		expect(warningsIn(yaml)).toEqual(warnings);
	});
});

describe('what is meant is not warned about', () => {
	it.each([
		['endpoints that come from elsewhere', service('dns: { name: a, port: 80 }')],
		['labels that a file may have', service('file: a.yaml, subsets: { canary: { version: v2 } }')],
		['a subset that is all of a name', service('dns: { name: a, port: 80 }, subsets: { all: {} }')],
		['a subset that is a Service', service('kubernetes: { service: a }, subsets: { b: { service: c } }')],
		['a zone in a cluster', service('kubernetes: { service: a }, loadBalancer: { zone: prefer }', ', zone: a')],
		[
			'a zone that an endpoint has',
			service('endpoints: [{ address: "a:80", zone: b }], loadBalancer: { zone: prefer }', ', zone: a'),
		],
		['the address of callers as a hash key', service(`${STATIC}, loadBalancer: { policy: ringHash }`) + OUTBOUND],
		['a slow start', service(`${STATIC}, loadBalancer: { slowStart: 30s }`)],
		[
			'ejection by the share of successes alone',
			service(`${STATIC}, outlierDetection: { consecutiveErrors: 0, successRate: {} }`),
		],
		[
			'a hedge of some methods',
			file('', 'outbound: { listen: 127.0.0.1:15001, routes: [{ matches: [{ method: [POST, PUT] }], hedge: {} }] }\n'),
		],
		[
			'a hedge of one match',
			file(
				'',
				'outbound: { listen: 127.0.0.1:15001, routes: [{ matches: [{ method: POST }, { path: /a }], hedge: {} }] }\n',
			),
		],
	])('%s', (_, yaml) => {
		expect(warningsIn(yaml)).toEqual([]);
	});
});
