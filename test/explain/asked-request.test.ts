import { describe, expect, it } from 'vitest';
import { ProxyError } from '../../src/error.ts';
import { headOf, parseAsked, parseHeaderLine, requestLine } from '../../src/explain/asked-request.ts';

const GET = { side: 'inbound', method: 'GET', host: 'localhost', path: '/', headers: [] } as const;

describe('a request in words', () => {
	it.each([
		['POST http://orders/x?y=1', { method: 'POST', host: 'orders', path: '/x?y=1' }],
		['http://orders', { host: 'orders', path: '/' }],
		['https://orders:8443/x#part', { host: 'orders:8443', path: '/x' }],
		['http://orders?y', { host: 'orders', path: '/?y' }],
		['/x', { path: '/x' }],
		['DELETE /x', { method: 'DELETE', path: '/x' }],
		['OPTIONS *', { method: 'OPTIONS', path: '*' }],
		['CONNECT db:5432', { method: 'CONNECT', host: 'db:5432', path: '' }],
		['  GET   http://[::1]:80/  ', { host: '[::1]:80', path: '/' }],
	])('%j', (line, parts) => {
		expect(parseAsked(line, [], { side: 'inbound' })).toEqual({ ...GET, ...parts });
	});

	it.each(['POST http://orders/x?y=1', 'CONNECT db:5432', 'OPTIONS http://a/'])(
		'%j is told as it was asked',
		(line) => {
			expect(requestLine(parseAsked(line, [], { side: 'inbound' }) ?? GET)).toBe(line);
		},
	);

	it('is told with its host when it has no URL', () => {
		expect(requestLine({ ...GET, method: 'OPTIONS', path: '*' })).toBe('OPTIONS * of localhost');
	});

	it.each(['', 'GET', 'orders/x', 'GET orders', 'ftp://orders/', 'GET http://orders/x y'])('%j is none', (line) => {
		expect(parseAsked(line, [], { side: 'inbound' })).toBeNull();
	});

	it('takes the host of a header, as curl does', () => {
		const headers = [
			{ name: 'Host', value: 'other' },
			{ name: 'X-A', value: '1' },
		];
		expect(parseAsked('/x', headers, { side: 'outbound' })).toEqual({
			...GET,
			side: 'outbound',
			host: 'other',
			path: '/x',
			headers: [{ name: 'x-a', value: '1' }],
		});
	});
});

describe('a header line', () => {
	it.each([
		['x-a: 1', { name: 'x-a', value: '1' }],
		['X-A:1 ', { name: 'X-A', value: '1' }],
		['x-a:', { name: 'x-a', value: '' }],
		['x-a: a: b', { name: 'x-a', value: 'a: b' }],
	])('%j', (line, header) => expect(parseHeaderLine(line)).toEqual(header));

	it.each(['x-a', ': 1', 'x a: 1', 'x-a: 1\r\nx-b: 2'])('%j is none', (line) =>
		expect(parseHeaderLine(line)).toBeNull(),
	);
});

describe('the head', () => {
	it('is what the listener would have made of it', () => {
		const head = headOf({
			...GET,
			host: 'Shop:80',
			path: '/a/./%7Eb/../c?x=%20',
			headers: [{ name: 'x-a', value: '1' }],
		});
		expect(head).toMatchObject({ method: 'GET', authority: 'Shop:80', path: '/a/c', query: '?x=%20' });
		expect(head instanceof ProxyError ? '' : head.headers.joined('x-a')).toBe('1');
	});

	it('has what the sidecar adds before its rules look at it, on the way in', () => {
		const proto = (side: 'inbound' | 'outbound') => {
			const head = headOf({ ...GET, side });
			return head instanceof ProxyError ? null : head.headers.get('x-forwarded-proto');
		};
		expect([proto('inbound'), proto('outbound')]).toEqual(['http', undefined]);
	});

	it.each([
		['a bad escape', { path: '/%zz' }, 'bad_request'],
		['a bad host', { host: 'a,b' }, 'bad_request'],
		['no path', { path: 'x' }, 'bad_request'],
		['a bad method', { method: 'G T' }, 'bad_request'],
		['a line break in the path', { path: '/\r\nx-a: 1' }, 'bad_request'],
		['a line break in a header', { headers: [{ name: 'x-a', value: '1\r\nx-b: 2' }] }, 'bad_request'],
		['a target that is too long', { path: `/${'x'.repeat(20_000)}` }, 'target_too_long'],
	])('is refused for %s', (_, parts, code) => {
		expect(headOf({ ...GET, ...parts })).toMatchObject({ code });
	});
});
