import { describe, expect, it } from 'vitest';
import { mistakesIn } from '../support/mistakes.ts';

type Table = readonly (readonly [what: string, yaml: string, ...mistakes: string[]])[];

const APP = 'app: { port: 8080 }\n';
const file = (yaml: string): string => `${APP}inbound: { listen: 8000 }\n${yaml}`;
const app = (yaml: string): string => `${APP}inbound: { listen: 8000, service: { ${yaml} } }\n`;
const service = (yaml: string): string => file(`services:\n  payments: ${yaml}\n`);
const policy = (yaml: string): string => service(`{ endpoints: [], ${yaml} }`);
const outbound = (yaml: string): string => file(`outbound: { listen: 127.0.0.1:15001, ${yaml} }\n`);
const rule = (yaml: string): string => file(`outbound:\n  listen: 127.0.0.1:15001\n  routes:\n    - ${yaml}\n`);
const inboundRule = (yaml: string): string => `${APP}inbound:\n  listen: 8000\n  routes:\n    - ${yaml}\n`;

const SERVICE_KEYS =
	'`hostnames`, `ports`, `protocol`, `listen`, `endpoints`, `dns`, `file`, `kubernetes`, `subsets`, `connect`, `limits`, `circuitBreaker`, `retryBudget`, `loadBalancer`, `outlierDetection`, `healthCheck`, `tls`';
const unknownKey = (place: string, key: string, hint: string): string =>
	`${place} unknown key \`${key}\` in \`services.payments\` | one of ${SERVICE_KEYS} | ${hint}`;

const BALANCING: Table = [
	[
		'a policy in other words',
		policy('loadBalancer: { policy: roundrobin }'),
		'4:54 `services.payments.loadBalancer.policy` is not one of its values | one of `leastRequest`, `peakEwma`, `roundRobin`, `random`, `ringHash`, `maglev` | did you mean `roundRobin`?',
	],
	[
		'a policy of nobody',
		policy('loadBalancer: { policy: sticky }'),
		'4:54 `services.payments.loadBalancer.policy` is not one of its values | one of `leastRequest`, `peakEwma`, `roundRobin`, `random`, `ringHash`, `maglev`',
	],
	[
		'a policy that is all there is',
		policy('loadBalancer: roundRobin'),
		'4:44 `services.payments.loadBalancer` is not a mapping | a mapping with `policy`, `hash`, `slowStart`, `zone`',
	],
	[
		'a hash key of a policy that has none',
		policy('loadBalancer: { policy: random, hash: sourceIp }'),
		'4:62 `services.payments.loadBalancer.hash` has no meaning with `policy: random` | `policy: ringHash` or `policy: maglev`',
	],
	[
		'a hash key without a policy',
		policy('loadBalancer: { hash: { header: x-user } }'),
		'4:46 `services.payments.loadBalancer.hash` has no meaning with `policy: leastRequest` | `policy: ringHash` or `policy: maglev`',
	],
	[
		'two hash keys',
		policy('loadBalancer: { policy: maglev, hash: { header: a, cookie: b } }'),
		'4:62 `services.payments.loadBalancer.hash` does not say what tells requests apart | `{ header: x-user }`, `{ cookie: sid }`, `{ query: user }` or `sourceIp`',
	],
	[
		'a hash key that is none',
		policy('loadBalancer: { policy: maglev, hash: { path: /a } }'),
		'4:62 `services.payments.loadBalancer.hash` does not say what tells requests apart | `{ header: x-user }`, `{ cookie: sid }`, `{ query: user }` or `sourceIp`',
	],
	[
		'a header to hash that is none',
		policy('loadBalancer: { policy: ringHash, hash: { header: "x user" } }'),
		'4:64 `services.payments.loadBalancer.hash` does not say what tells requests apart | `{ header: x-user }`, `{ cookie: sid }`, `{ query: user }` or `sourceIp`',
	],
	[
		'a slow start that is a number',
		policy('loadBalancer: { slowStart: 30 }'),
		'4:57 `services.payments.loadBalancer.slowStart` is not a duration | a duration such as `250ms`, `2s` or `1h30m`',
	],
	[
		'a zone by name',
		policy('loadBalancer: { zone: a }'),
		'4:52 `services.payments.loadBalancer.zone` is not one of its values | one of `any`, `prefer`',
	],
	[
		'a key of it one level too high',
		policy('slowStart: 30s'),
		unknownKey('4:30', 'slowStart', '`slowStart` stands under `loadBalancer`'),
	],
];

const HEALTH: Table = [
	[
		'ejection that is on',
		policy('outlierDetection: on'),
		'4:48 `services.payments.outlierDetection` is not a mapping | a mapping such as `{ consecutiveErrors: 5 }`, or `off`',
	],
	[
		'errors that are none',
		policy('outlierDetection: { consecutiveErrors: -1 }'),
		'4:69 `services.payments.outlierDetection.consecutiveErrors` is too small | a whole number from 0 to 999999',
	],
	[
		'a share in per cent',
		policy('outlierDetection: { successRate: { below: 80 } }'),
		'4:72 `services.payments.outlierDetection.successRate.below` is too large | a number from 0 to 1, such as `0.8`',
	],
	[
		'a share that is text',
		policy('outlierDetection: { successRate: { below: 80% } }'),
		'4:72 `services.payments.outlierDetection.successRate.below` is not a share | a number from 0 to 1, such as `0.8`',
	],
	[
		'a window that is too short',
		policy('outlierDetection: { successRate: { window: 10ms } }'),
		'4:73 `services.payments.outlierDetection.successRate.window` is too short | a duration such as `250ms`, `2s` or `1h30m`, at least 100ms',
	],
	[
		'an ejection longer than the longest',
		policy('outlierDetection: { baseEjection: 10m }'),
		'4:64 `services.payments.outlierDetection.baseEjection` is longer than an ejection may last | at most `maxEjection`, which is 300s by default',
	],
	[
		'a longest ejection shorter than one by default',
		policy('outlierDetection: { maxEjection: 10s }'),
		'4:63 `services.payments.outlierDetection.maxEjection` is shorter than an ejection | at least `baseEjection`, which is 30s by default',
	],
	[
		'more than all endpoints',
		policy('outlierDetection: { maxEjectionPercent: 101 }'),
		'4:70 `services.payments.outlierDetection.maxEjectionPercent` is not a percentage | a percentage such as `20%` or `20`, from 0 to 100',
	],
	[
		'the words of others',
		policy('outlierDetection: { consecutive5xx: 5, baseEjectionTime: 30s }'),
		'4:50 unknown key `consecutive5xx` in `services.payments.outlierDetection` | one of `consecutiveErrors`, `successRate`, `interval`, `baseEjection`, `maxEjection`, `maxEjectionPercent`',
		'4:69 unknown key `baseEjectionTime` in `services.payments.outlierDetection` | one of `consecutiveErrors`, `successRate`, `interval`, `baseEjection`, `maxEjection`, `maxEjectionPercent` | did you mean `baseEjection`?',
	],
	[
		'a health check of nothing',
		policy('healthCheck: {}'),
		'4:30 `services.payments.healthCheck` does not say what is asked | one of `path: /healthz`, `grpc: my.Service` and `tcp: true`',
	],
	[
		'a health check of two kinds',
		policy('healthCheck: { path: /a, grpc: b }'),
		'4:55 `services.payments.healthCheck.grpc` stands beside `path` | one of them',
	],
	[
		'a health check that is a path',
		policy('healthCheck: /healthz'),
		'4:43 `services.payments.healthCheck` is not a mapping | a mapping such as `{ path: /healthz }`, or `off`',
	],
	[
		'a health check by TCP that is not',
		policy('healthCheck: { tcp: false }'),
		'4:50 `services.payments.healthCheck.tcp` is not `true` | `true`, or no such key',
	],
	[
		'a relative path',
		policy('healthCheck: { path: healthz }'),
		'4:51 `services.payments.healthCheck.path` is not a path | a path such as `/healthz`',
	],
	[
		'statuses of TCP',
		policy('healthCheck: { tcp: true, expect: 200 }'),
		'4:56 `services.payments.healthCheck.expect` has no meaning with `tcp` | `path` beside it',
	],
	[
		'statuses that are none',
		policy('healthCheck: { path: /, expect: 2xx }'),
		'4:62 `services.payments.healthCheck.expect` is not a range of statuses | a status or a range such as `200-299`, from 200 to 599',
	],
	[
		'statuses from high to low',
		policy('healthCheck: { path: /, expect: 299-200 }'),
		'4:62 `services.payments.healthCheck.expect` is not a range of statuses | a status or a range such as `200-299`, from 200 to 599',
	],
	[
		'a gRPC service that is none',
		policy('healthCheck: { grpc: "/a/b" }'),
		'4:51 `services.payments.healthCheck.grpc` is not the name of a gRPC service | a name such as `shop.Payments`, or `""` for the whole server',
	],
	[
		'a misspelt key of a health check',
		policy('healthCheck: { pth: /healthz }'),
		'4:45 unknown key `pth` in `services.payments.healthCheck` | one of `path`, `expect`, `grpc`, `tcp`, `interval`, `timeout`, `healthy`, `unhealthy` | did you mean `path`?',
	],
	[
		'answers that are never enough',
		policy('healthCheck: { path: /, healthy: 0 }'),
		'4:63 `services.payments.healthCheck.healthy` is too small | a whole number from 1 to 100',
	],
	[
		'the app left out',
		app('outlierDetection: { consecutiveErrors: 5 }'),
		'2:37 `inbound.service.outlierDetection` would leave out the app, and there is no other | `off`, or no such key',
	],
	[
		'the app asked twice',
		app('healthCheck: { path: /healthz }'),
		'2:37 `inbound.service.healthCheck` would ask the app, as `app.health` does | `off`, or no such key',
	],
	[
		'a choice among the app',
		app('loadBalancer: { policy: random }'),
		'2:37 unknown key `loadBalancer` in `inbound.service` | one of `connect`, `limits`, `circuitBreaker`, `retryBudget`, `outlierDetection`, `healthCheck` | the app is the only endpoint: there is nothing to choose',
	],
];

const HEDGES_AND_DEADLINES: Table = [
	[
		'a hedge after no time',
		rule('hedge: { after: 0s }'),
		'6:23 `outbound.routes[0].hedge.after` is too short | `p95`, or a duration such as `50ms`, at least 1ms',
	],
	[
		'a hedge after another quantile',
		rule('hedge: { after: p99 }'),
		'6:23 `outbound.routes[0].hedge.after` is neither `p95` nor a duration | `p95`, or a duration such as `50ms`, at least 1ms',
	],
	[
		'a hedge after a number',
		rule('hedge: { after: 50 }'),
		'6:23 `outbound.routes[0].hedge.after` is not a duration | `p95`, or a duration such as `50ms`, at least 1ms',
	],
	[
		'too many hedges',
		rule('hedge: { max: 4 }'),
		'6:21 `outbound.routes[0].hedge.max` is too large | a whole number from 1 to 3',
	],
	[
		'a budget that is none',
		rule('hedge: { budgetPercent: 5x }'),
		'6:31 `outbound.routes[0].hedge.budgetPercent` is not a percentage | a percentage such as `20%` or `20`, from 0 to 100',
	],
	[
		'a hedge that is a time',
		rule('hedge: 50ms'),
		'6:14 `outbound.routes[0].hedge` is not a mapping | a mapping with `after`, `max`, `budgetPercent`',
	],
	[
		'a hedge towards the app',
		inboundRule('{ name: a, hedge: {} }'),
		'5:18 `inbound.routes[0].hedge` would ask the app twice | `backendRefs` without the app',
	],
	[
		'a hedge towards the app among others',
		inboundRule('{ hedge: {}, backendRefs: [{ name: a }, { name: app }] }'),
		'5:9 `inbound.routes[0].hedge` would ask the app twice | `backendRefs` without the app',
	],
	[
		'a hedge towards the app, outbound',
		rule('{ hedge: {}, backendRefs: [{ name: app }] }'),
		'6:9 `outbound.routes[0].hedge` would ask the app twice | `backendRefs` without the app',
	],
	[
		'deadlines that are one word',
		outbound('deadlines: off'),
		'3:49 `outbound.deadlines` is not a mapping | a mapping with `inherit`, `cancel`',
	],
	[
		'a deadline in other words',
		outbound('deadlines: { inherit: never }'),
		'3:60 `outbound.deadlines.inherit` is not one of its values | one of `explicit`, `always`, `off`',
	],
	[
		'a cancellation in other words',
		outbound('deadlines: { cancel: saef }'),
		'3:59 `outbound.deadlines.cancel` is not one of its values | one of `safe`, `always`, `off` | did you mean `safe`?',
	],
	[
		'a misspelt key of deadlines',
		outbound('deadlines: { inherits: off }'),
		'3:51 unknown key `inherits` in `outbound.deadlines` | one of `inherit`, `cancel` | did you mean `inherit`?',
	],
	[
		'a zone of the app that is none',
		'app: { port: 8080, zone: "a b" }\ninbound: { listen: 8000 }\n',
		'1:26 `app.zone` is not a zone | letters, digits, `.`, `_` and `-`, at most 253',
	],
];

describe.each([
	['how endpoints are chosen', BALANCING],
	['who is left out, and who is asked', HEALTH],
	['hedges and deadlines', HEDGES_AND_DEADLINES],
])('each mistake in %s is told once, with its place and what was expected', (_, table) => {
	it.each(table)('%s', (_what, yaml, ...mistakes) => {
		expect(mistakesIn(yaml)).toEqual(mistakes);
	});
});
