import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/parse-config.ts';

function warningsOf(text: string): string[] {
	const result = parseConfig(text, 'r.yaml', () => undefined);
	if (!result.ok) throw new Error(result.issues.map((issue) => issue.message).join('\n'));
	return result.warnings.map(({ line, column, message }) => `${line}:${column} ${message}`);
}

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

describe('rules that can never match', () => {
	it.each([
		['the same path twice', ['matches: [{ path: /a }]', 'matches: [{ path: /a/ }]'], ['/a']],
		['the same host twice', ['hostnames: [a.b]', 'hostnames: [A.b]'], ['/']],
		['a method that is taken', ['matches: [{ method: [GET, PUT] }]', 'matches: [{ method: GET }]'], ['/']],
		[
			'methods that several rules have taken',
			['matches: [{ method: GET }]', 'matches: [{ method: PUT }]', 'matches: [{ method: [GET, PUT] }]'],
			['/'],
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
		['another kind of path', ['matches: [{ path: /a }]', 'matches: [{ path: "= /a" }]']],
	])('are not those with %s', (_, yaml) => {
		expect(warningsOf(rules(...yaml))).toEqual([]);
	});
});
