import { describe, expect, it } from 'vitest';
import { mistakesIn } from '../support/mistakes.ts';

const APP = 'app: { port: 8080 }\n';
const INBOUND = 'inbound: { listen: 8000 }\n';
const rule = (yaml: string): string => `${APP}inbound:\n  listen: 8000\n  routes:\n    - ${yaml}\n`;
const match = (yaml: string): string => rule(`matches: [${yaml}]`);
const PATH_FORMS =
	'`path: /orders` (prefix), `path: "= /orders"` (exact) or `path: "~ /o/[0-9]+"` (regular expression)';
const HEADER_FORMS = 'a list such as `[{ name: x-canary, value: "1" }]`, or `{ x-canary: "1" }`';
const DURATION = 'a duration such as `250ms`, `2s` or `1h30m`';

const TOP_KEYS =
	'one of `app`, `inbound`, `outbound`, `services`, `tls`, `admin`, `probes`, `telemetry`, `localReplies`, `trustedHops`, `workers`, `passthrough`, `shutdown`, `limits`, `tests`, `unstable`';
const RULE_KEYS =
	'one of `name`, `hostnames`, `matches`, `filters`, `backendRefs`, `timeouts`, `retry`, `hedge`, `sessionPersistence`, `rateLimit`, `fault`, `directResponse`, `limits`, `authorization`';

const TABLE: readonly (readonly [what: string, yaml: string, ...mistakes: string[]])[] = [
	['an empty file', '', '1:1 the file is empty | at least `app: { port: 8080 }` and `inbound: { listen: 8000 }`'],
	[
		'only comments',
		'# nothing\n',
		'1:1 the file is empty | at least `app: { port: 8080 }` and `inbound: { listen: 8000 }`',
	],
	['a list', '- app\n', '1:1 the route file is not a mapping | a mapping with at least `app` and `inbound`'],
	['no app', INBOUND, '1:1 `app` is missing | where the app listens, such as `app: { port: 8080 }`'],
	['no inbound', APP, '1:1 `inbound` is missing | where callers connect, such as `inbound: { listen: 8000 }`'],
	[
		'no listen',
		`${APP}inbound: { unmatched: app }\n`,
		'2:1 `listen` is missing in `inbound` | a port, `"host:port"` or `{ port: 8000 }`',
	],
	[
		'an app without an address',
		`app: { name: x }\n${INBOUND}`,
		'1:1 `app` needs `port` or `socket`: where the app listens | `port: 8080` or `socket: /run/app.sock`',
	],
	[
		'an app with two addresses',
		`app: { port: 8080, socket: /run/a.sock }\n${INBOUND}`,
		'1:1 `app` has both `port` and `socket` | `port: 8080` or `socket: /run/app.sock`',
	],
	['a port out of range', `app: { port: 80800 }\n${INBOUND}`, '1:14 `app.port` is too large | a port from 1 to 65535'],
	['a port that is none', `app: { port: http }\n${INBOUND}`, '1:14 `app.port` is not a port | a port from 1 to 65535'],
	[
		'a relative socket',
		`app: { socket: app.sock }\n${INBOUND}`,
		'1:16 `app.socket` is not a path | the path of a Unix socket, such as `/run/app.sock`',
	],
	[
		'a number for text',
		`app: { port: 8080, version: 1.10 }\n${INBOUND}`,
		'1:29 `app.version` is not a version | text; quote it when it looks like a number | a number needs quotes to be text',
	],
	[
		'a name for no label',
		`app: { port: 8080, name: "a b" }\n${INBOUND}`,
		'1:26 `app.name` is not a name | letters, digits, `.`, `_` and `-`, at most 253',
	],
	[
		'a protocol of a later version',
		`app: { port: 8080, protocol: h2c }\n${INBOUND}`,
		'1:30 `protocol: h2c` is not supported by this version | one of `auto`, `http1`, `tcp`',
	],
	[
		'a misspelt word',
		`app: { port: 8080, protocol: htpp1 }\n${INBOUND}`,
		'1:30 `app.protocol` is not one of its values | one of `auto`, `http1`, `tcp` | did you mean `http1`?',
	],
	['an unknown key', `${APP}${INBOUND}admn: 1\n`, `3:1 unknown key \`admn\` | ${TOP_KEYS} | did you mean \`admin\`?`],
	['a key that is nothing like any', `${APP}${INBOUND}zebra: 1\n`, `3:1 unknown key \`zebra\` | ${TOP_KEYS}`],
	[
		'hostname instead of hostnames',
		rule('hostname: [a]'),
		`5:7 unknown key \`hostname\` in \`inbound.routes[0]\` | ${RULE_KEYS} | did you mean \`hostnames\`?`,
	],
	[
		'a key one level too high',
		rule('path: /a'),
		`5:7 unknown key \`path\` in \`inbound.routes[0]\` | ${RULE_KEYS} | \`path\` stands under \`matches\``,
	],
	[
		'an unknown key with another case',
		match('{ Path: /a }'),
		'5:19 unknown key `Path` in `inbound.routes[0].matches[0]` | one of `path`, `method`, `headers`, `queryParams` | did you mean `path`?',
	],
	[
		'a header match without a value',
		match('{ headers: [{ name: x-a }] }'),
		'5:29 `value` is missing in `inbound.routes[0].matches[0].headers[0]` | a value of at most 4096 characters',
	],
	[
		'a header name that is none',
		match('{ headers: { "x a": b } }'),
		'5:30 `inbound.routes[0].matches[0].headers.x a` is not a name | the name of a header',
	],
	[
		'header matches that are a word',
		match('{ headers: x-a }'),
		`5:28 \`inbound.routes[0].matches[0].headers\` is not a list of headers | ${HEADER_FORMS}`,
	],
	[
		'a query match of an unknown type',
		match('{ queryParams: [{ name: v, value: a, type: Prefix }] }'),
		'5:60 `inbound.routes[0].matches[0].queryParams[0].type` is not one of its values | one of `Exact`, `RegularExpression`',
	],
	[
		'a header regex that does not compile',
		match('{ headers: [{ name: a, value: "(", type: RegularExpression }] }'),
		'5:47 `inbound.routes[0].matches[0].headers[0].value` is not a regular expression: error parsing regexp: missing closing ): `(` | the syntax of RE2: no look-around, no back-references',
	],
	[
		'a query regex that does not compile',
		match('{ queryParams: [{ name: a, value: "a(?=b)", type: RegularExpression }] }'),
		'5:51 `inbound.routes[0].matches[0].queryParams[0].value` is not a regular expression: error parsing regexp: invalid or unsupported Perl syntax: `(?=` | the syntax of RE2: no look-around, no back-references',
	],
	[
		'a key that header matches have not',
		match('{ headers: [{ name: a, value: b, vlaue: c }] }'),
		'5:50 unknown key `vlaue` in `inbound.routes[0].matches[0].headers[0]` | one of `type`, `name`, `value` | did you mean `value`?',
	],
	[
		'too many header matches',
		match(`{ headers: [${Array.from({ length: 17 }, (_, i) => `{ name: h${i}, value: a }`).join(', ')}] }`),
		'5:19 `inbound.routes[0].matches[0].headers` has too many entries | at most 16',
	],
	[
		'hedged requests',
		rule('hedge: { after: p95 }'),
		'5:7 `inbound.routes[0].hedge` would ask the app twice | `backendRefs` without the app',
	],
	['tracing', `${APP}${INBOUND}telemetry: { tracing: {} }\n`, '3:14 `tracing` is not supported by this version'],
	[
		'intercepted traffic',
		`${APP}inbound: { listen: { port: 15006, intercepted: true } }\n`,
		'2:48 `intercepted: true` is not supported by this version | `false`',
	],
	['several workers', `${APP}${INBOUND}workers: 4\n`, '3:10 `workers: 4` is not supported by this version | `1`'],
	['no workers', `${APP}${INBOUND}workers: 0\n`, '3:10 `workers` is not a number of workers | `1`'],
	[
		'a document of a kind of a later version',
		`${APP}${INBOUND}---\napiVersion: gateway.networking.k8s.io/v1\nkind: TLSRoute\n`,
		'5:7 `kind: TLSRoute` is not supported by this version',
	],
	[
		'two route files in one',
		`${APP}${INBOUND}---\n${APP}`,
		'4:1 this is a second route file; the first is on line 1 | one route file in all, and documents with a `kind`',
	],
	[
		'a bad address',
		`${APP}inbound: { listen: here }\n`,
		'2:20 `inbound.listen` is not an address to listen on | a port, `"host:port"` or `{ port: 8000 }`',
	],
	[
		'a bad port in an address',
		`${APP}inbound: { listen: "127.0.0.1:99999" }\n`,
		'2:20 `inbound.listen` is too large | a whole number from 0 to 65535',
	],
	[
		'an unmatched that is none',
		`${APP}inbound: { listen: 8000, unmatched: deny }\n`,
		'2:37 `inbound.unmatched` is not one of its values | one of `app`, `reject`',
	],
	[
		'a rule that is none',
		rule('orders'),
		`5:7 \`inbound.routes[0]\` is not a mapping | a mapping with ${RULE_KEYS.replace('one of ', '')}`,
	],
	[
		'names where lists of them belong',
		rule('{ hostnames: a.b, matches: /a, backendRefs: app }'),
		'5:20 `inbound.routes[0].hostnames` is not a list | a list of at most 4096 such as `[orders.shop.svc]`',
		'5:34 `inbound.routes[0].matches` is not a list | a list of at most 64 such as `[{ path: { value: /orders } }]`',
		'5:51 `inbound.routes[0].backendRefs` is not a list | a list of at most 16 such as `[{ name: payments }]`',
	],
	[
		'routes that are no list',
		`${APP}inbound: { listen: 8000, routes: { path: / } }\n`,
		'2:26 `inbound.routes` is not a list | a list of at most 20000 rules',
	],
	[
		'a wildcard host',
		rule('hostnames: ["*"]'),
		'5:19 `inbound.routes[0].hostnames[0]` is not a hostname | a name such as `orders.shop.svc` or `*.shop.svc`; leave `hostnames` out for every host',
	],
	[
		'a host with a port',
		rule('hostnames: ["a.b:80"]'),
		'5:19 `inbound.routes[0].hostnames[0]` is not a hostname | a name such as `orders.shop.svc` or `*.shop.svc`; leave `hostnames` out for every host',
	],
	['a host given twice', rule('hostnames: [a.b, a.b]'), '5:24 `inbound.routes[0].hostnames[1]` is in the list already'],
	[
		'a relative path',
		match('{ path: orders }'),
		`5:25 \`inbound.routes[0].matches[0].path\` must start with \`/\` | ${PATH_FORMS}`,
	],
	[
		'a path with a query',
		match('{ path: "/a?b=1" }'),
		`5:25 \`inbound.routes[0].matches[0].path\` has a query: only the path is matched | ${PATH_FORMS}`,
	],
	[
		'a path with an empty segment',
		match('{ path: { value: /a//b } }'),
		`5:34 \`inbound.routes[0].matches[0].path.value\` has an empty segment: \`//\` | ${PATH_FORMS}`,
	],
	[
		'a path with a dot segment',
		match('{ path: "= /a/../b" }'),
		`5:25 \`inbound.routes[0].matches[0].path\` has a dot segment | ${PATH_FORMS}`,
	],
	[
		'a path with a bad escape',
		match('{ path: /a%zz }'),
		`5:25 \`inbound.routes[0].matches[0].path\` has a bad escape | ${PATH_FORMS}`,
	],
	[
		'a path with a blank',
		match('{ path: "/a b" }'),
		`5:25 \`inbound.routes[0].matches[0].path\` has a character that no path has | ${PATH_FORMS}`,
	],
	[
		'an unknown path type',
		match('{ path: { type: Prefix, value: /a } }'),
		'5:33 `inbound.routes[0].matches[0].path.type` is not one of its values | one of `Exact`, `PathPrefix`, `RegularExpression`',
	],
	[
		'an expression that does not compile',
		match('{ path: "~ /a(" }'),
		'5:25 `inbound.routes[0].matches[0].path` is not a regular expression: error parsing regexp: missing closing ): `/a(` | the syntax of RE2: no look-around, no back-references',
	],
	[
		'a method in lower case',
		match('{ method: get }'),
		'5:27 `inbound.routes[0].matches[0].method` is not a method | a method in upper case, such as `GET`',
	],
	[
		'a duration without a unit',
		rule('timeouts: { request: 5 }'),
		`5:28 \`inbound.routes[0].timeouts.request\` is not a duration | ${DURATION}`,
	],
	[
		'a duration with a fraction',
		rule('timeouts: { request: 1.5s }'),
		`5:28 \`inbound.routes[0].timeouts.request\` is not a duration | ${DURATION}`,
	],
	[
		'an attempt longer than its request',
		rule('timeouts: { request: 1s, backendRequest: 2s }'),
		'5:48 `inbound.routes[0].timeouts.backendRequest` is longer than the whole request | at most `timeouts.request`',
	],
	[
		'a retry that is neither off nor a mapping',
		rule('retry: none'),
		'5:14 `inbound.routes[0].retry` is not a mapping | a mapping such as `{ attempts: 2 }`, or `off`',
	],
	[
		'a fraction of an attempt',
		rule('retry: { attempts: 1.5 }'),
		'5:26 `inbound.routes[0].retry.attempts` is not a whole number | a whole number from 0 to 10',
	],
	[
		'a status that no failure has',
		rule('retry: { codes: [200] }'),
		'5:24 `inbound.routes[0].retry.codes[0]` is too small | a whole number from 400 to 599',
	],
	[
		'a misspelt condition',
		rule('retry: { on: [connect-failur] }'),
		'5:21 `inbound.routes[0].retry.on[0]` is not one of its values | one of `connect-failure`, `reset`, `refused-stream`, `timeout` | did you mean `connect-failure`?',
	],
	[
		'a size that is none',
		rule('limits: { requestBody: 10MB/s }'),
		'5:30 `inbound.routes[0].limits.requestBody` is not a size | a size such as `64KiB`, `10MiB` or `1KB`, from 0 to 1048576GiB',
	],
	[
		'a head limit that no request fits',
		`${APP}${INBOUND}limits: { headerBytes: 10 }\n`,
		'3:24 `limits.headerBytes` is out of range | a size such as `64KiB`, `10MiB` or `1KB`, from 1KiB to 1GiB'.replace(
			'1GiB',
			'1MiB',
		),
	],
	[
		'a percentage over 100',
		`${APP}inbound: { listen: 8000, service: { circuitBreaker: { errorThresholdPercentage: 120% } } }\n`,
		'2:81 `inbound.service.circuitBreaker.errorThresholdPercentage` is not a percentage | a percentage such as `20%` or `20`, from 0 to 100',
	],
	[
		'a window of nothing',
		`${APP}inbound: { listen: 8000, service: { circuitBreaker: { rollingCountTimeout: 0s } } }\n`,
		`2:76 \`inbound.service.circuitBreaker.rollingCountTimeout\` is too short | ${DURATION}, at least 100ms`,
	],
	[
		'a yes that YAML 1.2 does not know',
		`${APP}${INBOUND}passthrough: yes\n`,
		'3:14 `passthrough` is not a yes or no | `true` or `false`',
	],
	[
		'something under unstable',
		`${APP}${INBOUND}unstable: { turbo: true }\n`,
		'3:13 unknown key `turbo` in `unstable` | no keys here',
	],
	[
		'a key given twice',
		`app: { port: 8080 }\n${INBOUND}app: { port: 8081 }\n`,
		'3:1 `app` is given twice; first on line 1',
	],
	[
		'a rule name given twice',
		rule('name: a\n    - name: b\n    - name: a'),
		'7:13 `inbound.routes[2].name` is the name of the rule on line 5 as well | a name of its own for each rule',
	],
	[
		'inbound on the port of the app',
		`app: { port: 8000 }\n${INBOUND}`,
		'2:20 `inbound.listen` takes the port that `app.port` has on line 1 | a port of its own for each',
	],
	[
		'inbound on the default port of admin',
		`${APP}inbound: { listen: 9901 }\n`,
		'2:20 `inbound.listen` takes the port that `admin.listen` has by default | a port of its own for each',
	],
	[
		'probes on the port of inbound',
		`${APP}${INBOUND}probes: { listen: "127.0.0.1:8000" }\n`,
		'3:19 `probes.listen` takes the port that `inbound.listen` has on line 2 | a port of its own for each',
	],
	[
		'a variable that is not set',
		'app: { port: ${NOWHERE} }\n'.concat(INBOUND),
		'1:14 the environment variable `NOWHERE` is not set | `${NOWHERE:-default}` gives it a default',
	],
	[
		'a reference that is none',
		'app: { port: 8080, name: "${a-b}" }\n'.concat(INBOUND),
		'1:26 `${a-b}` is no reference to the environment | `${NAME}` or `${NAME:-default}`',
	],
	['a reference in a key', `${APP}\${KEY}: 1\n${INBOUND}`, `2:1 unknown key \`\${KEY}\` | ${TOP_KEYS}`],
];

describe('each mistake is told once, with its place and what was expected', () => {
	it.each(TABLE)('%s', (_, yaml, ...mistakes) => {
		expect(mistakesIn(yaml)).toEqual(mistakes);
	});
});
