import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hashOfText, mixed } from '../../src/balancing/hash.ts';
import { hashOf } from '../../src/balancing/request-hash.ts';
import type { HashKey } from '../../src/config/service-config.ts';
import { RequestHead } from '../../src/http/head.ts';
import { SeededRandom } from '../support/seeded-random.ts';

type Field = readonly [name: string, value: string];

function hash(key: HashKey, fields: readonly Field[], { query = '', authority = '', from = '10.0.0.9' } = {}): number {
	const head = new RequestHead();
	head.query = query;
	head.authority = authority;
	for (const [name, value] of fields) head.headers.append(name, value);
	return hashOf(head, from, key, new SeededRandom(1));
}

/** What the random numbers of `hash` begin with. */
const OF_ITS_OWN = Math.floor(new SeededRandom(1).next() * 2 ** 32);

describe('the hash of a request', () => {
	it.each<[string, HashKey, readonly Field[], object, string]>([
		['a header field', { by: 'header', name: 'x-user' }, [['X-User', 'ann']], {}, 'ann'],
		[
			'all values of it',
			{ by: 'header', name: 'x-user' },
			[
				['X-User', 'ann'],
				['x-user', 'bob'],
			],
			{},
			'ann,bob',
		],
		['the host that it is for', { by: 'header', name: 'host' }, [['host', 'a']], { authority: 'b' }, 'b'],
		['a cookie', { by: 'cookie', name: 'sid' }, [['cookie', 'a=1; sid="x"']], {}, 'x'],
		[
			'a cookie in a second field',
			{ by: 'cookie', name: 'sid' },
			[
				['cookie', 'a=1'],
				['cookie', 'sid=x'],
			],
			{},
			'x',
		],
		['a parameter', { by: 'query', name: 'user' }, [], { query: '?a=1&user=a%20b' }, 'a b'],
		['the source', { by: 'sourceIp' }, [], { from: '::1' }, '::1'],
	])('is that of %s', (_, key, fields, facts, text) => {
		expect(hash(key, fields, facts)).toBe(hashOfText(text));
	});

	it.each<[string, HashKey, readonly Field[], object]>([
		['the field is missing', { by: 'header', name: 'x-user' }, [['x-users', 'ann']], {}],
		['the field is empty', { by: 'header', name: 'x-user' }, [['x-user', '']], {}],
		['there is no cookie', { by: 'cookie', name: 'sid' }, [], {}],
		['the cookie is another', { by: 'cookie', name: 'sid' }, [['cookie', 'SID=a; xsid=b']], {}],
		['the parameter has no value', { by: 'query', name: 'user' }, [], { query: '?user' }],
		['there is no parameter', { by: 'query', name: 'user' }, [], {}],
		['nobody knows the source', { by: 'sourceIp' }, [], { from: '' }],
	])('is a number of its own where %s', (_, key, fields, facts) => {
		expect(hash(key, fields, facts)).toBe(OF_ITS_OWN);
	});
});

describe('the hash of a text', () => {
	it('is the same everywhere, for ever: sidecars of two versions must agree', () => {
		expect(['', 'a', '10.0.0.1:8080', 'ünïcode ✓'].map((text) => hashOfText(text))).toMatchInlineSnapshot(`
			[
			  2872998923,
			  444641715,
			  3150401971,
			  3528460624,
			]
		`);
	});

	it('has 32 bits, of which about half change with any bit of the text', () => {
		fc.assert(
			fc.property(fc.string({ minLength: 1, maxLength: 40 }), fc.nat(), fc.nat(6), (text, which, bit) => {
				const at = which % text.length;
				const changed = text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ (1 << bit)) + text.slice(at + 1);
				const [one, other] = [hashOfText(text), hashOfText(changed)];
				expect(one).toBe(one >>> 0);
				expect(bitsOf(one ^ other)).toBeGreaterThan(1);
			}),
		);
		let changed = 0;
		for (let i = 0; i < 10_000; i++) changed += bitsOf(hashOfText(`user-${i}`) ^ hashOfText(`user-${i ^ 1}`));
		expect(changed / 10_000).toBeGreaterThan(15);
		expect(changed / 10_000).toBeLessThan(17);
	});

	it('spreads neighbours evenly over any number of places', () => {
		for (const places of [7, 10, 64, 1000]) {
			const counts = new Array<number>(places).fill(0);
			for (let i = 0; i < places * 1000; i++) {
				const place = hashOfText(`10.0.${i >> 8}.${i & 255}`) % places;
				counts[place] = (counts[place] ?? 0) + 1;
			}
			expect(Math.min(...counts)).toBeGreaterThan(840);
			expect(Math.max(...counts)).toBeLessThan(1160);
		}
	});

	it('is mixed without two numbers becoming one', () => {
		const seen = new Set<number>();
		for (let i = 0; i < 100_000; i++) seen.add(mixed(i));
		expect(seen.size).toBe(100_000);
	});
});

function bitsOf(value: number): number {
	let bits = 0;
	for (let rest = value >>> 0; rest > 0; rest >>>= 1) bits += rest & 1;
	return bits;
}
