import { describe, expect, it } from 'vitest';
import { equalsLower, FIELD_VALUE, HEX, isToken, listHas, TOKEN } from '../../src/http/tokens.ts';

describe('the byte classes', () => {
	it('allow in a token what RFC 9110 §5.6.2 lists, and nothing else', () => {
		const allowed = [...TOKEN.keys()].filter((c) => TOKEN[c] === 1);
		expect(String.fromCharCode(...allowed)).toMatch(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/);
		expect(allowed).toHaveLength(15 + 10 + 52);
	});

	it('keep controls but HTAB out of field values', () => {
		const refused = [...FIELD_VALUE.keys()].filter((c) => FIELD_VALUE[c] === 0);
		expect(refused).toEqual([...Array.from({ length: 32 }, (_, c) => c).filter((c) => c !== 9), 127]);
	});

	it('know the value of every hexadecimal digit', () => {
		for (let c = 0; c < 256; c++) {
			const text = String.fromCharCode(c);
			const value = /^[0-9A-Fa-f]$/.test(text) ? Number.parseInt(text, 16) : -1;
			expect((HEX[c] ?? 0) - 1).toBe(value);
		}
	});
});

describe('equalsLower', () => {
	it('ignores the case of letters only', () => {
		expect(equalsLower('-Keep-ALIVE-', 1, 11, 'keep-alive')).toBe(true);
		expect(equalsLower('keep-alive', 0, 9, 'keep-alive')).toBe(false);
		// Same bits but for the one that lower-cases.
		expect(equalsLower('keep\ralive', 0, 10, 'keep-alive')).toBe(false);
		expect(equalsLower('\x10', 0, 1, '0')).toBe(false);
	});
});

describe('isToken', () => {
	it.each(['a', 'GET', 'x-y', '!#'])('takes %s', (text) => {
		expect(isToken(text)).toBe(true);
	});
	it.each(['', ' a', 'a b', 'a:', 'é', 'a\x00', 'Ā'])('refuses %j', (text) => {
		expect(isToken(text)).toBe(false);
	});
});

describe('listHas', () => {
	it.each([
		['trailers', true],
		['gzip, Trailers', true],
		[' , trailers ,', true],
		['gzip\t,\ttrailers\t', true],
		['trailers;q=1', false],
		['xtrailers', false],
		['', false],
	])('looks for whole elements in %j', (list, found) => {
		expect(listHas(`,${list},`, 1, 1 + list.length, 'trailers')).toBe(found);
	});
});
