import { describe, expect, it } from 'vitest';
import { mistakesIn } from '../support/mistakes.ts';

const rule = (yaml: string): string => `app: { port: 8080 }\ninbound:\n  listen: 8000\n  routes:\n    - ${yaml}\n`;
const filter = (yaml: string): string => rule(`filters: [${yaml}]`);

const TABLE: readonly (readonly [what: string, yaml: string, ...mistakes: string[]])[] = [
	[
		'a filter without its block',
		filter('{ type: URLRewrite }'),
		'5:25 `inbound.routes[0].filters[0].type` has no block `urlRewrite` | `urlRewrite: { … }` beside it',
	],
	[
		'a filter with the block of another',
		filter('{ type: URLRewrite, requestRedirect: {} }'),
		'5:37 `inbound.routes[0].filters[0].requestRedirect` does not belong to `type: URLRewrite` | `urlRewrite`',
	],
	[
		'a filter with two blocks',
		filter('{ type: URLRewrite, urlRewrite: {}, cors: {} }'),
		'5:53 `inbound.routes[0].filters[0].cors` does not belong to `type: URLRewrite` | `urlRewrite`',
	],
	[
		'a filter of no type',
		filter('{}'),
		'5:17 `inbound.routes[0].filters[0]` does not say which filter it is | a `type` and its block, such as `{ type: URLRewrite, urlRewrite: { hostname: a.b } }`',
	],
	[
		'a filter of two types',
		filter('{ urlRewrite: {}, cors: {} }'),
		'5:17 `inbound.routes[0].filters[0]` is several filters at once | a `type` and its block, such as `{ type: URLRewrite, urlRewrite: { hostname: a.b } }`',
	],
	[
		'a filter of a misspelt type',
		filter('{ type: UrlRewrite, urlRewrite: {} }'),
		'5:25 `inbound.routes[0].filters[0].type` is not one of its values | one of `RequestHeaderModifier`, `ResponseHeaderModifier`, `RequestRedirect`, `URLRewrite`, `RequestMirror`, `CORS` | did you mean `URLRewrite`?',
	],
	[
		'a filter with a misspelt block',
		filter('{ type: CORS, cros: {} }'),
		'5:31 unknown key `cros` in `inbound.routes[0].filters[0]` | one of `type`, `requestHeaderModifier`, `responseHeaderModifier`, `requestRedirect`, `urlRewrite`, `requestMirror`, `cors` | did you mean `cors`?',
	],
	[
		'a filter of a later version',
		filter('{ type: ExtensionRef, extensionRef: {} }'),
		'5:25 `type: ExtensionRef` is not supported by this version | one of `RequestHeaderModifier`, `ResponseHeaderModifier`, `RequestRedirect`, `URLRewrite`, `RequestMirror`, `CORS`',
		'5:39 `extensionRef` is not supported by this version',
	],
	[
		'a filter that is a word',
		filter('URLRewrite'),
		'5:17 `inbound.routes[0].filters[0]` is not a filter | a `type` and its block, such as `{ type: URLRewrite, urlRewrite: { hostname: a.b } }`',
	],
	[
		'filters that are a mapping',
		rule('filters: { type: CORS, cors: {} }'),
		'5:7 `inbound.routes[0].filters` is not a list | a list of at most 16 such as `[{ urlRewrite: { hostname: a.b } }]`',
	],
	[
		'a filter that stands there twice',
		filter('{ cors: {} }, { cors: {} }'),
		'5:31 `inbound.routes[0].filters[1]` is a second `CORS` | each type once; only `RequestMirror` may come again',
	],
	[
		'a rewrite beside a redirect',
		filter('{ urlRewrite: {} }, { requestRedirect: {} }'),
		'5:37 `inbound.routes[0].filters[1]` is a `RequestRedirect` beside a `URLRewrite` | either of them',
	],
	[
		'a field of the length that is set, short',
		filter('{ requestHeaderModifier: { set: { Content-Length: "5" } } }'),
		'5:51 `inbound.routes[0].filters[0].requestHeaderModifier.set.Content-Length` is a field of the connection or of the length of the body: the sidecar alone writes those | a field that goes from end to end',
	],
	[
		'a hop-by-hop field that is taken away',
		filter('{ responseHeaderModifier: { remove: [Connection] } }'),
		'5:54 `inbound.routes[0].filters[0].responseHeaderModifier.remove[0]` is a field of the connection or of the length of the body: the sidecar alone writes those | a field that goes from end to end',
	],
	[
		'what a body waits for that is taken away',
		filter('{ requestHeaderModifier: { remove: [Expect] } }'),
		'5:53 `inbound.routes[0].filters[0].requestHeaderModifier.remove[0]` is how client and backend agree when the body comes: without it one would wait for the other | a field that goes from end to end',
	],
	[
		'the host as a field',
		filter('{ requestHeaderModifier: { set: [{ name: Host, value: a.b }] } }'),
		'5:58 `inbound.routes[0].filters[0].requestHeaderModifier.set[0].name` is the host of a request, which is not edited as a field | `type: URLRewrite` with `urlRewrite: { hostname: … }` to ask for another host',
	],
	[
		'a field without a value',
		filter('{ requestHeaderModifier: { set: [{ name: x-a }] } }'),
		'5:50 `value` is missing in `inbound.routes[0].filters[0].requestHeaderModifier.set[0]` | printable ASCII without blanks at its ends, at most 4096 characters',
	],
	[
		'a field without a value, short',
		filter('{ requestHeaderModifier: { set: { x-a: } } }'),
		'5:51 `inbound.routes[0].filters[0].requestHeaderModifier.set.x-a` has no value | a value, or no such key',
	],
	[
		'a value with a line break',
		filter('{ requestHeaderModifier: { set: { x-a: "a\\nb" } } }'),
		'5:56 `inbound.routes[0].filters[0].requestHeaderModifier.set.x-a` is not a value | printable ASCII without blanks at its ends, at most 4096 characters',
	],
	[
		'a value that is a number',
		filter('{ requestHeaderModifier: { set: { x-a: 1 } } }'),
		'5:56 `inbound.routes[0].filters[0].requestHeaderModifier.set.x-a` is not a value | printable ASCII without blanks at its ends, at most 4096 characters | a number needs quotes to be text',
	],
	[
		'a name that is no token',
		filter('{ requestHeaderModifier: { add: [{ name: "x a", value: b }] } }'),
		'5:58 `inbound.routes[0].filters[0].requestHeaderModifier.add[0].name` is not a name | the name of a header',
	],
	[
		'a field that is set and taken away',
		filter('{ requestHeaderModifier: { set: { x-a: b }, remove: [X-A] } }'),
		'5:70 `inbound.routes[0].filters[0].requestHeaderModifier.remove[0]` is edited already | one action for each name',
	],
	[
		'a field that is added twice',
		filter('{ requestHeaderModifier: { add: [{ name: x-a, value: b }, { name: X-a, value: c }] } }'),
		'5:83 `inbound.routes[0].filters[0].requestHeaderModifier.add[1].name` is edited already | one action for each name',
	],
	[
		'an edit that there is not',
		filter('{ requestHeaderModifier: { append: {} } }'),
		'5:44 unknown key `append` in `inbound.routes[0].filters[0].requestHeaderModifier` | one of `set`, `add`, `remove`',
	],
	[
		'a scheme that is not of the web',
		filter('{ requestRedirect: { scheme: ftp } }'),
		'5:46 `inbound.routes[0].filters[0].requestRedirect.scheme` is not one of its values | one of `http`, `https`',
	],
	[
		'a status that does not redirect',
		filter('{ requestRedirect: { statusCode: 304 } }'),
		'5:50 `inbound.routes[0].filters[0].requestRedirect.statusCode` is not one of its values | one of `301`, `302`, `303`, `307`, `308`',
	],
	[
		'a host with a port',
		filter('{ requestRedirect: { hostname: "a.b:80" } }'),
		'5:48 `inbound.routes[0].filters[0].requestRedirect.hostname` is not a hostname | a name such as `orders.shop.svc`, without port',
	],
	[
		'a path that is text',
		filter('{ requestRedirect: { path: /x } }'),
		'5:44 `inbound.routes[0].filters[0].requestRedirect.path` is not a mapping | `replaceFullPath: /path` or `replacePrefixMatch: /prefix`',
	],
	[
		'a path without a replacement',
		filter('{ urlRewrite: { path: { type: ReplaceFullPath } } }'),
		'5:33 `inbound.routes[0].filters[0].urlRewrite.path` does not say what the path becomes | `replaceFullPath: /path` or `replacePrefixMatch: /prefix`',
	],
	[
		'a path with the replacement of another type',
		filter('{ urlRewrite: { path: { type: ReplaceFullPath, replacePrefixMatch: /a } } }'),
		'5:64 `inbound.routes[0].filters[0].urlRewrite.path.replacePrefixMatch` does not belong to `type: ReplaceFullPath` | `replaceFullPath`',
	],
	[
		'a path with two replacements',
		filter('{ urlRewrite: { path: { replaceFullPath: /b, replacePrefixMatch: /a } } }'),
		'5:33 `inbound.routes[0].filters[0].urlRewrite.path` has two replacements | `replaceFullPath: /path` or `replacePrefixMatch: /prefix`',
	],
	[
		'a relative replacement',
		filter('{ urlRewrite: { path: { replaceFullPath: b } } }'),
		'5:58 `inbound.routes[0].filters[0].urlRewrite.path.replaceFullPath` must start with `/` | a path such as `/v2`, without query',
	],
	[
		'a replacement with a query',
		filter('{ urlRewrite: { path: { replaceFullPath: "/b?c" } } }'),
		'5:58 `inbound.routes[0].filters[0].urlRewrite.path.replaceFullPath` has a query, which stays that of the request | a path such as `/v2`, without query',
	],
	[
		'a replacement with a dot segment',
		filter('{ urlRewrite: { path: { replaceFullPath: /b/../c } } }'),
		'5:58 `inbound.routes[0].filters[0].urlRewrite.path.replaceFullPath` has a dot segment | a path such as `/v2`, without query',
	],
	[
		'a replacement with a bad escape',
		filter('{ urlRewrite: { path: { replaceFullPath: /b%zz } } }'),
		'5:58 `inbound.routes[0].filters[0].urlRewrite.path.replaceFullPath` has a bad escape | a path such as `/v2`, without query',
	],
	[
		'a replaced prefix that a match has not',
		rule('{ matches: [{ path: "= /a" }], filters: [{ urlRewrite: { path: { replacePrefixMatch: /b } } }] }'),
		'5:92 `inbound.routes[0].filters[0].urlRewrite.path.replacePrefixMatch` replaces a prefix, and a match of the rule has none | `PathPrefix` in every match of the rule, or `replaceFullPath`',
	],
	[
		'a replaced prefix of a backend',
		rule(
			'{ matches: [{ path: "~ /a" }], backendRefs: [{ name: app, filters: [{ requestRedirect: { path: { replacePrefixMatch: /b } } }] }] }',
		),
		'5:124 `inbound.routes[0].backendRefs[0].filters[0].requestRedirect.path.replacePrefixMatch` replaces a prefix, and a match of the rule has none | `PathPrefix` in every match of the rule, or `replaceFullPath`',
	],
	[
		'a mirror to nobody',
		filter('{ requestMirror: {} }'),
		'5:19 `backendRef` is missing in `inbound.routes[0].filters[0].requestMirror` | a mapping with `name`, `namespace`, `port`, `kind`, `group`',
	],
	[
		'a mirror with a share said twice',
		filter('{ requestMirror: { backendRef: { name: app }, percent: 1, fraction: { numerator: 1 } } }'),
		'5:19 `inbound.routes[0].filters[0].requestMirror` has both `percent` and `fraction` | one of them',
	],
	[
		'a fraction above one',
		filter('{ requestMirror: { backendRef: { name: app }, fraction: { numerator: 3, denominator: 2 } } }'),
		'5:86 `inbound.routes[0].filters[0].requestMirror.fraction.numerator` is more than the whole | at most `denominator`',
	],
	[
		'a mirror with a weight',
		filter('{ requestMirror: { backendRef: { name: app, weight: 1 } } }'),
		'5:61 unknown key `weight` in `inbound.routes[0].filters[0].requestMirror.backendRef` | one of `name`, `namespace`, `port`, `kind`, `group`',
	],
	[
		'an origin that is a host',
		filter('{ cors: { allowOrigins: [shop.example] } }'),
		'5:42 `inbound.routes[0].filters[0].cors.allowOrigins[0]` is not an origin | `https://shop.example`, `https://*.shop.example`, or `*` for all',
	],
	[
		'an origin beside all origins',
		filter('{ cors: { allowOrigins: ["https://shop.example", "*"] } }'),
		'5:66 `inbound.routes[0].filters[0].cors.allowOrigins[1]` allows everything, so the others say nothing | `*` alone, or a list without it',
	],
	[
		'an allowed method in lower case',
		filter('{ cors: { allowMethods: [put] } }'),
		'5:42 `inbound.routes[0].filters[0].cors.allowMethods[0]` is not a method | a method in upper case, such as `PUT`, or `*` for all',
	],
	[
		'an age that is a duration',
		filter('{ cors: { maxAge: 5s } }'),
		'5:35 `inbound.routes[0].filters[0].cors.maxAge` is not a whole number | a whole number from 0 to 86400',
	],
	[
		'a redirect with a backend',
		rule('{ filters: [{ requestRedirect: {} }], backendRefs: [{ name: app }] }'),
		'5:45 `inbound.routes[0].backendRefs` is never asked: the rule has a `RequestRedirect` | either of them',
	],
	[
		'a direct response with a backend',
		rule('{ directResponse: {}, backendRefs: [{ name: app }] }'),
		'5:29 `inbound.routes[0].backendRefs` is never asked: the rule has a `directResponse` | either of them',
	],
	[
		'a direct response with a redirect',
		rule('{ directResponse: {}, filters: [{ requestRedirect: {} }] }'),
		'5:39 `inbound.routes[0].filters[0]` is a `RequestRedirect` beside a `directResponse` | either of them',
	],
	[
		'a direct response that is interim',
		rule('directResponse: { status: 100 }'),
		'5:33 `inbound.routes[0].directResponse.status` is too small | a whole number from 200 to 599',
	],
	[
		'a body where there is none',
		rule('directResponse: { status: 204, body: x }'),
		'5:44 `inbound.routes[0].directResponse.body` is never sent with this status | no body',
	],
	[
		'a direct response that frames itself',
		rule('directResponse: { headers: { content-length: "1" } }'),
		'5:36 `inbound.routes[0].directResponse.headers.content-length` is a field of the connection or of the length of the body: the sidecar alone writes those | a field that goes from end to end',
	],
	[
		'a fault that does nothing',
		rule('fault: {}'),
		'5:7 `inbound.routes[0].fault` has neither `delay` nor `abort` | at least one of them',
	],
	[
		'a delay without a time',
		rule('fault: { delay: { percent: 1 } }'),
		'5:16 `fixed` is missing in `inbound.routes[0].fault.delay` | a duration such as `250ms`, `2s` or `1h30m`, at least 1ms',
	],
	[
		'an abort with a status that is none',
		rule('fault: { abort: { status: 700 } }'),
		'5:33 `inbound.routes[0].fault.abort.status` is too large | a whole number from 200 to 599',
	],
	[
		'a share above all',
		rule('fault: { abort: { status: 500, percent: 101% } }'),
		'5:47 `inbound.routes[0].fault.abort.percent` is not a percentage | a percentage such as `20%` or `20`, from 0 to 100',
	],
	[
		'a rate without a number',
		rule('rateLimit: { per: 1s }'),
		'5:7 `requests` is missing in `inbound.routes[0].rateLimit` | a whole number from 1 to 1000000000',
	],
	[
		'a rate of nothing',
		rule('rateLimit: { requests: 0 }'),
		'5:30 `inbound.routes[0].rateLimit.requests` is too small | a whole number from 1 to 1000000000',
	],
	[
		'a period that is too short',
		rule('rateLimit: { requests: 1, per: 5ms }'),
		'5:38 `inbound.routes[0].rateLimit.per` is too short | a duration such as `250ms`, `2s` or `1h30m`, at least 10ms',
	],
	[
		'a key of a rate that there is not',
		rule('rateLimit: { requests: 1, by: [ip] }'),
		'5:38 `inbound.routes[0].rateLimit.by[0]` does not say whose requests are counted together | `peer`, `client` or `{ header: x-api-key }`',
	],
	[
		'a key of a rate given twice',
		rule('rateLimit: { requests: 1, by: [{ header: X-A }, { header: x-a }] }'),
		'5:55 `inbound.routes[0].rateLimit.by[1]` is in the list already',
	],
	[
		'a session without a name',
		rule('sessionPersistence: {}'),
		'5:7 `sessionName` is missing in `inbound.routes[0].sessionPersistence` | the name of a cookie or header, at most 128 characters',
	],
	[
		'a session name that is no token',
		rule('sessionPersistence: { sessionName: "a b" }'),
		'5:42 `inbound.routes[0].sessionPersistence.sessionName` is not a name | the name of a cookie or header, at most 128 characters',
	],
	[
		'a cookie that lives for ever',
		rule('sessionPersistence: { sessionName: a, cookieConfig: { lifetimeType: Permanent } }'),
		'5:75 `inbound.routes[0].sessionPersistence.cookieConfig.lifetimeType` needs to know for how long | `absoluteTimeout` beside it',
	],
	[
		'a cookie of a header session',
		rule('sessionPersistence: { sessionName: a, type: Header, cookieConfig: {} }'),
		'5:59 `inbound.routes[0].sessionPersistence.cookieConfig` does not belong to `type: Header` | `type: Cookie`',
	],
	[
		'a session in the host',
		rule('sessionPersistence: { sessionName: Host, type: Header }'),
		'5:42 `inbound.routes[0].sessionPersistence.sessionName` is a field that has a meaning already | a field of its own, such as `x-session`',
	],
	[
		'a backend without a name',
		rule('backendRefs: [{ weight: 1 }]'),
		'5:21 `name` is missing in `inbound.routes[0].backendRefs[0]` | `app`, an entry of `services`, or `entry/subset`',
	],
	[
		'a backend with a name that none has',
		rule('backendRefs: [{ name: "a b" }]'),
		'5:29 `inbound.routes[0].backendRefs[0].name` is not a name | `app`, an entry of `services`, or `entry/subset`',
	],
	[
		'a weight below nothing',
		rule('backendRefs: [{ name: app, weight: -1 }]'),
		'5:42 `inbound.routes[0].backendRefs[0].weight` is too small | a whole number from 0 to 1000000',
	],
	[
		'a filter of a backend without its block',
		rule('backendRefs: [{ name: app, filters: [{ type: CORS }] }]'),
		'5:52 `inbound.routes[0].backendRefs[0].filters[0].type` has no block `cors` | `cors: { … }` beside it',
	],
];

describe('each mistake in a rule is told once, with its place and what was expected', () => {
	it.each(TABLE)('%s', (_, yaml, ...mistakes) => {
		expect(mistakesIn(yaml)).toEqual(mistakes);
	});
});

it.each([
	['filters', filter(Array.from({ length: 17 }, () => '{ cors: {} }').join(', '))],
	['backendRefs', rule(`backendRefs: [${Array.from({ length: 17 }, () => '{ name: app }').join(', ')}]`)],
	['rateLimit.by', rule('rateLimit: { requests: 1, by: [peer, client, { header: a }, { header: b }, { header: c }] }')],
	[
		'filters[0].cors.allowMethods',
		filter(`{ cors: { allowMethods: [${Array.from({ length: 10 }, (_, i) => `M${i}`).join(', ')}] } }`),
	],
])('has bounds for what is counted: %s', (path, yaml) => {
	const [first = ''] = mistakesIn(yaml);
	expect(first).toContain(`\`inbound.routes[0].${path}\` has too many entries`);
});

it('tells the body of a direct response that is too long, in bytes', () => {
	expect(mistakesIn(rule(`directResponse: { body: ${'é'.repeat(32_769)} }`))).toEqual([
		'5:31 `inbound.routes[0].directResponse.body` is too long | at most 64KiB',
	]);
	expect(mistakesIn(rule(`directResponse: { body: ${'é'.repeat(32_768)} }`))).toEqual([]);
});

it('never says what a value of a filter from the environment is', () => {
	const secret = 's3cr3t value';
	const text = filter('{ requestHeaderModifier: { set: { x-a: "${S}\\n" }, remove: ["${S}"] } }');
	const mistakes = mistakesIn(text, { S: secret });
	expect(mistakes).toHaveLength(2);
	expect(mistakes.join('\n')).not.toContain(secret);
});
