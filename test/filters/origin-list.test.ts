import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OriginList } from '../../src/filters/origin-list.ts';

describe('a list of origins', () => {
	it.each([
		// Exact, in any case.
		['https://a.example', 'https://a.example', true],
		['https://A.example', 'https://a.EXAMPLE', true],
		['https://a.example', 'http://a.example', false],
		['https://a.example', 'https://b.a.example', false],
		['https://a.example', 'https://a.example.evil.com', false],
		// The port counts, the usual one is the same as none.
		['https://a.example', 'https://a.example:443', true],
		['https://a.example:443', 'https://a.example', true],
		['http://a.example:80', 'http://a.example', true],
		['https://a.example', 'https://a.example:80', false],
		['https://a.example', 'https://a.example:8443', false],
		['https://a.example:8443', 'https://a.example:8443', true],
		['https://a.example:8443', 'https://a.example', false],
		['http://[::1]:3000', 'http://[::1]:3000', true],
		['http://[::1]', 'http://[::1]:80', true],
		// Any labels in place of the star, at least one character.
		['https://*.bar.com', 'https://www.bar.com', true],
		['https://*.bar.com', 'https://xpto.www.bar.com', true],
		['https://*.bar.com', 'https://bar.com', false],
		['https://*.bar.com', 'https://.bar.com', false],
		['https://*.bar.com', 'https://evilbar.com', false],
		['https://*.bar.com', 'https://bar.com.evil.com', false],
		['https://*.bar.com', 'http://www.bar.com', false],
		['https://*.bar.com', 'https://www.bar.com:8443', false],
		['https://*.bar.com', 'https://www.bar.com:443', true],
		['https://*.bar.com:8443', 'https://www.bar.com:8443', true],
		['https://*.bar.com:8443', 'https://www.bar.com', false],
		['https://*.bar.com', 'https://evil.com/.bar.com', false],
		['https://*.bar.com', 'https://evil.com#.bar.com', false],
		['https://*.bar.com', 'https://evil.com@www.bar.com', false],
		['https://*.bar.com', 'https://evil.com:80.bar.com', false],
		['https://*.bar.com', 'https://a.bar.com, https://b.bar.com', false],
		['https://*', 'https://any.example', true],
		['https://*', 'https://[::1]', true],
		['https://*', 'https://any.example:8443', false],
		['https://*', 'http://any.example', false],
		['https://*:8443', 'https://any.example:8443', true],
		// Everything that is an origin.
		['*', 'https://any.example:1', true],
		['*', 'null', true],
		['*', 'chrome-extension://abcdefghijklmnop', true],
		['https://a.example', 'null', false],
		['*', '', false],
		['*', '*', false],
		['*', 'a.example', false],
		['*', '://a.example', false],
		['*', 'https://', false],
		['*', 'https://a b', false],
		['*', 'https://a\t', false],
		['*', 'https://a/path', false],
		['*', 'https://a.example,https://b.example', false],
	])('with %s has %j: %s', (listed, origin, expected) => {
		expect(new OriginList([listed]).has(origin)).toBe(expected);
		expect(new OriginList(['https://other.example', listed, 'http://*.other.example']).has(origin)).toBe(expected);
	});

	it('with nothing has nothing', () => {
		expect(new OriginList([]).has('https://a.example')).toBe(false);
	});

	it('takes no time for an endless origin', () => {
		const list = new OriginList(Array.from({ length: 64 }, (_, i) => `https://*.${i}.bar.com`));
		const startedAt = performance.now();
		for (let i = 0; i < 1000; i++) expect(list.has(`https://${'a.'.repeat(32_768)}0.bar.com`)).toBe(false);
		expect(list.has(`https://${'a.'.repeat(200)}7.bar.com`)).toBe(true);
		expect(performance.now() - startedAt).toBeLessThan(1000);
	});

	it('says what a plain reading says', () => {
		const label = fc.constantFrom('a', 'b', 'bar');
		const host = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'));
		const scheme = fc.constantFrom('http', 'https');
		const port = fc.constantFrom('', ':80', ':443', ':8080');
		const pattern = fc
			.tuple(scheme, fc.constantFrom('', '*.', '*'), host, port)
			.map(([s, star, h, p]) => [s, star === '*' ? '*' : star + h, p] as const);
		fc.assert(
			fc.property(fc.array(pattern, { maxLength: 4 }), scheme, host, port, (patterns, s, h, p) => {
				const expected = patterns.some(
					([scheme, written, port]) =>
						scheme === s &&
						portOf(scheme, port) === portOf(s, p) &&
						(written === '*' || written === h || (written.startsWith('*.') && h.endsWith(written.slice(1)))),
				);
				expect(
					new OriginList(patterns.map((parts) => `${parts[0]}://${parts[1]}${parts[2]}`)).has(`${s}://${h}${p}`),
				).toBe(expected);
			}),
			{ numRuns: 500 },
		);
	});
});

function portOf(scheme: string, port: string): string {
	return port === '' ? (scheme === 'http' ? ':80' : ':443') : port;
}
