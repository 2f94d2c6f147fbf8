import { describe, expect, it } from 'vitest';
import { warningsIn } from '../support/mistakes.ts';

/** Places and messages, without what was expected. */
const warningsOf = (text: string, environment: Readonly<Record<string, string>> = {}): string[] =>
	warningsIn(text, environment).map((line) => line.split(' | ')[0] ?? '');

const HEAD = 'app: { port: 8080 }\n';
const rules = (...yaml: string[]): string =>
	`${HEAD}inbound:\n  listen: 8000\n  routes:\n${yaml.map((y) => `    - ${y}\n`).join('')}`;

it.each([
	['127.0.0.1:9000', 0],
	['127.1.2.3:9000', 0],
	['localhost:9000', 0],
	['"[::1]:9000"', 0],
	['9000', 1],
	['0.0.0.0:9000', 1],
	['10.0.0.1:9000', 1],
])('warns about an admin port that others can reach: %s', (listen, count) => {
	expect(warningsOf(`${HEAD}inbound: { listen: 8000 }\nadmin: { listen: ${listen} }\n`)).toHaveLength(count);
});

it('warns about retries of all methods and of statuses, at their values', () => {
	expect(warningsOf(rules('retry: { methods: all, codes: [503] }'))).toEqual([
		'5:25 `inbound.routes[0].retry.methods` repeats requests that may not be safe to repeat',
		'5:30 `inbound.routes[0].retry.codes` asks the app again for what it has answered',
	]);
});

it('warns about rules without a backend, but not where something else answers', () => {
	expect(warningsOf(rules('backendRefs: []'))).toEqual([
		'5:7 `inbound.routes[0].backendRefs` has no backend: requests get 500',
	]);
	expect(warningsOf(rules('directResponse: { status: 204 }'))).toEqual([]);
	expect(warningsOf(rules('filters: [{ requestRedirect: { scheme: https } }]'))).toEqual([]);
});

it('warns about passthrough, and about rules that bytes do not have', () => {
	expect(warningsOf(`${HEAD}inbound: { listen: 8000 }\npassthrough: true\n`)).toEqual([
		'3:14 `passthrough` forwards bytes: no rule, limit or metric of a request applies',
	]);
	expect(warningsOf('app: { port: 1, protocol: tcp }\ninbound: { listen: 8000, routes: [{}] }\n')).toEqual([
		'2:26 `inbound.routes` has no effect: `app.protocol: tcp` forwards bytes',
	]);
});

it('warns about a rule for CONNECT that answers by itself as if there were a tunnel', () => {
	const connect = 'matches: [{ method: [GET, CONNECT] }]';
	expect(warningsOf(rules(`{ ${connect}, directResponse: { status: 204 } }`))).toEqual([
		'5:74 `inbound.routes[0].directResponse.status` would open a tunnel that leads nowhere: CONNECT gets 501',
	]);
	expect(warningsOf(rules(`{ ${connect}, fault: { abort: { status: 299 } } }`))).toEqual([
		'5:74 `inbound.routes[0].fault.abort.status` would open a tunnel that leads nowhere: CONNECT gets 501',
	]);
	expect(warningsOf(rules(`{ ${connect}, directResponse: { status: 403 } }`))).toEqual([]);
	expect(warningsOf(rules('directResponse: { status: 204 }'))).toEqual([]);
});

it('warns about rules that end the sessions of each other', () => {
	const session = 'sessionPersistence: { sessionName: sid }';
	const [cart, all, other] = ['[shop.example]', '["*.example"]', '[shop.test]'].map(
		(hosts, i) => `{ hostnames: ${hosts}, matches: [{ path: /${i} }], ${session} }`,
	);
	expect(warningsIn(rules(cart ?? '', other ?? '', all ?? ''))).toEqual([
		'7:95 `inbound.routes[2].sessionPersistence.sessionName` is the name that the rule on line 5 has at the same host: each rule ends the sessions of the other | a name for each rule, or one rule',
	]);
});

describe('backends', () => {
	const SERVICES =
		'services: { payments: { ports: { http: 80 }, endpoints: [{ address: "10.0.0.7:80" }], subsets: { all: {} } } }\n';
	const LOST = 'its share of the requests gets 500';

	it.each([
		[
			'name: paymets',
			`5:29 \`inbound.routes[0].backendRefs[0]\` is not an entry of \`services\`: ${LOST} | did you mean \`payments\`?`,
		],
		['name: orders', `5:29 \`inbound.routes[0].backendRefs[0]\` is not an entry of \`services\`: ${LOST}`],
		[
			'name: payments/al',
			`5:29 \`inbound.routes[0].backendRefs[0]\` names a subset that the service does not have: ${LOST} | did you mean \`payments/all\`?`,
		],
		[
			'name: payments, port: 81',
			`5:45 \`inbound.routes[0].backendRefs[0]\` asks for a port that the service does not list: ${LOST}`,
		],
		['name: app, kind: Bucket', `5:40 \`inbound.routes[0].backendRefs[0]\` is of a kind that is no backend: ${LOST}`],
		['name: app, weight: 0', '5:7 `inbound.routes[0].backendRefs` has no weight above 0: requests get 500'],
		[
			'name: app, filters: [{ requestMirror: { backendRef: { name: nobody } } }]',
			'5:83 `inbound.routes[0].backendRefs[0].filters[0].requestMirror.backendRef` is not an entry of `services`: no copies are sent',
		],
	])('that get nothing: %s', (yaml, warning) => {
		expect(warningsIn(rules(`backendRefs: [{ ${yaml} }]`) + SERVICES)).toEqual([warning]);
	});

	it('are guessed at only where the file says the name itself', () => {
		const yaml = `${rules('backendRefs: [{ name: "${NAME}" }]')}${SERVICES}`;
		expect(warningsIn(yaml, { NAME: 'paymets' })).toEqual([
			`5:29 \`inbound.routes[0].backendRefs[0]\` is not an entry of \`services\`: ${LOST}`,
		]);
	});

	it('without endpoints', () => {
		const yaml =
			'services:\n  a: { endpoints: [] }\n  b: { endpoints: [{ address: "a:1" }], subsets: { x: { v: w } } }\n';
		expect(warningsOf(`${HEAD}inbound: { listen: 8000 }\n${yaml}`)).toEqual([
			'4:8 `services.a.endpoints` is empty: its requests get 503',
			'5:52 `services.b.subsets.x` has no endpoint: its requests get 503',
		]);
	});

	it('are asked again only where they are not the app', () => {
		const outbound = (ref: string): string =>
			`${HEAD}inbound: { listen: 8000 }\noutbound:\n  listen: 127.0.0.1:8001\n  routes:\n    - { backendRefs: [{ name: ${ref} }], retry: { codes: [503] } }\n${SERVICES}`;
		expect(warningsOf(outbound('payments'))).toEqual([]);
		expect(warningsOf(outbound('payments }, { name: app, weight: 0'))).toEqual([]);
		expect(warningsOf(outbound('app'))).toEqual([
			'6:48 `outbound.routes[0].retry.codes` asks the app again for what it has answered',
		]);
	});
});

describe('rules that can never match', () => {
	it('are found outbound as well', () => {
		const yaml =
			'inbound: { listen: 8000 }\noutbound:\n  listen: 127.0.0.1:8001\n  routes:\n    - name: a\n    - name: b\n';
		expect(warningsOf(HEAD + yaml)).toEqual([
			'7:7 `outbound.routes[1]` (`b`) never matches: the rule on line 6 takes all of its requests',
		]);
	});

	it.each([
		['the same path twice', ['matches: [{ path: /a }]', 'matches: [{ path: /a/ }]'], ['/a']],
		['the same host twice', ['hostnames: [a.b]', 'hostnames: [A.b]'], ['/']],
		['a method that is taken', ['matches: [{ method: [GET, PUT] }]', 'matches: [{ method: GET }]'], ['/']],
		[
			'methods that several rules have taken',
			['matches: [{ method: GET }]', 'matches: [{ method: PUT }]', 'matches: [{ method: [GET, PUT] }]'],
			['/'],
		],
		[
			'the same conditions',
			[
				'matches: [{ headers: { A: x }, queryParams: { q: y } }]',
				'matches: [{ queryParams: { q: y }, headers: { a: x } }]',
			],
			['/'],
		],
		[
			'an expression with one condition more',
			['matches: [{ path: "~ /x" }]', 'matches: [{ path: "~ /x", headers: { a: b } }]'],
			['/x'],
		],
		['the same expression', ['matches: [{ path: "~ /x" }]', 'matches: [{ path: "~ /x", method: GET }]'], ['/x']],
	])('%s', (_, yaml, names) => {
		const found = warningsOf(rules(...yaml));
		expect(found).toHaveLength(1);
		expect(found[0]).toContain(`(\`${names[0]}\`) never matches: the rule on line`);
	});

	it.each([
		['another path', ['matches: [{ path: /a }]', 'matches: [{ path: /a/b }]']],
		['a method, which goes before any', ['matches: [{ path: /a }]', 'matches: [{ path: /a, method: GET }]']],
		['one method more', ['matches: [{ method: GET }]', 'matches: [{ method: [GET, PUT] }]']],
		['any method after some', ['matches: [{ method: GET }]', '{}']],
		['another host', ['hostnames: [a.b]', 'hostnames: ["*.b"]', '{}']],
		['one host more', ['hostnames: [a.b]', 'hostnames: [a.b, c.d]']],
		['one match more', ['matches: [{ path: /a }]', 'matches: [{ path: /a }, { path: /b }]']],
		['a condition, which goes before none', ['{}', 'matches: [{ headers: { a: b } }]']],
		['a condition less', ['matches: [{ headers: { a: b } }]', '{}']],
		['another value', ['matches: [{ headers: { a: b } }]', 'matches: [{ headers: { a: c } }]']],
		['another kind of condition', ['matches: [{ headers: { a: b } }]', 'matches: [{ queryParams: { a: b } }]']],
		[
			'an expression with a condition less',
			['matches: [{ path: "~ /x", headers: { a: b } }]', 'matches: [{ path: "~ /x" }]'],
		],
		['another kind of path', ['matches: [{ path: /a }]', 'matches: [{ path: "= /a" }]']],
	])('are not those with %s', (_, yaml) => {
		expect(warningsOf(rules(...yaml))).toEqual([]);
	});
});

it('tells no value of the environment', () => {
	const text = rules(
		'{ name: "${NAME}", matches: [{ path: /a }] }',
		'{ name: "x${NAME}", matches: [{ path: /a }] }',
		'{ matches: [{ path: "/${NAME}" }] }',
		'{ matches: [{ path: "= /${NAME}" }, { path: "/${NAME}" }] }',
		'{ matches: [{ path: "= /${NAME}" }] }',
	);
	const warnings = warningsOf(text, { NAME: 's3cret' });
	expect(warnings).toHaveLength(2);
	expect(warnings[0]).toContain('(`x${NAME}`) never matches');
	expect(warnings[1]).toContain('(`= /${NAME}`) never matches');
	expect(warnings.join('\n')).not.toContain('s3cret');
});
