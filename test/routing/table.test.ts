import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Match, PathMatchType, Rule, ValueMatch } from '../../src/config/config.ts';
import type { RequestHead } from '../../src/http/head.ts';
import { loadRegexCompiler, noRegex } from '../../src/routing/regex.ts';
import { compileRoutes, needsRegex } from '../../src/routing/table.ts';
import { randomRequest, randomRules, request } from '../support/random-rules.ts';
import { ruleOf } from '../support/rule.ts';

interface Sketch {
	readonly hostnames?: readonly string[];
	readonly matches?: readonly Match[];
}

const compileRegex = await loadRegexCompiler();

function path(type: PathMatchType, value: string, ...methods: string[]): Match {
	return { path: { type, value }, methods, headers: [], queryParams: [] };
}

const prefix = (value: string, ...methods: string[]): Match => path('PathPrefix', value, ...methods);
const exact = (value: string, ...methods: string[]): Match => path('Exact', value, ...methods);
const regex = (value: string, ...methods: string[]): Match => path('RegularExpression', value, ...methods);

function table(sketches: Record<string, Sketch>) {
	const rules = Object.entries(sketches).map(([name, sketch]) => ({ rule: ruleOf({ name, ...sketch }), value: name }));
	return compileRoutes(rules, compileRegex);
}

describe('hostnames', () => {
	const routes = table({
		any: {},
		exact: { hostnames: ['orders.shop.svc'] },
		wide: { hostnames: ['*.svc'] },
		narrow: { hostnames: ['*.shop.svc'] },
		local: { hostnames: ['localhost'] },
	});
	it.each([
		['orders.shop.svc', 'exact', 'an exact name'],
		['orders.shop.svc:8080', 'exact', 'the port does not count'],
		['orders.shop.svc:', 'exact', 'an empty port does not count'],
		['Orders.SHOP.svc', 'exact', 'case does not count'],
		['orders.shop.svc.', 'exact', 'a trailing dot does not count'],
		['orders.shop.svc.:80', 'exact', 'a trailing dot before a port does not count'],
		['cart.shop.svc', 'narrow', 'the most specific wildcard'],
		['a.b.shop.svc', 'narrow', 'a wildcard covers several labels'],
		['shop.svc', 'wide', 'a wildcard does not cover its own suffix'],
		['svc', 'any', 'nor does the wider one'],
		['x.svc', 'wide', 'the wider wildcard'],
		['xorders.shop.svc', 'narrow', 'an exact name is not a suffix'],
		['orders.shop.svc.evil', 'any', 'nor a prefix'],
		['localhost:8000', 'local', 'one label'],
		['[::1]:8000', 'any', 'an IPv6 literal'],
		['[::1]', 'any', 'an IPv6 literal without a port'],
		['', 'any', 'no authority'],
		['.', 'any', 'only a dot'],
		[':80', 'any', 'only a port'],
		['.shop.svc', 'wide', 'an empty first label is none for the narrow one'],
		[`${'a.'.repeat(200)}shop.svc`, 'narrow', 'a very long name'],
	])('%j goes to %s: %s', (authority, expected) => {
		expect(routes.match(request(authority, '/', 'GET'))?.value).toBe(expected);
	});

	it('tries less specific hostnames when no rule of the best one matches', () => {
		const fallback = table({
			best: { hostnames: ['a.b.c'], matches: [exact('/best')] },
			narrow: { hostnames: ['*.b.c'], matches: [prefix('/x', 'POST')] },
			wide: { hostnames: ['*.c'], matches: [prefix('/x')] },
			any: { matches: [prefix('/y')] },
		});
		expect(fallback.match(request('a.b.c', '/best', 'GET'))?.value).toBe('best');
		expect(fallback.match(request('a.b.c', '/x', 'POST'))?.value).toBe('narrow');
		expect(fallback.match(request('a.b.c', '/x', 'GET'))?.value).toBe('wide');
		expect(fallback.match(request('a.b.c', '/y', 'GET'))?.value).toBe('any');
		expect(fallback.match(request('a.b.c', '/z', 'GET'))).toBeNull();
	});

	it('says which rule, match and hostname it was', () => {
		const hit = routes.match(request('x.shop.svc', '/p', 'GET'));
		expect(hit).toMatchObject({ hostname: '*.shop.svc', match: prefix('/'), rule: { name: 'narrow' } });
	});
});

describe('paths', () => {
	const routes = table({
		root: {},
		orders: { matches: [prefix('/orders')] },
		deep: { matches: [prefix('/orders/eu/de')] },
		exact: { matches: [exact('/orders/eu')] },
		slash: { matches: [exact('/slash/')] },
		numbers: { matches: [regex('/n/[0-9]+')] },
		firstRegex: { matches: [regex('/r/.*')] },
		secondRegex: { matches: [regex('/r/x', 'GET')] },
		exactBeforeRegex: { matches: [exact('/r/exact')] },
		prefixAfterRegex: { matches: [prefix('/r/x/longer')] },
	});
	it.each([
		['/', 'root'],
		['/orders', 'orders'],
		['/orders/', 'orders'],
		['/orders/7', 'orders'],
		['/ordersx', 'root'],
		['/order', 'root'],
		['//orders', 'root'],
		['/orders/eu', 'exact'],
		['/orders/eu/', 'orders'],
		['/orders/eu/de', 'deep'],
		['/orders/eu/de/x/y/z', 'deep'],
		['/orders/eu/des', 'orders'],
		['/slash/', 'slash'],
		['/slash', 'root'],
		['/n/42', 'numbers'],
		['/n/42x', 'root'],
		['/x/n/42', 'root'],
		['/r/x', 'firstRegex'],
		['/r/exact', 'exactBeforeRegex'],
		['/r/x/longer/y', 'firstRegex'],
		['*', 'root'],
		['', 'root'],
	])('%j goes to %s', (target, expected) => {
		expect(routes.match(request('h', target, 'GET'))?.value).toBe(expected);
	});
});

describe('methods', () => {
	const routes = table({
		anyFirst: { matches: [prefix('/a')] },
		get: { matches: [prefix('/a', 'GET', 'HEAD')] },
		getAgain: { matches: [prefix('/a', 'GET')] },
		longer: { matches: [prefix('/a/b', 'PUT')] },
		exactPost: { matches: [exact('/a/c', 'POST')] },
	});
	it.each([
		['GET', '/a', 'get', 'a rule with a method goes before one without'],
		['HEAD', '/a', 'get', 'each method of a list counts'],
		['POST', '/a', 'anyFirst', 'any other method'],
		['get', '/a', 'anyFirst', 'methods are case-sensitive'],
		['PUT', '/a/b', 'longer', 'the longest prefix'],
		['GET', '/a/b', 'get', 'a shorter prefix when the method does not fit the longer'],
		['POST', '/a/c', 'exactPost', 'an exact path'],
		['GET', '/a/c', 'get', 'a prefix when the method does not fit the exact path'],
	])('%s %s goes to %s: %s', (method, target, expected) => {
		expect(routes.match(request('h', target, method))?.value).toBe(expected);
	});
});

describe('headers and query parameters', () => {
	const header = (name: string, value: string, type: ValueMatch['type'] = 'Exact') => ({ name, type, value });
	const routes = table({
		any: { matches: [prefix('/a')] },
		get: { matches: [prefix('/a', 'GET')] },
		canary: { matches: [{ ...prefix('/a'), headers: [header('x-canary', '1')] }] },
		both: { matches: [{ ...prefix('/a'), headers: [header('x-canary', '1'), header('x-team', 'a')] }] },
		versions: { matches: [{ ...prefix('/a'), headers: [header('x-version', 'v[0-9]+', 'RegularExpression')] }] },
		query: { matches: [{ ...prefix('/a'), queryParams: [header('v', '2')] }] },
		phrase: { matches: [{ ...prefix('/a'), queryParams: [header('na me', 'a b')] }] },
		exactOnly: { matches: [{ ...exact('/a/b'), headers: [header('x-only', 'yes')] }] },
	});
	it.each<[string, string, Record<string, string>, string, string]>([
		['/a', 'POST', {}, 'any', 'nothing asked for'],
		['/a', 'POST', { 'X-Canary': '1' }, 'canary', 'names go without case'],
		['/a', 'POST', { 'x-canary': '2' }, 'any', 'values go with it'],
		['/a', 'GET', { 'x-canary': '1' }, 'get', 'a method goes before a header'],
		['/a', 'POST', { 'x-canary': '1', 'x-team': 'a' }, 'both', 'more headers go before fewer'],
		['/a?v=2', 'POST', { 'x-canary': '1' }, 'canary', 'headers go before query parameters'],
		['/a', 'POST', { 'x-version': 'v17' }, 'versions', 'a regular expression'],
		['/a', 'POST', { 'x-version': 'xv17' }, 'any', 'which is for the whole value'],
		['/a?v=2', 'POST', {}, 'query', 'a query parameter'],
		['/a?v=1&v=2', 'POST', {}, 'any', 'the first of a name counts'],
		['/a?x=&v=2', 'POST', {}, 'query', 'behind another one'],
		['/a?v', 'POST', {}, 'any', 'without a value'],
		['/a?na%20me=a+b', 'POST', {}, 'phrase', 'unescaped'],
		['/a?V=2', 'POST', {}, 'any', 'names of parameters go with case'],
		['/a/b', 'POST', { 'x-only': 'yes' }, 'exactOnly', 'an exact path'],
		['/a/b', 'POST', { 'x-only': 'no' }, 'any', 'a prefix where the header does not fit'],
	])('%s %s %j goes to %s: %s', (target, method, headers, expected) => {
		expect(routes.match(request('h', target, method, headers))?.value).toBe(expected);
	});

	it.each([
		['a:81', { host: 'a:81' }, 'port'],
		['a:81', { host: 'other:82' }, 'port'],
		['a:82', { host: 'a:81' }, 'any'],
		['a:81', {}, 'port'],
		['', { host: 'a:81' }, 'port'],
		['', {}, 'any'],
	])('take for the host the one that the request is for: %s with %j goes to %s', (authority, headers, expected) => {
		const byPort = table({
			any: {},
			port: { matches: [{ ...prefix('/'), headers: [header('host', '[^:]*:81', 'RegularExpression')] }] },
		});
		expect(byPort.match(request(authority, '/', 'GET', headers as Record<string, string>))?.value).toBe(expected);
	});

	it('joins several lines of one name by commas', () => {
		const list = table({ any: {}, list: { matches: [{ ...prefix('/'), headers: [header('x-l', 'a,b')] }] } });
		const head = request('h', '/', 'GET', { 'x-l': 'a', 'X-L': 'b' });
		expect(list.match(head)?.value).toBe('list');
	});
});

it('has no hit without rules', () => {
	expect(compileRoutes([], noRegex).match(request('h', '/', 'GET'))).toBeNull();
});

it('needs a regular-expression engine only where a rule has one', () => {
	expect(needsRegex([ruleOf()])).toBe(false);
	expect(needsRegex([ruleOf(), ruleOf({ matches: [exact('/'), regex('/x')] })])).toBe(true);
});

/** What the table promises, said as plainly as can be: sort all, take the first that holds. */
function naive(
	rules: readonly Rule[],
	{ authority, path: target, method, query, headers }: RequestHead,
): string | null {
	const host = authority
		.toLowerCase()
		.replace(/:\d*$/, '')
		.replace(/(.)\.$/, '$1');
	const entries = rules.flatMap((rule) =>
		(rule.hostnames.length === 0 ? [''] : rule.hostnames).flatMap((hostname) =>
			rule.matches.map((match) => ({ rule, hostname, match })),
		),
	);
	const holdsHost = (hostname: string): boolean => {
		if (hostname === '') return true;
		if (!hostname.startsWith('*')) return hostname === host;
		return host.endsWith(hostname.slice(1)) && host.length > hostname.length - 1;
	};
	const holdsPath = ({ type, value }: Match['path']): boolean => {
		if (type === 'Exact') return target === value;
		if (type === 'RegularExpression') return new RegExp(`^(?:${value})$`).test(target);
		return value === '/' || target === value || target.startsWith(`${value}/`);
	};
	const holdsAll = (wanted: readonly ValueMatch[], read: (name: string) => string | null | undefined): boolean =>
		wanted.every(({ name, type, value }) => {
			const found = read(name) ?? undefined;
			return found !== undefined && (type === 'Exact' ? found === value : new RegExp(`^(?:${value})$`).test(found));
		});
	const rank = ({ hostname, match }: (typeof entries)[number]): number[] => [
		hostname === '' ? 2 : hostname.startsWith('*') ? 1 : 0,
		-hostname.length,
		['Exact', 'RegularExpression', 'PathPrefix'].indexOf(match.path.type),
		match.path.type === 'PathPrefix' ? -match.path.value.length : 0,
		match.path.type === 'RegularExpression'
			? entries.findIndex(
					(e) =>
						e.hostname === hostname && e.match.path.value === match.path.value && e.match.path.type === match.path.type,
				)
			: 0,
		match.methods.length > 0 ? 0 : 1,
		-match.headers.length,
		-match.queryParams.length,
	];
	const held = entries
		.filter(({ hostname, match }) => holdsHost(hostname) && holdsPath(match.path))
		.filter(({ match }) => match.methods.length === 0 || match.methods.includes(method))
		.filter(({ match }) => holdsAll(match.headers, (name) => headers.get(name)))
		.filter(({ match }) => holdsAll(match.queryParams, (name) => new URLSearchParams(query).get(name)))
		.map((entry, order) => ({ entry, key: [...rank(entry), order] }))
		.sort((a, b) => {
			const i = a.key.findIndex((part, index) => part !== b.key[index]);
			return i < 0 ? 0 : (a.key[i] ?? 0) - (b.key[i] ?? 0);
		});
	return held[0]?.entry.rule.name ?? null;
}

describe('any set of rules', () => {
	it('sends each request where the plain reading of the precedence sends it', () => {
		fc.assert(
			fc.property(randomRules, fc.array(randomRequest, { maxLength: 20 }), (rules, requests) => {
				const compiled = compileRoutes(
					rules.map((rule) => ({ rule, value: rule.name })),
					compileRegex,
				);
				for (const head of requests) {
					expect(compiled.match(head)?.value ?? null).toBe(naive(rules, head));
				}
			}),
			{ numRuns: 500 },
		);
	});
});
