import { describe, expect, it } from 'vitest';
import { warningsIn } from '../support/mistakes.ts';

const TLS = 'tls: { workloadApi: unix:///a }\n';
const file = (inbound: string, yaml = TLS): string =>
	`app: { port: 8080 }\ninbound:\n  listen: 8000\n  ${inbound}\n${yaml}`;
const allowed = (rule: string, yaml = TLS): string => file(`authorization: { allow: [${rule}] }`, yaml);
const service = (yaml: string, tls = TLS): string => file('', `${tls}services:\n  payments: { ${yaml} }\n`);

const NO_IDENTITY = 'has no effect: neither the service nor an endpoint declares an identity';
const WITH_ANYBODY = 'believes whoever has an identity of the trust domain: nothing says which one the service has';
const NAME_IT = '`subjectAltNames` beside it, or `identity` of each endpoint';
const ASK_FOR_ONE = '`mode: simple`, `mode: mutual` or `subjectAltNames`';

describe('what is probably not meant of identities is warned about', () => {
	it.each<readonly [what: string, yaml: string, ...warnings: string[]]>([
		[
			'a rule that denies everybody',
			file('authorization: { deny: [{ methods: [GET] }, {}] }'),
			'4:47 `inbound.authorization.deny[1]` has no condition, and denies everybody',
		],
		[
			'a list that lets nobody in',
			file('authorization: { allow: [] }'),
			'4:20 `inbound.authorization.allow` is empty: nobody may ask | a rule, or no `allow` for all',
		],
		[
			'callers without an identity',
			allowed('{ principals: ["*"], namespaces: [a] }', ''),
			'4:30 `inbound.authorization.allow[0].principals` can never hold: without `tls` at the top nobody proves who it is',
			'4:49 `inbound.authorization.allow[0].namespaces` can never hold: without `tls` at the top nobody proves who it is',
		],
		[
			'callers that are not asked for one',
			file(
				'routes: [{ authorization: { deny: [{ namespaces: [a] }] } }]',
				'tls: { mode: off, workloadApi: unix:///a }\n',
			),
			'4:40 `inbound.routes[0].authorization.deny[0].namespaces` can never hold: with `tls.mode: off` nobody proves who it is',
		],
		[
			'the app, which has none',
			file(
				'',
				`${TLS}outbound: { listen: 127.0.0.1:1, routes: [{ authorization: { deny: [{ principals: ["*"] }] } }] }\n`,
			),
			'6:71 `outbound.routes[0].authorization.deny[0].principals` can never hold: the app does not prove who it is',
		],
		[
			'a trust domain that is cut short',
			allowed('{ principals: ["spiffe://mesh.local*"] }'),
			'4:43 `inbound.authorization.allow[0].principals[0]` takes other trust domains as well, whose names begin so | the whole trust domain, and `/*`',
		],
		[
			'keys of TLS that is off',
			service(
				'endpoints: [{ address: "a:80", identity: "spiffe://a/b" }], tls: { mode: off, sni: a, subjectAltNames: [a], trustBundle: a }',
			),
			'7:56 `services.payments.endpoints[0].identity` has no effect with `mode: off`',
			'7:98 `services.payments.tls.sni` has no effect with `mode: off`',
			'7:101 `services.payments.tls.subjectAltNames` has no effect with `mode: off`',
			'7:136 `services.payments.tls.trustBundle` has no effect with `mode: off`',
		],
		[
			'keys of TLS that nobody asks for',
			service('endpoints: [{ address: "a:80" }], tls: { sni: a, trustBundle: a }'),
			`7:61 \`services.payments.tls.sni\` ${NO_IDENTITY} | ${ASK_FOR_ONE}`,
			`7:77 \`services.payments.tls.trustBundle\` ${NO_IDENTITY} | ${ASK_FOR_ONE}`,
		],
		[
			'the same of names, whose endpoints declare nothing',
			service('dns: { name: a, port: 80 }, tls: { trustBundle: a }', ''),
			`6:63 \`services.payments.tls.trustBundle\` ${NO_IDENTITY} | ${ASK_FOR_ONE}`,
		],
		[
			'mutual TLS with whoever answers',
			service('endpoints: [{ address: "a:80" }, { address: "b:80", identity: "spiffe://a/b" }], tls: { mode: mutual }'),
			`7:109 \`services.payments.tls.mode\` ${WITH_ANYBODY} | ${NAME_IT}`,
		],
		[
			'the same of names',
			service('dns: { name: a, port: 80 }, tls: { sni: a, mode: mutual, trustBundle: a }'),
			`7:64 \`services.payments.tls.mode\` ${WITH_ANYBODY} | ${NAME_IT}`,
		],
	])('%s', (_, yaml, ...warnings) => {
		expect(warningsIn(yaml)).toEqual(warnings);
	});
});

describe('what is meant of identities is not warned about', () => {
	it.each([
		[
			'callers of a permissive port',
			allowed('{ principals: ["*"] }', 'tls: { mode: permissive, workloadApi: unix:///a }\n'),
		],
		['a trust domain', allowed('{ principals: ["spiffe://mesh.local/*", "spiffe://*", "*"] }')],
		['a rule that allows everybody', allowed('{}')],
		[
			'sources of the app',
			file('', 'outbound: { listen: 127.0.0.1:1, routes: [{ authorization: { deny: [{ methods: [PUT] }] } }] }\n'),
		],
		['mutual TLS with endpoints of a file', service('file: a.yaml, tls: { mode: mutual }')],
		[
			'mutual TLS with endpoints that all say who they are',
			service('endpoints: [{ address: "a:80", identity: "spiffe://a/b" }], tls: { mode: mutual }'),
		],
		[
			'mutual TLS with a service that has a name',
			service('dns: { name: a, port: 80 }, tls: { mode: mutual, subjectAltNames: [a] }'),
		],
		['authorities of endpoints of a file', service('file: a.yaml, tls: { trustBundle: a }')],
		[
			'authorities of an endpoint with an identity',
			service('endpoints: [{ address: "a:80", identity: "spiffe://a/b" }], tls: { trustBundle: a }'),
		],
		[
			'simple TLS without an identity of our own',
			service('hostnames: [a], endpoints: [{ address: "10.0.0.7:80" }], tls: { mode: simple, trustBundle: a }', ''),
		],
	])('%s', (_, yaml) => {
		expect(warningsIn(yaml)).toEqual([]);
	});
});
