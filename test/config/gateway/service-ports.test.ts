import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { effectiveConfig } from '../../../src/config/effective.ts';
import { loadRegexCompiler } from '../../../src/routing/regex.ts';
import { compileRoutes } from '../../../src/routing/table.ts';
import { request } from '../../support/random-rules.ts';
import { configOf, document, httpRoute, mistakesIn, NATIVE, parsed, remarksOn, service } from './parsed.ts';

const compileRegex = await loadRegexCompiler();
const PAY = service('pay', '[{ name: a, port: 80 }, { name: b, port: 8080 }, { name: c, port: 9000 }]');

const route = (parents: string, rules: string, name = 'r'): string =>
	httpRoute(`parentRefs: [${parents}]\nrules: [${rules}]`, name);
const parent = (port: number, name = 'pay'): string =>
	`{ kind: Service, name: ${name}${port === 0 ? '' : `, port: ${port}`} }`;
const rule = (name: string, match = ''): string =>
	`{ name: ${name}, ${match === '' ? '' : `matches: [${match}], `}backendRefs: [{ name: pay, port: 80 }] }`;

/** Which rule takes each call: its name, `404` of the rule that rejects, `by host` for none. */
function takers(documents: readonly string[], calls: readonly string[], native = NATIVE): Record<string, string> {
	const { outbound } = configOf([PAY, ...documents].join('---\n'), native);
	const rules = (outbound?.routes ?? []).map((each) => ({
		rule: each,
		value: each.directResponse === null ? each.name : String(each.directResponse.status),
	}));
	const table = compileRoutes(rules, compileRegex);
	return Object.fromEntries(
		calls.map((call) => {
			const [host = '', ...path] = call.split('/');
			return [call, table.match(request(host, `/${path.join('/')}`, 'GET'))?.value ?? 'by host'];
		}),
	);
}

const conditions = (documents: string, native = NATIVE) =>
	configOf(documents, native).outbound?.routes.map(({ name, hostnames, matches, directResponse }) => ({
		name: directResponse === null ? name : '404',
		hostnames: hostnames.length,
		hosts: matches.map(({ headers }) => headers.map((header) => `${header.name} ${header.type} ${header.value}`)),
	}));

describe('a parent of one port', () => {
	it.each([
		[80, 'host RegularExpression [^:]*(:(0*80)?)?'],
		[8080, 'host RegularExpression [^:]*:0*8080'],
	])('%i adds a condition on the host to each match, beside those it has', (port, host) => {
		const matches = '{ path: { value: /a }, headers: [{ name: x, value: y }] }, { headers: [] }, { headers: }, {}';
		expect(conditions([PAY, route(parent(port), rule('a', matches))].join('---\n'))).toEqual([
			{ name: 'a', hostnames: 4, hosts: [['x Exact y', host], [host], [host], [host]] },
		]);
		expect(conditions([PAY, route(parent(port), rule('a'))].join('---\n'))).toEqual([
			{ name: 'a', hostnames: 4, hosts: [[host]] },
		]);
	});

	it('of a service of which nothing is known is one of several', () => {
		expect(conditions(route(parent(81, 'other'), rule('a')))).toMatchObject([
			{ name: 'a', hosts: [['host RegularExpression [^:]*:0*81']] },
		]);
	});

	it.each([
		['its only one', service('one', '[{ port: 81 }]'), NATIVE],
		[
			'the only one of an entry of the route file',
			'',
			`${NATIVE}services: { one: { ports: { a: 81 }, endpoints: [] } }\n`,
		],
	])('needs no condition when it is %s', (_, yaml, native) => {
		expect(conditions(`${yaml}---\n${route(parent(81, 'one'), rule('a'))}`, native)).toEqual([
			{ name: 'a', hostnames: 4, hosts: [[]] },
		]);
	});

	it('holds for calls by gRPC, too', () => {
		const grpc = document(
			'GRPCRoute',
			'g',
			`parentRefs: [${parent(9000)}]\nrules: [{ backendRefs: [{ name: pay, port: 9000 }] }]`,
		);
		expect(configOf(`${PAY}---\n${grpc}`).outbound?.routes[0]?.matches).toMatchObject([
			{ methods: ['POST'], headers: [{ name: 'host', value: '[^:]*:0*9000' }] },
		]);
	});

	it('says where the condition comes from', () => {
		const { provenance } = parsed(`${PAY}---\n${route(parent(8080), rule('a'))}`);
		const shown = effectiveConfig(provenance);
		expect(shown).toMatchObject({
			outbound: { routes: [{ matches: [{ headers: [{ value: { value: '[^:]*:0*8080', from: 'gw.yaml:11' } }] }] }] },
		});
	});

	it('is no cause for a remark', () => {
		const native = `${NATIVE}services: { pay.shop: { ports: { a: 80, b: 81 }, endpoints: [{ address: "10.0.0.1:80" }] } }\n`;
		expect(remarksOn(route(parent(80), rule('a', '{ path: { value: /a } }')), native)).toEqual([]);
	});
});

describe('several parents', () => {
	it('of some of the ports are one set of rules', () => {
		expect(conditions([PAY, route(`${parent(8080)}, ${parent(80)}, ${parent(80)}`, rule('a'))].join('---\n'))).toEqual([
			{ name: 'a', hostnames: 4, hosts: [['host RegularExpression [^:]*(:(0*(80|8080))?)?']] },
		]);
	});

	it.each([
		['are all ports', `${parent(80)}, ${parent(8080)}, ${parent(9000)}`],
		['have one without a port', `${parent(80)}, ${parent(0)}`],
		['have one without a port first', `${parent(0)}, ${parent(80)}`],
	])('need no condition when they %s', (_, parents) => {
		expect(conditions([PAY, route(parents, rule('a'))].join('---\n'))).toEqual([
			{ name: 'a', hostnames: 4, hosts: [[]] },
		]);
	});

	it('of several services with other ports have rules of their own, with names of their own', () => {
		const parents = `${parent(80)}, ${parent(81, 'stock')}, ${parent(0, 'cart')}, ${parent(80, 'tax')}`;
		expect(conditions([PAY, route(parents, rule('a'))].join('---\n'))).toEqual([
			{ name: 'a', hostnames: 4, hosts: [[]] },
			{ name: 'a:80', hostnames: 8, hosts: [['host RegularExpression [^:]*(:(0*80)?)?']] },
			{ name: 'a:81', hostnames: 4, hosts: [['host RegularExpression [^:]*:0*81']] },
		]);
	});
});

describe('a call to a service with a route', () => {
	const some = rule('some', '{ path: { value: /a } }');

	it('for port 80 goes by it when the host has that port or none', () => {
		const hosts = [
			'pay',
			'pay:',
			'pay:80',
			'pay:080',
			'PAY.shop.:80',
			'pay:8080',
			'pay:180',
			'pay:800',
			'pay:9000',
			'other',
		];
		expect(Object.values(takers([route(parent(80), rule('all'))], hosts))).toEqual([
			...['all', 'all', 'all', 'all', 'all'],
			...['by host', 'by host', 'by host', 'by host', 'by host'],
		]);
	});

	it('for another port goes by it when the host has that one', () => {
		const hosts = ['pay:8080', 'pay.shop.svc:08080', 'pay', 'pay:', 'pay:80', 'pay:18080', 'pay:9000'];
		expect(Object.values(takers([route(parent(8080), rule('all'))], hosts))).toEqual([
			...['all', 'all'],
			...['by host', 'by host', 'by host', 'by host', 'by host'],
		]);
	});

	it('is rejected at this port when the route does not take it, and goes by host at others', () => {
		expect(takers([route(parent(80), some)], ['pay/a', 'pay/b', 'pay:80/', 'pay:8080/a', 'pay:8080/b'])).toEqual({
			'pay/a': 'some',
			'pay/b': '404',
			'pay:80/': '404',
			'pay:8080/a': 'by host',
			'pay:8080/b': 'by host',
		});
	});

	it('is rejected only when the routes of other ports and of all ports do not take it either', () => {
		const eighty = route(parent(80), rule('eighty', '{ path: { value: /a } }'), 'a');
		const alt = route(parent(8080), rule('alt', '{ queryParams: [{ name: q, value: "1" }] }'), 'b');
		const calls = ['pay/a', 'pay/b', 'pay:8080/a', 'pay:8080/a?q=1', 'pay:9000/a', 'pay:9000/b'];
		expect(Object.values(takers([eighty, alt], calls))).toEqual(['eighty', '404', '404', 'alt', 'by host', 'by host']);
		const all = route(parent(0), rule('all', '{ queryParams: [{ name: q, value: "1" }] }'), 'c');
		expect(takers([eighty, all], ['pay/b', 'pay/b?q=1', 'pay/a?q=1', 'pay:8080/b', 'pay:8080/b?q=1'])).toEqual({
			'pay/b': '404',
			'pay/b?q=1': 'all',
			'pay/a?q=1': 'eighty',
			'pay:8080/b': '404',
			'pay:8080/b?q=1': 'all',
		});
		const whole = route(parent(0), rule('whole'), 'd');
		expect(Object.values(takers([eighty, whole], calls))).toEqual([
			...['eighty', 'whole', 'whole', 'whole', 'whole', 'whole'],
		]);
	});

	it('is rejected once for each document and set of ports', () => {
		const parents = `${parent(80)}, ${parent(8080)}, ${parent(81, 'stock')}`;
		const routes = conditions([PAY, route(parents, some), route(parent(9000), rule('all'), 's')].join('---\n'));
		expect(routes?.filter(({ name }) => name === '404')).toEqual([
			{ name: '404', hostnames: 4, hosts: [['host RegularExpression [^:]*(:(0*(80|8080))?)?']] },
			{ name: '404', hostnames: 4, hosts: [['host RegularExpression [^:]*:0*81']] },
		]);
	});

	it.each([
		['everything', '', 'own', 'own'],
		['every path', 'matches: [{ path: / }]', 'own', 'own'],
		['a query', 'matches: [{ queryParams: { q: "1" } }]', 'own', 'by host'],
		['a path', 'matches: [{ path: /b }]', 'own', '404'],
		['a method', 'matches: [{ method: GET }]', 'own', 'own'],
		['a header', 'matches: [{ headers: { host: "pay" } }]', 'own', 'own'],
	])('goes by a rule of the route file for %s before it is rejected', (_, matches, asked, other) => {
		const native = NATIVE.replace(
			'outbound: { listen: 127.0.0.1:15001 }',
			`outbound: { listen: 127.0.0.1:15001, routes: [{ name: own, hostnames: [Pay.], ${matches} }] }`,
		);
		expect(takers([route(parent(80), some)], ['pay/a', 'pay/b?q=1', 'pay/c'], native)).toEqual({
			'pay/a': 'some',
			'pay/b?q=1': asked,
			'pay/c': other,
		});
	});
});

describe('what leaves no room for the condition is an error', () => {
	const yaml = (headers: string, port = 80): string =>
		`${PAY}---\n${route(parent(port), rule('a', `{ headers: ${headers} }`))}`;
	const many = (count: number): string =>
		`[${Array.from({ length: count }, (_, i) => `{ name: x${i}, value: y }`).join(', ')}]`;
	const R = '`HTTPRoute shop/r: spec.rules[0].matches[0].headers';

	it.each<[what: string, headers: string, ...mistakes: string[]]>([
		[
			'a condition on the host',
			'[{ name: x, value: y }, { name: Host, value: pay }]',
			`12:75 ${R}[1].name\` cannot stand beside the \`port\` of a parent | a parent without \`port\`, or another header than \`host\``,
		],
		['too many headers', many(16), `12:34 ${R}\` has too many entries | at most 15 where a parent has a \`port\``],
		['no list', '{ x: y }', `12:34 ${R}\` is not a list`],
	])('%s', (_, headers, ...mistakes) => {
		expect(mistakesIn(yaml(headers))).toEqual(mistakes);
		expect(mistakesIn(yaml(headers, 0))).toEqual([]);
	});

	it('fifteen headers do', () => {
		expect(mistakesIn(yaml(many(15)))).toEqual([]);
	});
});

it('any set of routes takes each call as the plain reading of ports has it', () => {
	const ports = fc.uniqueArray(fc.constantFrom(0, 80, 8080, 9000), { minLength: 1, maxLength: 2 });
	const sketches = fc.array(fc.record({ ports, path: fc.constantFrom('/', '/a', '/a/b') }), {
		minLength: 1,
		maxLength: 4,
	});
	fc.assert(
		fc.property(sketches, fc.constantFrom(80, 8080, 9000), fc.constantFrom('/', '/a', '/a/b'), (routes, port, path) => {
			const documents = routes.map((sketch, index) =>
				route(
					sketch.ports.map((each) => parent(each)).join(', '),
					rule(`r${index}`, `{ path: { value: ${sketch.path} } }`),
					`r${index}`,
				),
			);
			const call = `pay:${port}${path}`;
			const isAll = (sketch: (typeof routes)[number]): boolean => sketch.ports.includes(0);
			const attached = routes
				.map((sketch, index) => ({ ...sketch, index }))
				.filter((sketch) => isAll(sketch) || sketch.ports.includes(port));
			const taking = attached
				.filter((sketch) => sketch.path === '/' || path === sketch.path || path.startsWith(`${sketch.path}/`))
				.sort((a, b) => b.path.length - a.path.length || Number(isAll(a)) - Number(isAll(b)) || a.index - b.index);
			const expected = taking[0] === undefined ? (attached.length === 0 ? 'by host' : '404') : `r${taking[0].index}`;
			expect(takers(documents, [call])).toEqual({ [call]: expected });
		}),
		{ numRuns: 60 },
	);
});
