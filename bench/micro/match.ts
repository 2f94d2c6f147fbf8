/** Route lookup: `node bench/micro/run.ts match`. A sidecar with one rule should not notice it; one with 10,000 hardly. */
import type { Match, Rule } from '../../src/config/config.ts';
import { RequestHead } from '../../src/http/head.ts';
import { noRegex } from '../../src/routing/regex.ts';
import { compileRoutes, type RouteTable } from '../../src/routing/table.ts';
import { ruleOf } from '../../test/support/rule.ts';

function rule(hostnames: readonly string[], ...matches: readonly Match[]): { rule: Rule; value: number } {
	return { rule: ruleOf({ hostnames, matches }), value: 0 };
}

const prefix = (value: string): Match => ({
	path: { type: 'PathPrefix', value },
	methods: [],
	headers: [],
	queryParams: [],
});
const exact = (value: string, method: string): Match => ({
	path: { type: 'Exact', value },
	methods: [method],
	headers: [],
	queryParams: [],
});

/** A connection has one head, filled anew for each request. */
const head = new RequestHead();
function request(authority: string, path: string, method: string): RequestHead {
	head.authority = authority;
	head.path = path;
	head.method = method;
	return head;
}

/** Prefixes, exact paths and methods over `rules / 10` hostnames and a wildcard each. */
function big(rules: number): RouteTable<number> {
	const all = Array.from({ length: rules }, (_, i) => {
		const host = `service${Math.floor(i / 10)}.shop.svc.cluster.local`;
		const hostnames = i % 10 === 0 ? [host, `*.${host}`] : [host];
		return rule(hostnames, prefix(`/api/v${i}/orders`), exact(`/api/v${i}/orders/eu`, 'POST'));
	});
	return compileRoutes(all, noRegex);
}

function onOneHost(rules: number): RouteTable<number> {
	const all = Array.from({ length: rules }, (_, i) => rule([], prefix(`/tenants/${i}/orders`)));
	return compileRoutes([...all, rule([], prefix('/'))], noRegex);
}

const catchAll = compileRoutes([rule([], prefix('/'))], noRegex);
const ten = big(10);
const tenThousand = big(10_000);
const paths = onOneHost(10_000);
const HOST = 'service777.shop.svc.cluster.local:8080';
const OTHER_HOST = 'service444.shop.svc.cluster.local:8080';

let turn = 0;
/** Two hosts in turn: what was found for the last one helps nothing. */
function alternating(): RequestHead {
	turn ^= 1;
	return turn === 0
		? request(HOST, '/api/v7775/orders/42/lines/1', 'GET')
		: request(OTHER_HOST, '/api/v4445/orders/42/lines/1', 'GET');
}

export const cases = [
	{ name: 'one rule for everything', fn: () => catchAll.match(request(HOST, '/api/v7/orders/42', 'GET')) },
	{
		name: '10 rules, hit',
		fn: () => ten.match(request('service0.shop.svc.cluster.local', '/api/v7/orders/42', 'GET')),
	},
	{ name: '10,000 rules, prefix, another host each time', fn: () => tenThousand.match(alternating()) },
	{ name: '10,000 rules, exact path', fn: () => tenThousand.match(request(HOST, '/api/v7775/orders/eu', 'POST')) },
	{ name: '10,000 rules, prefix', fn: () => tenThousand.match(request(HOST, '/api/v7775/orders/42/lines/1', 'GET')) },
	{
		name: '10,000 rules, wildcard host',
		fn: () => tenThousand.match(request(`a.${HOST}`, '/api/v7770/orders/42', 'GET')),
	},
	{ name: '10,000 rules, no rule', fn: () => tenThousand.match(request('elsewhere.example', '/api/v1/orders', 'GET')) },
	{ name: '10,000 paths on one host, prefix', fn: () => paths.match(request(HOST, '/tenants/9876/orders/42', 'GET')) },
	{
		name: '10,000 paths on one host, the rest',
		fn: () => paths.match(request(HOST, '/some/other/path/of/the/app', 'GET')),
	},
];
