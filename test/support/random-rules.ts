/** Rules and requests out of few words, so that they meet often. */
import fc from 'fast-check';
import type { PathMatchType, Rule } from '../../src/config/config.ts';
import { RequestHead } from '../../src/http/head.ts';
import { ruleOf } from './rule.ts';

export function request(
	authority: string,
	target: string,
	method: string,
	headers: Readonly<Record<string, string>> = {},
): RequestHead {
	const head = new RequestHead();
	const mark = target.indexOf('?');
	head.authority = authority;
	head.path = mark < 0 ? target : target.slice(0, mark);
	head.query = mark < 0 ? '' : target.slice(mark);
	head.method = method;
	for (const [name, value] of Object.entries(headers)) head.headers.append(name, value);
	return head;
}

const label = fc.constantFrom('a', 'b', 'svc');
const name = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'));
const hostname = fc.oneof(
	name,
	name.map((suffix) => `*.${suffix}`),
);
const target = fc
	.array(fc.constantFrom('a', 'ab', 'b', ''), { maxLength: 4 })
	.map((segments) => `/${segments.join('/')}`);
const ruleValue = fc.array(fc.constantFrom('a', 'ab', 'b'), { maxLength: 3 }).map((s) => `/${s.join('/')}`);
const matchPath = fc.oneof(
	fc.record({ type: fc.constantFrom<PathMatchType>('PathPrefix', 'Exact'), value: ruleValue }),
	fc.record({
		type: fc.constant<PathMatchType>('RegularExpression'),
		value: fc.constantFrom('/a.*', '/[ab]+', '.*/b', '/a/(a|b)', '.*'),
	}),
);
const methods = fc.uniqueArray(fc.constantFrom('GET', 'POST', 'PUT'), { maxLength: 2 });
const value = fc.record({
	name: fc.constantFrom('x', 'y'),
	type: fc.constantFrom('Exact' as const, 'RegularExpression' as const),
	value: fc.constantFrom('1', '2', ''),
});
const values = fc.uniqueArray(value, { maxLength: 2, selector: ({ name: of }) => of });
const given = fc.dictionary(fc.constantFrom('x', 'y'), fc.constantFrom('1', '2', ''));
const sketch = fc.record({
	hostnames: fc.uniqueArray(hostname, { maxLength: 2 }),
	matches: fc.array(fc.record({ path: matchPath, methods, headers: values, queryParams: values }), {
		minLength: 1,
		maxLength: 3,
	}),
});
const authority = fc.oneof(
	name,
	name.map((n) => `${n.toUpperCase()}:80`),
	name.map((n) => `${n}.`),
	fc.constantFrom('', '.svc', '[::1]:1', '1.2.3.4'),
);
export const randomRequest: fc.Arbitrary<RequestHead> = fc
	.tuple(authority, target, fc.constantFrom('GET', 'POST', 'DELETE'), given, given)
	.map(([host, wanted, method, headers, query]) =>
		request(host, `${wanted}?${new URLSearchParams(query)}`, method, headers),
	);

/** Named `rule0`, `rule1` and so on. */
export const randomRules: fc.Arbitrary<Rule[]> = fc
	.array(sketch, { maxLength: 12 })
	.map((sketches) => sketches.map((s, index) => ruleOf({ name: `rule${index}`, ...s })));
