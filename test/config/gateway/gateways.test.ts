import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { intersect, isHostname } from '../../../src/config/gateway/hostnames.ts';
import { configOf, document, httpRoute, mistakesIn, remarksOn } from './parsed.ts';

describe('the intersection of two hostnames', () => {
	it.each([
		['a.b', 'a.b', 'a.b'],
		['A.b', 'a.B', 'a.b'],
		['a.b', 'c.b', null],
		['a.b', '*.b', 'a.b'],
		['x.a.b', '*.b', 'x.a.b'],
		['b', '*.b', null],
		['ab', '*.b', null],
		['*.a.b', '*.b', '*.a.b'],
		['*.b', '*.b', '*.b'],
		['*.a', '*.b', null],
		['*.ab', '*.b', null],
	])('%s and %s: %s', (a, b, common) => {
		expect([intersect(a, b), intersect(b, a)]).toEqual([common, common]);
	});

	it('holds for a name if and only if both hold for it', () => {
		const label = fc.constantFrom('a', 'b', 'ab');
		const name = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'));
		const hostname = fc.tuple(fc.boolean(), name).map(([isWild, text]) => (isWild ? `*.${text}` : text));
		const holds = (pattern: string, text: string): boolean =>
			pattern.startsWith('*.') ? text.endsWith(pattern.slice(1)) && text.length >= pattern.length : pattern === text;
		fc.assert(
			fc.property(hostname, hostname, name, (a, b, text) => {
				const common = intersect(a, b);
				expect(common !== null && holds(common, text)).toBe(holds(a, text) && holds(b, text));
			}),
		);
	});

	it.each([
		['a', true],
		['a-1.b.c', true],
		['*.b', true],
		['*', false],
		['a.*.b', false],
		['a.b.', false],
		['a_b.c', false],
		['10.0.0.1', false],
		['a.1', false],
		['a:80', false],
		['', false],
		[`${'a'.repeat(63)}.`.repeat(4), false],
	])('%s is a hostname: %s', (text, expected) => {
		expect(isHostname(text)).toBe(expected);
	});
});

describe('listeners bound the hostnames of a route', () => {
	const GATEWAY = document(
		'Gateway',
		'g',
		`listeners:
- { name: specific, port: 80, hostname: very.specific.com }
- { name: wild, port: 80, hostname: "*.wildcard.io" }
- { name: tcp, port: 90, protocol: TCP }`,
	);
	const OPEN = document('Gateway', 'open', 'listeners: [{ name: any }]');
	const route = (parents: string, hostnames: string): string =>
		[
			GATEWAY,
			OPEN,
			httpRoute(`parentRefs: ${parents}\nhostnames: ${hostnames}\nrules: [{ backendRefs: [{ name: orders }] }]`),
		].join('---\n');
	const hostnamesOf = (parents: string, hostnames: string) =>
		configOf(route(parents, hostnames)).inbound.routes[0]?.hostnames ?? null;

	it.each([
		['[{ name: g }]', '[non.matching.com, very.specific.com]', ['very.specific.com']],
		['[{ name: g }]', '["*.specific.com"]', ['very.specific.com']],
		[
			'[{ name: g }]',
			'[wildcard.io, foo.bar.wildcard.io, "*.x.wildcard.io"]',
			['foo.bar.wildcard.io', '*.x.wildcard.io'],
		],
		['[{ name: g }]', '["*.io"]', ['*.wildcard.io']],
		['[{ name: g }]', '[]', ['very.specific.com', '*.wildcard.io']],
		['[{ name: g, sectionName: wild }]', '[]', ['*.wildcard.io']],
		['[{ name: g, port: 80 }]', '[very.specific.com]', ['very.specific.com']],
		['[{ name: g }]', '[other.com]', null],
		['[{ name: g, sectionName: none }]', '[]', null],
		['[{ name: g, port: 81 }]', '[]', null],
		['[{ name: g, sectionName: tcp }]', '[]', null],
		['[{ name: open }]', '[a.b]', ['a.b']],
		['[{ name: open }]', '[]', []],
		['[{ name: g }, { name: open }]', '[]', []],
		[
			'[{ name: g, sectionName: wild }, { name: g, sectionName: specific }]',
			'[]',
			['*.wildcard.io', 'very.specific.com'],
		],
		['[{ name: unknown }]', '[a.b]', ['a.b']],
		['[{ name: g, namespace: elsewhere }]', '[a.b]', ['a.b']],
		['[]', '[a.b]', ['a.b']],
	])('parents %s, hostnames %s: %j', (parents, hostnames, expected) => {
		expect(hostnamesOf(parents, hostnames)).toEqual(expected);
	});

	it('that has none in common is not attached, and what no rule matches is the app’s then', () => {
		expect(configOf(route('[{ name: g }]', '[other.com]')).inbound).toMatchObject({ routes: [], unmatched: 'app' });
	});

	it.each([
		[
			'[{ name: g }]',
			'[other.com]',
			'has no hostname in common with the route: it is not attached there | a hostname that a listener has as well',
		],
		['[{ name: g, sectionName: none }]', '[]', 'names no listener of its gateway: the route is not attached there'],
		[
			'[{ name: g, sectionName: tcp }]',
			'[]',
			'names listeners that do not speak HTTP: the route is not attached there',
		],
	])('says so: parents %s, hostnames %s', (parents, hostnames, message) => {
		const [warning, note] = remarksOn(route(parents, hostnames));
		expect(warning).toBe(`warning 20:16 \`HTTPRoute shop/r: spec.parentRefs[0]\` ${message}`);
		expect(note).toBe(
			'note 5:3 `Gateway shop/g: spec.listeners` bound the hostnames of routes; ignored of all gateways: `port`, `protocol`',
		);
	});

	it('and has the place of a hostname that a listener gave', () => {
		const yaml = document('Gateway', 'g', 'listeners: [{ name: a, hostname: "a b" }]');
		expect(mistakesIn(yaml)).toEqual([
			'5:36 `Gateway shop/g: spec.listeners[0].hostname` is not a hostname | a name such as `orders.example.com` or `*.example.com`, without port and no IP address',
		]);
	});
});
