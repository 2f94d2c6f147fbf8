import { describe, expect, it } from 'vitest';
import { effectiveConfig } from '../../../src/config/effective.ts';
import { configOf, document, httpRoute, mistakesIn, NATIVE, parsed, remarksOn } from './parsed.ts';

const SERVICES = `${NATIVE}services:
  pay.shop: { endpoints: [{ address: "10.0.0.1:80" }] }
  stock: { endpoints: [{ address: "10.0.0.2:80" }], ports: { http: 80, alt: 81 } }
`;

describe('a route without Service parents makes inbound rules', () => {
	const { routes, unmatched } = configOf(
		httpRoute(`hostnames: [a.example.com, "*.b.example.com"]
rules:
- name: reads
  matches:
  - path: { type: Exact, value: /orders/ }
    method: GET
    headers: [{ name: X-A, value: "1" }]
    queryParams: [{ name: v, type: RegularExpression, value: "[0-9]+" }]
  - path: { value: /stock }
  filters:
  - { type: RequestHeaderModifier, requestHeaderModifier: { set: [{ name: x-env, value: prod }] } }
  backendRefs:
  - { name: pay, port: 80, weight: 9 }
  - { name: stock, port: 81, weight: 1, filters: [{ type: ResponseHeaderModifier, responseHeaderModifier: { remove: [x] } }] }
  timeouts: { request: 10s, backendRequest: 2s }
  retry: { attempts: 3, codes: [503], backoff: 100ms }
  sessionPersistence: { sessionName: sid }
- filters: [{ type: RequestRedirect, requestRedirect: { scheme: https } }]`),
		SERVICES,
	).inbound;
	const [reads, redirect] = routes;

	it('with hostnames, name and origin', () => {
		expect(routes).toHaveLength(2);
		expect(reads).toMatchObject({ name: 'reads', isNamed: true, origin: 'HTTPRoute shop/r' });
		expect(redirect).toMatchObject({ name: '/', isNamed: false, origin: 'HTTPRoute shop/r' });
		for (const rule of routes) expect(rule.hostnames).toEqual(['a.example.com', '*.b.example.com']);
		expect(reads?.at).toEqual({ file: 'gw.yaml', line: 7, column: 5 });
	});

	it('with matches and filters', () => {
		expect(reads?.matches).toMatchObject([
			{
				path: { type: 'Exact', value: '/orders/' },
				methods: ['GET'],
				headers: [{ name: 'x-a' }],
				queryParams: [{ name: 'v' }],
			},
			{ path: { type: 'PathPrefix', value: '/stock' } },
		]);
		expect(reads?.filters).toMatchObject([{ type: 'RequestHeaderModifier', set: [{ name: 'x-env', value: 'prod' }] }]);
	});

	it('with backends, which are entries of `services` by name and namespace, else by name', () => {
		expect(reads?.backendRefs).toMatchObject([
			{ label: 'pay.shop', service: 'pay.shop', port: 80, weight: 9, invalid: '' },
			{ label: 'stock', service: 'stock', port: 81, weight: 1, invalid: '', filters: [{ remove: ['x'] }] },
		]);
		expect(redirect?.backendRefs).toEqual([]);
	});

	it('with timeouts and retries, which are of failed connections and late attempts as well', () => {
		expect(reads?.timeouts).toMatchObject({ request: 10_000, backendRequest: 2000, requestIsExplicit: true });
		expect(reads?.retry).toMatchObject({
			attempts: 3,
			codes: [503],
			backoff: 100,
			on: ['connect-failure', 'reset', 'refused-stream', 'timeout'],
		});
		expect(redirect?.retry).toMatchObject({ on: ['connect-failure', 'reset', 'refused-stream'] });
		expect(reads?.sessionPersistence).toMatchObject({ type: 'Cookie', sessionName: 'sid' });
	});

	it('and what no rule matches is rejected', () => {
		expect(unmatched).toBe('reject');
		expect(configOf('', SERVICES).inbound.unmatched).toBe('app');
		const said = NATIVE.replace('8000 }', '8000, unmatched: app }');
		expect(remarksOn(httpRoute('rules: [{ backendRefs: [{ name: orders }] }]'), said)).toEqual([
			'warning routes.yaml:2:37 `inbound.unmatched: app` has no effect: beside route documents it is always `reject` | `reject`, or no such key',
		]);
	});
});

describe('a backend of a route', () => {
	const backendsOf = (refs: string, native = SERVICES) =>
		configOf(httpRoute(`rules: [{ backendRefs: ${refs} }]`), native).inbound.routes[0]?.backendRefs.map(
			({ service, port, invalid }) => `${service}:${port} ${invalid}`.trim(),
		);

	it.each([
		['the app by its name', '[{ name: orders, port: 80 }]', ['app:0']],
		['the app by its name and namespace', '[{ name: orders, namespace: shop, port: 80 }]', ['app:0']],
		[
			'a service of the name of the app elsewhere',
			'[{ name: orders, namespace: other }]',
			['orders:0 is not an entry of `services`'],
		],
		['the app as the route file calls it', '[{ name: app, port: 80 }]', ['app:0']],
		['nobody', '[{ name: nobody, port: 80 }]', ['nobody:80 is not an entry of `services`']],
		['another kind', '[{ kind: Bucket, group: x.io, name: pay }]', ['pay:0 is of a kind that is no backend']],
		[
			'a port that is not there',
			'[{ name: stock, port: 82 }]',
			['stock:82 asks for a port that the service does not list'],
		],
		['an entry of another namespace', '[{ name: pay, namespace: other }]', ['pay:0 is not an entry of `services`']],
		['nothing', '[]', []],
	])('may be %s', (_, refs, backends) => {
		expect(backendsOf(refs)).toEqual(backends);
	});

	it('that has the name of the app is an entry of `services` if there is one', () => {
		const native = `${NATIVE}services: { orders: { endpoints: [{ address: "10.0.0.1:80" }] } }\n`;
		expect(backendsOf('[{ name: orders }]', native)).toEqual(['orders:0']);
	});

	it('need not be there: requests get 500', () => {
		const yaml = httpRoute('rules:\n- matches: [{ path: { value: /a } }]');
		expect(configOf(yaml).inbound.routes[0]).toMatchObject({ backendRefs: [], isByHost: false });
		expect(remarksOn(yaml)).toEqual([
			'warning 6:5 `HTTPRoute shop/r: spec.rules[0].backendRefs` has no backend: requests get 500',
		]);
		expect(configOf(httpRoute('hostnames: [a.b]')).inbound.routes).toMatchObject([
			{ hostnames: ['a.b'], backendRefs: [], matches: [{ path: { value: '/' } }] },
		]);
	});

	it('of a mirror is found the same way', () => {
		const filter = '{ type: RequestMirror, requestMirror: { backendRef: { name: pay, port: 80 } } }';
		const { routes } = configOf(
			httpRoute(`rules: [{ filters: [${filter}], backendRefs: [{ name: orders }] }]`),
			SERVICES,
		).inbound;
		expect(routes[0]?.filters).toMatchObject([
			{ type: 'RequestMirror', backend: { service: 'pay.shop', invalid: '' } },
		]);
	});
});

describe('mistakes are told in the words of the document', () => {
	const R = 'HTTPRoute shop/r';
	it.each<[what: string, spec: string, ...mistakes: string[]]>([
		[
			'a bad path',
			'rules: [{ matches: [{ path: { value: orders } }] }]',
			`5:40 \`${R}: spec.rules[0].matches[0].path.value\` must start with \`/\` | \`path: /orders\` (prefix), \`path: "= /orders"\` (exact) or \`path: "~ /o/[0-9]+"\` (regular expression)`,
		],
		[
			'an unknown key of a rule',
			'rules: [{ matchs: [] }]',
			`5:13 unknown key \`matchs\` in \`${R}: spec.rules[0]\` | one of \`name\`, \`matches\`, \`filters\`, \`backendRefs\`, \`sessionPersistence\`, \`timeouts\`, \`retry\` | did you mean \`matches\`?`,
		],
		[
			'a key of the route file',
			'rules: [{ rateLimit: { requests: 1 } }]',
			`5:13 unknown key \`rateLimit\` in \`${R}: spec.rules[0]\` | one of \`name\`, \`matches\`, \`filters\`, \`backendRefs\`, \`sessionPersistence\`, \`timeouts\`, \`retry\``,
		],
		[
			'an unknown key of a match',
			'rules: [{ matches: [{ paht: /a }] }]',
			`5:25 unknown key \`paht\` in \`${R}: spec.rules[0].matches[0]\` | one of \`path\`, \`method\`, \`headers\`, \`queryParams\` | did you mean \`path\`?`,
		],
		[
			'an unknown key of the spec',
			'hostname: a.b',
			`5:3 unknown key \`hostname\` in \`${R}: spec\` | one of \`parentRefs\`, \`hostnames\`, \`rules\`, \`useDefaultGateways\` | did you mean \`hostnames\`?`,
		],
		[
			'a missing value',
			'rules: [{ matches: [{ headers: [{ name: x }] }] }]',
			`5:35 \`value\` is missing in \`${R}: spec.rules[0].matches[0].headers[0]\` | a value of at most 4096 characters`,
		],
		[
			'a regular expression',
			'rules: [{ matches: [{ path: { type: RegularExpression, value: "(" } }] }]',
			`5:65 \`${R}: spec.rules[0].matches[0].path\` is not a regular expression: error parsing regexp: missing closing ): \`(\` | the syntax of RE2: no look-around, no back-references`,
		],
		[
			'a filter of a later version',
			'rules: [{ filters: [{ type: ExtensionRef, extensionRef: { group: a, kind: B, name: c } }] }]',
			'5:31 `type: ExtensionRef` is not supported by this version | one of `RequestHeaderModifier`, `ResponseHeaderModifier`, `RequestRedirect`, `URLRewrite`, `RequestMirror`, `CORS`',
			'5:45 `extensionRef` is not supported by this version',
		],
		[
			'a redirect beside backends',
			'rules: [{ filters: [{ requestRedirect: { port: 1 } }], backendRefs: [{ name: orders }] }]',
			`5:58 \`${R}: spec.rules[0].backendRefs\` is never asked: the rule has a \`RequestRedirect\` | either of them`,
		],
		[
			'a hostname with a port',
			'hostnames: ["a.b:80"]',
			`5:15 \`${R}: spec.hostnames[0]\` is not a hostname | a name such as \`orders.example.com\` or \`*.example.com\`, without port and no IP address`,
		],
		[
			'an IP address',
			'hostnames: [10.0.0.1]',
			`5:15 \`${R}: spec.hostnames[0]\` is not a hostname | a name such as \`orders.example.com\` or \`*.example.com\`, without port and no IP address`,
		],
		[
			'a number as a hostname',
			'hostnames: [7]',
			`5:15 \`${R}: spec.hostnames[0]\` is not text | a number needs quotes`,
		],
		['rules that are no list', 'rules: {}', `5:3 \`${R}: spec.rules\` is not a list`],
		[
			'a rule that is no mapping',
			'rules: [a]',
			`5:11 \`${R}: spec.rules[0]\` is not a mapping | a mapping with one of \`name\`, \`matches\`, \`filters\`, \`backendRefs\`, \`sessionPersistence\`, \`timeouts\`, \`retry\``,
		],
		['a parent without a name', 'parentRefs: [{ kind: Gateway }]', `5:16 \`${R}: spec.parentRefs[0]\` has no \`name\``],
		[
			'an unknown key of a parent',
			'parentRefs: [{ nmae: x, name: y }]',
			`5:18 unknown key \`nmae\` in \`${R}: spec.parentRefs[0]\` | one of \`group\`, \`kind\`, \`namespace\`, \`name\`, \`sectionName\`, \`port\` | did you mean \`name\`?`,
		],
		[
			'a port of a parent',
			'parentRefs: [{ name: y, port: 99999 }]',
			`5:33 \`${R}: spec.parentRefs[0].port\` is not a port | a port from 1 to 65535`,
		],
		[
			'a name twice',
			'rules: [{ name: a }, { name: a }]',
			`5:32 \`${R}: spec.rules[1].name\` is the name of the rule on line 5 as well | a name of its own for each rule`,
		],
		[
			'no rule',
			'rules: []',
			`5:3 \`${R}: spec.rules\` has no rule | at least one, or no \`rules\`: one for every request`,
		],
		[
			'what the Gateway API had before',
			'rules: [{ sessionPersistence: { sessionName: a, idleTimeout: 1h } }]',
			'5:51 `idleTimeout` is not supported by this version',
		],
		['too many rules', `rules: [${'{}, '.repeat(17)}]`, `5:3 \`${R}: spec.rules\` has too many entries | at most 16`],
		[
			'too many hostnames',
			`hostnames: [${Array.from({ length: 17 }, (_, i) => `h${i}.b`).join(', ')}]`,
			`5:3 \`${R}: spec.hostnames\` has too many entries | at most 16`,
		],
		[
			'too many matches of a rule',
			`rules: [{ matches: [${'{}, '.repeat(65)}] }]`,
			`5:13 \`${R}: spec.rules[0].matches\` has too many entries | at most 64`,
		],
		[
			'too many matches of a route',
			`rules: [${`{ matches: [${'{}, '.repeat(43)}] }, `.repeat(3)}]`,
			`5:3 \`${R}: spec.rules\` has too many matches in all | at most 128`,
		],
		[
			'an unset variable',
			'hostnames: ["${NOPE}"]',
			'5:15 the environment variable `NOPE` is not set | `${NOPE:-default}` gives it a default',
		],
	])('%s', (_, spec, ...mistakes) => {
		expect(mistakesIn(httpRoute(spec))).toEqual(mistakes);
	});

	it('names are those of a route: another may have the same', () => {
		const rules = (path: string) =>
			`rules: [{ name: a, matches: [{ path: { value: ${path} } }], backendRefs: [{ name: orders }] }]`;
		const { config } = parsed(`${httpRoute(rules('/a'))}---\n${document('HTTPRoute', 'other', rules('/b'))}`);
		expect(config.inbound.routes.map(({ name, origin }) => `${origin} ${name}`)).toEqual([
			'HTTPRoute shop/other a',
			'HTTPRoute shop/r a',
		]);
	});

	it('names are held apart across documents and the route file', () => {
		const native = NATIVE.replace('8000 }', '8000, routes: [{ name: a }] }');
		expect(mistakesIn(httpRoute('rules: [{ name: a, backendRefs: [{ name: orders }] }]'), native)).toEqual([
			'5:19 `HTTPRoute shop/r: spec.rules[0].name` is the name of the rule on line 2 of routes.yaml as well | a name of its own for each rule',
		]);
	});
});

describe('the order of several routes', () => {
	const aged = (name: string, created: string): string =>
		document('HTTPRoute', name, `rules: [{ name: ${name}, backendRefs: [{ name: orders }] }]`).replace(
			'namespace: shop }',
			`namespace: shop, creationTimestamp: ${created} }`,
		);

	it('is that of their age, then of their names, then that of the rules; those of the route file go first', () => {
		const yaml = [
			aged('young', '2026-02-02T00:00:00Z'),
			aged('old', '2025-01-01T00:00:00Z'),
			aged('a-young', '2026-02-02T00:00:00Z'),
			aged('b-new', 'null'),
			aged('a-new', 'null'),
		];
		const native = NATIVE.replace('8000 }', '8000, routes: [{ name: zero, matches: [{ path: /z }] }] }');
		const { config } = parsed(yaml.join('---\n'), native);
		expect(config.inbound.routes.map(({ name }) => name)).toEqual([
			'zero',
			'old',
			'a-young',
			'young',
			'a-new',
			'b-new',
		]);
	});
});

it('what came from the environment is not shown', () => {
	const yaml = httpRoute('hostnames: ["${HOST}"]\nrules: [{ backendRefs: [{ name: orders }] }]');
	expect(configOf(yaml).inbound.routes[0]?.hostnames).toEqual(['from.env']);
	const shown = JSON.stringify(effectiveConfig(parsed(yaml).provenance));
	expect(shown).not.toContain('from.env');
	expect(shown).toContain('${HOST}');
});

it('each value is shown with the place that it has in its document', () => {
	const yaml = httpRoute('rules:\n- matches: [{ path: { value: /a } }]\n  backendRefs: [{ name: orders }]');
	const shown = effectiveConfig(parsed(yaml).provenance);
	const [path, backend] = [
		{ value: '/a', from: 'gw.yaml:6' },
		{ value: 'app', from: 'gw.yaml:7' },
	];
	expect(shown).toMatchObject({
		inbound: {
			unmatched: { value: 'reject', from: 'gw.yaml:2' },
			routes: [{ matches: [{ path: { value: path } }], backendRefs: [{ name: backend }] }],
		},
	});
});
