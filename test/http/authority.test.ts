import { describe, expect, it } from 'vitest';
import { hostEnd, isAuthority, isIpv4, isIpv6 } from '../../src/http/authority.ts';

function accepts(text: string, portRequired = false): boolean {
	// In the middle of other text, as in a head.
	return isAuthority(`@${text}@`, 1, 1 + text.length, portRequired);
}

describe('isAuthority', () => {
	it.each([
		'a',
		'example.com',
		'example.com.',
		'example.com:80',
		'example.com:',
		'a:65535',
		'my_service',
		'xn--bcher-kva.example',
		'a%C3%A9',
		'0.0.0.0=5000',
		'127.0.0.1',
		'127.0.0.1:8080',
		'1.2.3.4.example',
		'[::1]',
		'[::1]:80',
		'[::1]:',
		'[2001:db8::1.2.3.4]',
		'[v1.a:b]',
	])('takes %s', (text) => {
		expect(accepts(text)).toBe(true);
	});

	it.each([
		'',
		':80',
		'user@a',
		'a/b',
		'a,b',
		'a b',
		'a?b',
		'a#b',
		'a\\b',
		'a"b',
		'a%zz',
		'a%4',
		'caf\xe9',
		'a:b',
		'a:80x',
		'a:-1',
		'a:65536',
		'a:000080',
		'a:80:80',
		'a::80',
		'::1',
		'[::1',
		'[::1]x',
		'[]',
		'[::1%25eth0]',
		'[1:2]',
		'[v1]',
	])('refuses %j', (text) => {
		expect(accepts(text)).toBe(false);
	});

	it.each([
		'0x7f.1',
		'127.01.0.1',
		'017700000001',
		'%3127.0.0.1',
		'127.1',
		'256.0.0.1',
		'1.2.3.4.5',
		'127.0.0.1.',
		'0x',
	])('refuses %s, which only looks like an IPv4 address', (text) => {
		expect(accepts(text)).toBe(false);
	});

	it('wants the port where one is required', () => {
		expect(accepts('a:443', true)).toBe(true);
		expect(accepts('[::1]:443', true)).toBe(true);
		expect(accepts('a', true)).toBe(false);
		expect(accepts('a:', true)).toBe(false);
		expect(accepts('[::1]', true)).toBe(false);
	});
});

describe('isIpv4', () => {
	it.each(['0.0.0.0', '255.255.255.255', '10.1.2.3'])('takes %s', (text) => {
		expect(isIpv4(text)).toBe(true);
	});
	it.each(['', '1.2.3', '1.2.3.', '1.2.3.4.', '01.2.3.4', '1.2.3.256', 'a.b.c.d'])('refuses %j', (text) => {
		expect(isIpv4(text)).toBe(false);
	});
});

describe('isIpv6', () => {
	it.each([
		'::',
		'::1',
		'1::',
		'1:2:3:4:5:6:7:8',
		'::2:3:4:5:6:7:8',
		'1:2:3:4:5:6:1.2.3.4',
		'::ffff:1.2.3.4',
		'ABCD::ef',
	])('takes %s', (text) => {
		expect(isIpv6(text)).toBe(true);
	});
	it.each([
		'',
		':',
		':::',
		'1',
		'1:2:3:4:5:6:7',
		'1:2:3:4:5:6:7:8:9',
		'1::2::3',
		'1:2:3:4:5:6:7::8',
		'12345::',
		'1.2.3.4::',
		':1',
		'1:',
	])('refuses %j', (text) => {
		expect(isIpv6(text)).toBe(false);
	});
});

describe('where the host of an authority ends', () => {
	it.each([
		['', ''],
		['a.example', 'a.example'],
		['a.example:8080', 'a.example'],
		['a.example:', 'a.example'],
		['[::1]', '[::1]'],
		['[::1]:80', '[::1]'],
	])('of %s', (authority, host) => {
		expect(authority.slice(0, hostEnd(authority))).toBe(host);
	});
});
