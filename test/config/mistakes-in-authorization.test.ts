import { describe, expect, it } from 'vitest';
import { mistakesIn } from '../support/mistakes.ts';

type Table = readonly (readonly [what: string, yaml: string, ...mistakes: string[]])[];

const APP = 'app: { port: 8080 }\n';
const INBOUND = 'inbound: { listen: 8000 }\n';
const TLS = 'tls: { workloadApi: unix:///a }\n';
const inbound = (yaml: string): string => `${APP}${TLS}inbound:\n  listen: 8000\n  authorization: ${yaml}\n`;
const rule = (yaml: string): string => inbound(`{ deny: [{ ${yaml} }] }`);
const outbound = (yaml: string): string => `${APP}${INBOUND}outbound: { listen: 127.0.0.1:1, ${yaml} }\n`;

const AUTHORIZATION: Table = [
	[
		'an authorization of nothing',
		inbound('{}'),
		'5:3 `inbound.authorization` has neither `deny` nor `allow` | at least one of them',
	],
	[
		'an authorization without a value',
		inbound(''),
		'5:3 `inbound.authorization` has no value | a value, or no such key',
	],
	[
		'an authorization that only tries',
		inbound('{ dryRun: true }'),
		'5:3 `inbound.authorization` has neither `deny` nor `allow` | at least one of them',
	],
	[
		'an authorization of the outbound side',
		outbound('authorization: { deny: [{ methods: [GET] }] }'),
		'3:34 unknown key `authorization` in `outbound` | one of `listen`, `unknownHosts`, `open`, `deadlines`, `routes` | `authorization` stands under `routes`',
	],
	[
		'an allow list without a value',
		inbound('{ deny: [{ methods: [GET] }], allow: }'),
		'5:48 `inbound.authorization.allow` has no value | a value, or no such key',
	],
	[
		'a rule that is no list',
		inbound('{ deny: { methods: [GET] } }'),
		'5:20 `inbound.authorization.deny` is not a list | a list of at most 256 such as `[{ paths: ["/admin*"] }]`',
	],
	[
		'a misspelt list',
		inbound('{ denny: [{ methods: [GET] }] }'),
		'5:20 unknown key `denny` in `inbound.authorization` | one of `dryRun`, `deny`, `allow` | did you mean `deny`?',
	],
	[
		'a trial in other words',
		inbound('{ dryRun: maybe, allow: [] }'),
		'5:28 `inbound.authorization.dryRun` is not a yes or no | `true` or `false`',
	],
	[
		'a condition of others',
		rule('notPaths: [/a]'),
		'5:29 unknown key `notPaths` in `inbound.authorization.deny[0]` | one of `principals`, `namespaces`, `methods`, `paths`, `headers`, `sources`',
	],
	[
		'a condition in the singular',
		rule('path: /a'),
		'5:29 unknown key `path` in `inbound.authorization.deny[0]` | one of `principals`, `namespaces`, `methods`, `paths`, `headers`, `sources` | did you mean `paths`?',
	],
	[
		'an empty condition',
		rule('principals: []'),
		'5:29 `inbound.authorization.deny[0].principals` is empty, and would hold for everybody | at least one entry, or no such key for any',
	],
	[
		'an empty condition of headers',
		rule('headers: {}'),
		'5:29 `inbound.authorization.deny[0].headers` is empty, and would hold for everybody | at least one entry, or no such key for any',
	],
	[
		'a condition without a value',
		rule('namespaces:'),
		'5:29 `inbound.authorization.deny[0].namespaces` has no value | a value, or no such key',
	],
	[
		'a condition that is one word',
		rule('paths: /admin'),
		'5:36 `inbound.authorization.deny[0].paths` is not a list | a list of at most 256 such as `["/orders/*"]`',
	],
	[
		'a path with a star in its middle',
		rule('paths: ["/a/*/b"]'),
		'5:37 `inbound.authorization.deny[0].paths[0]` has a `*` in its middle | a path such as `/orders`, its beginning (`/orders/*`), its end (`*.png`), or `*`',
	],
	[
		'a path of two stars',
		rule('paths: ["*admin*"]'),
		'5:37 `inbound.authorization.deny[0].paths[0]` has more than one `*` | a path such as `/orders`, its beginning (`/orders/*`), its end (`*.png`), or `*`',
	],
	[
		'a regular expression',
		rule('paths: ["~ /o/[0-9]+"]'),
		'5:37 `inbound.authorization.deny[0].paths[0]` is a regular expression, which paths never are here | a path such as `/orders`, its beginning (`/orders/*`), its end (`*.png`), or `*`',
	],
	[
		'a regular expression that looks like a beginning',
		rule('paths: ["/admin/.*"]'),
		'5:37 `inbound.authorization.deny[0].paths[0]` is a regular expression, which paths never are here | a path such as `/orders`, its beginning (`/orders/*`), its end (`*.png`), or `*`',
	],
	[
		'a relative path',
		rule('paths: [admin]'),
		'5:37 `inbound.authorization.deny[0].paths[0]` must start with `/` | a path such as `/orders`, its beginning (`/orders/*`), its end (`*.png`), or `*`',
	],
	[
		'a path with a query',
		rule('paths: ["/a?b=c"]'),
		'5:37 `inbound.authorization.deny[0].paths[0]` has a query: only the path is matched | a path such as `/orders`, its beginning (`/orders/*`), its end (`*.png`), or `*`',
	],
	[
		'a path that no request has',
		rule('paths: ["/a/../b"]'),
		'5:37 `inbound.authorization.deny[0].paths[0]` has a dot segment | a path such as `/orders`, its beginning (`/orders/*`), its end (`*.png`), or `*`',
	],
	[
		'the same, escaped',
		rule('paths: ["/a/%2e%2e/b*"]'),
		'5:37 `inbound.authorization.deny[0].paths[0]` has a dot segment | a path such as `/orders`, its beginning (`/orders/*`), its end (`*.png`), or `*`',
	],
	[
		'an escaped slash',
		rule('paths: ["/a%2Fb"]'),
		'5:37 `inbound.authorization.deny[0].paths[0]` has an escaped slash: `%2F` | a path such as `/orders`, its beginning (`/orders/*`), its end (`*.png`), or `*`',
	],
	[
		'a bad escape',
		rule('paths: ["/a%zz"]'),
		'5:37 `inbound.authorization.deny[0].paths[0]` has a bad escape | a path such as `/orders`, its beginning (`/orders/*`), its end (`*.png`), or `*`',
	],
	[
		'half an escape',
		rule('paths: ["/a%2*"]'),
		'5:37 `inbound.authorization.deny[0].paths[0]` has a bad escape | a path such as `/orders`, its beginning (`/orders/*`), its end (`*.png`), or `*`',
	],
	[
		'a path with a blank',
		rule('paths: ["/a b"]'),
		'5:37 `inbound.authorization.deny[0].paths[0]` has a character that no path has | a path such as `/orders`, its beginning (`/orders/*`), its end (`*.png`), or `*`',
	],
	[
		'an empty path',
		rule('paths: [""]'),
		'5:37 `inbound.authorization.deny[0].paths[0]` is empty | a path such as `/orders`, its beginning (`/orders/*`), its end (`*.png`), or `*`',
	],
	[
		'a path twice',
		rule('paths: [/admin, "/%61dmin"]'),
		'5:45 `inbound.authorization.deny[0].paths[1]` is in the list already',
	],
	[
		'a principal without scheme',
		rule('principals: [cluster.local/ns/shop/sa/web]'),
		'5:42 `inbound.authorization.deny[0].principals[0]` does not begin with spiffe:// (in lower case) | a SPIFFE id such as `spiffe://mesh.local/ns/shop/sa/web`, its beginning (`spiffe://mesh.local/ns/shop/*`), its end (`*/sa/web`), or `*`',
	],
	[
		'a principal in capitals',
		rule('principals: ["spiffe://Mesh.local/*"]'),
		'5:42 `inbound.authorization.deny[0].principals[0]` has a trust domain with other characters than a-z, 0-9, ".", "-" and "_" | a SPIFFE id such as `spiffe://mesh.local/ns/shop/sa/web`, its beginning (`spiffe://mesh.local/ns/shop/*`), its end (`*/sa/web`), or `*`',
	],
	[
		'a trust domain in place of a principal',
		rule('principals: ["spiffe://mesh.local"]'),
		'5:42 `inbound.authorization.deny[0].principals[0]` names a trust domain and no workload | a SPIFFE id such as `spiffe://mesh.local/ns/shop/sa/web`, its beginning (`spiffe://mesh.local/ns/shop/*`), its end (`*/sa/web`), or `*`',
	],
	[
		'a principal with a star in its middle',
		rule('principals: ["spiffe://mesh.local/ns/*/sa/web"]'),
		'5:42 `inbound.authorization.deny[0].principals[0]` has a `*` in its middle | a SPIFFE id such as `spiffe://mesh.local/ns/shop/sa/web`, its beginning (`spiffe://mesh.local/ns/shop/*`), its end (`*/sa/web`), or `*`',
	],
	[
		'an end that no principal has',
		rule('principals: ["*/sa/web/"]'),
		'5:42 `inbound.authorization.deny[0].principals[0]` has a path that ends in a slash | a SPIFFE id such as `spiffe://mesh.local/ns/shop/sa/web`, its beginning (`spiffe://mesh.local/ns/shop/*`), its end (`*/sa/web`), or `*`',
	],
	[
		'a namespace that is a path',
		rule('namespaces: [ns/shop]'),
		'5:42 `inbound.authorization.deny[0].namespaces[0]` has a character that no namespace has | a name such as `shop`, its beginning (`shop-*`), its end (`*-test`), or `*`',
	],
	[
		'a method in lower case',
		rule('methods: [get]'),
		'5:39 `inbound.authorization.deny[0].methods[0]` is not a method | a method in upper case, such as `GET`; no `methods` for any',
	],
	[
		'a pattern of methods',
		rule('methods: ["*"]'),
		'5:39 `inbound.authorization.deny[0].methods[0]` is not a method | a method in upper case, such as `GET`; no `methods` for any',
	],
	[
		'a header that is a list',
		rule('headers: [{ name: x-a, value: b }]'),
		'5:29 `inbound.authorization.deny[0].headers` is not a mapping | a mapping such as `{ x-team: a }`',
	],
	[
		'a header that is a number',
		rule('headers: { x-a: 1 }'),
		'5:45 `inbound.authorization.deny[0].headers.x-a` is not a value | a value, its beginning (`x*`), its end (`*x`), or `*` | a number needs quotes to be text',
	],
	[
		'a header without a value',
		rule('headers: { x-a: }'),
		'5:29 `inbound.authorization.deny[0].headers` is empty, and would hold for everybody | at least one entry, or no such key for any',
		'5:40 `inbound.authorization.deny[0].headers.x-a` has no value | a value, or no such key',
	],
	[
		'a header twice',
		rule('headers: { x-a: b, X-A: c }'),
		'5:48 `inbound.authorization.deny[0].headers.X-A` is in the mapping already | each name once, in any case',
	],
	[
		'a header that is none',
		rule('headers: { "x a": b }'),
		'5:40 `inbound.authorization.deny[0].headers.x a` is not a name | the name of a header',
	],
	[
		'a host as a source',
		rule('sources: [gateway.shop]'),
		'5:39 `inbound.authorization.deny[0].sources[0]` is not an address | a network such as `10.0.0.0/8` or `fd00::/8`, or an address',
	],
	[
		'a source with a port',
		rule('sources: ["10.0.0.7:80"]'),
		'5:39 `inbound.authorization.deny[0].sources[0]` is not an address | a network such as `10.0.0.0/8` or `fd00::/8`, or an address',
	],
	[
		'a network with bits beyond its prefix',
		rule('sources: [10.1.0.0/8]'),
		'5:39 `inbound.authorization.deny[0].sources[0]` has an address with bits beyond its prefix | a network such as `10.0.0.0/8` or `fd00::/8`, or an address',
	],
	[
		'the same of IPv6',
		rule('sources: ["fd00::1/64"]'),
		'5:39 `inbound.authorization.deny[0].sources[0]` has an address with bits beyond its prefix | a network such as `10.0.0.0/8` or `fd00::/8`, or an address',
	],
	[
		'a prefix that is too long',
		rule('sources: [10.0.0.0/33]'),
		'5:39 `inbound.authorization.deny[0].sources[0]` has a prefix that is no number from 0 to 32 | a network such as `10.0.0.0/8` or `fd00::/8`, or an address',
	],
	[
		'a mask',
		rule('sources: [10.0.0.0/255.0.0.0]'),
		'5:39 `inbound.authorization.deny[0].sources[0]` has a prefix that is no number from 0 to 32 | a network such as `10.0.0.0/8` or `fd00::/8`, or an address',
	],
	[
		'an IPv4 address in the form of IPv6',
		rule('sources: ["::ffff:10.0.0.7"]'),
		'5:39 `inbound.authorization.deny[0].sources[0]` is an IPv4 address in the form of IPv6 | a network such as `10.0.0.0/8` or `fd00::/8`, or an address',
	],
	[
		'a source twice',
		rule('sources: [10.0.0.7, 10.0.0.7/32]'),
		'5:49 `inbound.authorization.deny[0].sources[1]` is in the list already',
	],
];

describe('each mistake in an authorization is told once, with its place and what was expected', () => {
	it.each(AUTHORIZATION)('%s', (_what, yaml, ...mistakes) => {
		expect(mistakesIn(yaml)).toEqual(mistakes);
	});
});
