import { describe, expect, it } from 'vitest';
import type { Rule } from '../../src/config/config.ts';
import { formatIssue } from '../../src/config/issue.ts';
import { parseConfig } from '../../src/config/parse-config.ts';

const SERVICES = `services:
  payments:
    ports: { http: 80, admin: 8081 }
    endpoints: [{ address: "10.0.0.7:80", labels: { version: v2 } }]
    subsets: { canary: { version: v2 } }
  payments.shop: { endpoints: [{ address: "10.0.0.8:80" }] }
`;

function ruleOf(yaml: string, side: 'inbound' | 'outbound' = 'inbound'): Rule {
	const listen = side === 'inbound' ? '' : 'inbound: { listen: 8000 }\n';
	const text = `app: { port: 8080 }\n${listen}${side}:\n  listen: 127.0.0.1:8001\n  routes:\n    - ${yaml}\n${SERVICES}`;
	const result = parseConfig(text, 'orders.yaml', () => undefined);
	if (!result.ok) throw new Error(result.issues.map((issue) => formatIssue(issue)).join('\n'));
	const [rule] = result.config[side]?.routes ?? [];
	if (rule === undefined) throw new Error('no rule');
	return rule;
}

const filtersOf = (yaml: string): unknown => ruleOf(`filters: [${yaml}]`).filters;

describe('filters', () => {
	const EDITS = { set: [], add: [], remove: [] };
	const REDIRECT = { type: 'RequestRedirect', scheme: '', hostname: '', port: 0, path: null, statusCode: 302 };
	const CORS = {
		type: 'CORS',
		allowOrigins: [],
		allowMethods: [],
		allowHeaders: [],
		exposeHeaders: [],
		allowCredentials: false,
		maxAge: 5,
	};

	it.each([
		[
			'{ type: RequestHeaderModifier, requestHeaderModifier: { set: [{ name: X-Env, value: prod }], remove: [X-Debug] } }',
			{ ...EDITS, type: 'RequestHeaderModifier', set: [{ name: 'X-Env', value: 'prod' }], remove: ['x-debug'] },
		],
		[
			'{ requestHeaderModifier: { set: { x-env: prod, x-b: "" }, add: { x-c: d } } }',
			{
				...EDITS,
				type: 'RequestHeaderModifier',
				set: [
					{ name: 'x-env', value: 'prod' },
					{ name: 'x-b', value: '' },
				],
				add: [{ name: 'x-c', value: 'd' }],
			},
		],
		['{ responseHeaderModifier: {} }', { ...EDITS, type: 'ResponseHeaderModifier' }],
		['{ requestRedirect: {} }', REDIRECT],
		[
			'{ type: RequestRedirect, requestRedirect: { scheme: https, hostname: Shop.Example, port: "8443", path: { type: ReplaceFullPath, replaceFullPath: /b }, statusCode: 308 } }',
			{
				...REDIRECT,
				scheme: 'https',
				hostname: 'shop.example',
				port: 8443,
				path: { type: 'ReplaceFullPath', value: '/b' },
				statusCode: 308,
			},
		],
		['{ urlRewrite: {} }', { type: 'URLRewrite', hostname: '', path: null }],
		[
			'{ urlRewrite: { hostname: a.b, path: { replacePrefixMatch: "" } } }',
			{ type: 'URLRewrite', hostname: 'a.b', path: { type: 'ReplacePrefixMatch', value: '' } },
		],
		['{ cors: {} }', CORS],
		[
			'{ cors: { allowOrigins: ["https://*.Shop.example:8443", "http://[::1]:80"], allowMethods: ["*"], allowHeaders: [X-A], allowCredentials: true, maxAge: 600 } }',
			{
				...CORS,
				allowOrigins: ['https://*.shop.example:8443', 'http://[::1]:80'],
				allowMethods: ['*'],
				allowHeaders: ['X-A'],
				allowCredentials: true,
				maxAge: 600,
			},
		],
	])('%s', (yaml, filter) => {
		expect(filtersOf(yaml)).toEqual([filter]);
	});

	it.each([
		['', 1],
		[', percent: 20%', 0.2],
		[', percent: 0', 0],
		[', fraction: { numerator: 1 }', 0.01],
		[', fraction: { numerator: 1, denominator: 4 }', 0.25],
	])('mirror with %j the share %d', (share, expected) => {
		const app = { label: 'app', service: 'app', subset: '', port: 0, invalid: '' };
		expect(filtersOf(`{ requestMirror: { backendRef: { name: app }${share} } }`)).toEqual([
			{ type: 'RequestMirror', backend: app, share: expected },
		]);
	});

	it('stay in the order of the file', () => {
		const types = ruleOf('filters: [{ urlRewrite: {} }, { cors: {} }, { requestHeaderModifier: {} }]').filters;
		expect(types.map(({ type }) => type)).toEqual(['URLRewrite', 'CORS', 'RequestHeaderModifier']);
	});

	it('may replace a prefix where every match has one, the default among them', () => {
		const filters = 'filters: [{ urlRewrite: { path: { replacePrefixMatch: /b } } }]';
		expect(() => ruleOf(filters)).not.toThrow();
		expect(() => ruleOf(`{ matches: [{ path: /a }, { method: GET }], ${filters} }`)).not.toThrow();
	});
});

describe('backends', () => {
	const OF_APP = { label: 'app', service: 'app', subset: '', port: 0, invalid: '', weight: 1, filters: [] };

	it.each([
		['app', {}],
		['app, port: 8080', {}],
		['payments', { label: 'payments', service: 'payments' }],
		['payments, weight: 0', { label: 'payments', service: 'payments', weight: 0 }],
		['payments, port: 80', { label: 'payments', service: 'payments', port: 80 }],
		['payments/canary', { label: 'payments/canary', service: 'payments', subset: 'canary' }],
		['payments, kind: Service, group: ""', { label: 'payments', service: 'payments' }],
		['payments, group: core', { label: 'payments', service: 'payments' }],
		['payments, namespace: shop', { label: 'payments.shop', service: 'payments.shop' }],
		['payments, namespace: other', { label: 'payments', service: 'payments' }],
	])('%s', (yaml, expected) => {
		expect(ruleOf(`backendRefs: [{ name: ${yaml} }]`).backendRefs).toEqual([{ ...OF_APP, ...expected }]);
	});

	it.each([
		['paymets', 'is not an entry of `services`'],
		['constructor', 'is not an entry of `services`'],
		['payments/cnary', 'names a subset that the service does not have'],
		['payments/constructor', 'names a subset that the service does not have'],
		['app/canary', 'names a subset that the service does not have'],
		['payments, port: 81', 'asks for a port that the service does not list'],
		['payments, kind: Bucket', 'is of a kind that is no backend'],
		['payments, group: multicluster.x-k8s.io', 'is of a kind that is no backend'],
	])('that are not there are no error: %s', (yaml, invalid) => {
		expect(ruleOf(`backendRefs: [{ name: ${yaml} }]`).backendRefs).toMatchObject([{ invalid, weight: 1 }]);
	});

	it('have filters of their own', () => {
		const [ref] = ruleOf('backendRefs: [{ name: app, filters: [{ urlRewrite: { hostname: a.b } }] }]').backendRefs;
		expect(ref?.filters).toEqual([{ type: 'URLRewrite', hostname: 'a.b', path: null }]);
	});

	it('are the app inbound and by host outbound when nothing is written', () => {
		expect(ruleOf('{}')).toMatchObject({ backendRefs: [OF_APP], isByHost: false });
		expect(ruleOf('{}', 'outbound')).toMatchObject({ backendRefs: [], isByHost: true });
		expect(ruleOf('backendRefs: [{ name: app }]', 'outbound')).toMatchObject({
			backendRefs: [OF_APP],
			isByHost: false,
		});
	});

	it.each(['inbound', 'outbound'] as const)('are none where the rule itself answers: %s', (side) => {
		const answers = ['directResponse: {}', 'filters: [{ requestRedirect: {} }]'].map((yaml) => ruleOf(yaml, side));
		for (const rule of answers) expect(rule).toMatchObject({ backendRefs: [], isByHost: false });
	});
});

describe('what a rule does by itself', () => {
	it('answers', () => {
		expect(ruleOf('directResponse: {}').directResponse).toEqual({ status: 200, body: '', headers: [] });
		expect(
			ruleOf('directResponse: { status: 410, body: "a\\nb", headers: { content-type: text/plain } }').directResponse,
		).toEqual({ status: 410, body: 'a\nb', headers: [{ name: 'content-type', value: 'text/plain' }] });
	});

	it('harms', () => {
		expect(ruleOf('fault: { delay: { fixed: 100ms } }').fault).toEqual({
			delay: { fixed: 100, percent: 100 },
			abort: null,
		});
		expect(ruleOf('fault: { abort: { status: 503, percent: 0.5% } }').fault).toEqual({
			delay: null,
			abort: { status: 503, percent: 0.5 },
		});
	});

	it('counts', () => {
		expect(ruleOf('rateLimit: { requests: 5 }').rateLimit).toEqual({ requests: 5, per: 1000, burst: 0, by: [] });
		expect(
			ruleOf('rateLimit: { requests: 5, per: 1m, burst: 2, by: [peer, client, { header: X-Key }] }').rateLimit,
		).toEqual({
			requests: 5,
			per: 60_000,
			burst: 2,
			by: [{ by: 'peer' }, { by: 'client' }, { by: 'header', name: 'x-key' }],
		});
	});

	it.each([
		['sessionName: sid', { type: 'Cookie', sessionName: 'sid', absoluteTimeout: 0, isPermanent: false }],
		[
			'sessionName: sid, absoluteTimeout: 1h, cookieConfig: { lifetimeType: Permanent }',
			{ type: 'Cookie', sessionName: 'sid', absoluteTimeout: 3_600_000, isPermanent: true },
		],
		[
			'sessionName: x-session, type: Header',
			{ type: 'Header', sessionName: 'x-session', absoluteTimeout: 0, isPermanent: false },
		],
	])('keeps a client with its endpoint: %s', (yaml, expected) => {
		expect(ruleOf(`sessionPersistence: { ${yaml} }`).sessionPersistence).toEqual(expected);
	});
});

it('retries more outbound, also what is written in part', () => {
	const OUTBOUND = {
		attempts: 2,
		codes: [502, 503, 504],
		on: ['connect-failure', 'reset', 'refused-stream', 'timeout'],
		backoff: 0,
		methods: 'idempotent',
	};
	expect(ruleOf('{}', 'outbound').retry).toEqual(OUTBOUND);
	expect(ruleOf('retry: { attempts: 1 }', 'outbound').retry).toEqual({ ...OUTBOUND, attempts: 1 });
	expect(ruleOf('retry: off', 'outbound').retry).toBeNull();
});

it('takes the rules of an HTTPRoute as they stand there', () => {
	const rule = ruleOf(`filters:
      - type: RequestHeaderModifier
        requestHeaderModifier:
          add:
          - name: x-a
            value: b
      - type: URLRewrite
        urlRewrite:
          path:
            type: ReplacePrefixMatch
            replacePrefixMatch: /v2
      matches:
      - path:
          type: PathPrefix
          value: /v1
        headers:
        - name: version
          value: two
      backendRefs:
      - group: ""
        kind: Service
        name: payments
        namespace: shop
        port: 8080
        weight: 9
      - name: payments
        port: 80
        weight: 1
      sessionPersistence:
        sessionName: sid
        type: Cookie
        cookieConfig:
          lifetimeType: Session`);
	expect(rule.backendRefs.map(({ label, weight, invalid }) => [label, weight, invalid])).toEqual([
		['payments.shop', 9, ''],
		['payments', 1, ''],
	]);
	expect(rule.filters.map(({ type }) => type)).toEqual(['RequestHeaderModifier', 'URLRewrite']);
});
