import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cookieEnd, cookieValue, firstCookie, nextCookie } from '../../src/http/cookie.ts';
import { SHAPES } from './parsed-headers.ts';

function valuesOf(line: string, name: string): string[] {
	const values: string[] = [];
	for (let at = nextCookie(line, name, 0); at >= 0; at = nextCookie(line, name, cookieEnd(line, at) + 1)) {
		values.push(cookieValue(line, at));
	}
	return values;
}

describe('cookies of a request', () => {
	it.each([
		['sid=a', ['a']],
		['a=1; sid=b; z=2', ['b']],
		['sid=a; sid=b', ['a', 'b']],
		['a=1;sid=b', ['b']],
		['a=1;\t sid=b \t; z', ['b']],
		['sid="quoted"', ['quoted']],
		['sid=""', ['']],
		['sid="', ['"']],
		['sid= "a" ', ['a']],
		['sid=', ['']],
		['sid=a=b', ['a=b']],
		['xsid=a; sidx=b; SID=c; sid', []],
		['a=sid=b', []],
		['; ;;sid=a;', ['a']],
		['', []],
		[';', []],
		['sid', []],
	])('%s', (line, values) => {
		expect(valuesOf(line, 'sid')).toEqual(values);
	});

	it('are what splitting at semicolons and the first equals sign yields', () => {
		const text = fc.string({ unit: fc.constantFrom('s', 'i', 'd', '=', ';', ' ', '"', '\t'), maxLength: 40 });
		fc.assert(
			fc.property(text, (line) => {
				const split = line
					.split(';')
					.map((pair) => pair.replace(/^[ \t]+/, ''))
					.filter((pair) => pair.startsWith('sid='))
					.map((pair) =>
						pair
							.slice(4)
							.trim()
							.replace(/^"(.*)"$/, '$1'),
					);
				expect(valuesOf(line, 'sid')).toEqual(split);
			}),
		);
	});
});

describe.each(SHAPES)('the first cookie of a name (%s)', (_, headersOf) => {
	it('is found in whichever field it is', () => {
		const headers = headersOf([
			['Cookie', 'a=1; b=2'],
			['Accept', 'sid=no'],
			['Cookie', 'c=3; sid="x"; sid=y'],
		]);
		expect(firstCookie(headers, 'sid')).toBe('x');
		expect(firstCookie(headers, 'b')).toBe('2');
		expect(firstCookie(headers, 'd')).toBeUndefined();
		expect(firstCookie(headersOf([]), 'a')).toBeUndefined();
	});
});
