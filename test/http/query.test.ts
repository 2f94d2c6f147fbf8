import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { firstQueryValue } from '../../src/http/query.ts';

describe('the first value of a query parameter', () => {
	it.each([
		['', 'a', undefined],
		['?', 'a', undefined],
		['?a', 'a', ''],
		['?a=', 'a', ''],
		['?a=1', 'a', '1'],
		['?b=2&a=1&a=3', 'a', '1'],
		['?a=1=2', 'a', '1=2'],
		['?&&a=1', 'a', '1'],
		['?=1', '', undefined],
		['?aa=1', 'a', undefined],
		['?%61=%31', 'a', '1'],
		['?a+b=c+d', 'a b', 'c d'],
		['?a=%zz', 'a', '%zz'],
	])('%j: %j is %j', (query, name, expected) => {
		expect(firstQueryValue(query, name)).toBe(expected);
	});

	it('is what the platform says, for everything that it wrote', () => {
		const pair = fc.tuple(fc.string({ minLength: 1, maxLength: 4 }), fc.string({ maxLength: 4 }));
		fc.assert(
			fc.property(fc.array(pair, { maxLength: 5 }), (pairs) => {
				const params = new URLSearchParams(pairs.map(([name, value]): [string, string] => [name, value]));
				for (const name of params.keys()) {
					expect(firstQueryValue(`?${params}`, name)).toBe(params.get(name) ?? undefined);
				}
			}),
		);
	});
});
