import { describe, expect, it } from 'vitest';
import { isLoopbackHost, whyForeign } from '../../src/admin/local-only.ts';

describe('a loopback Host', () => {
	it.each(['localhost', 'LOCALHOST:9901', '127.0.0.1', '127.0.0.1:9901', '127.255.3.4:1', '[::1]', '[::1]:9901'])(
		'is %s',
		(host) => {
			expect(isLoopbackHost(host)).toBe(true);
		},
	);

	it.each([
		'',
		'evil.example',
		'localhost.evil.example',
		'127.0.0.1.evil.example',
		'127.0.0.256',
		'127.1',
		'10.0.0.1:9901',
		'[::2]',
		'::1',
		'localhost:',
		'localhost:99999999',
		'localhost@evil.example',
		'evil.example:localhost',
		'0.0.0.0',
		' localhost',
	])('is not %j', (host) => {
		expect(isLoopbackHost(host)).toBe(false);
	});
});

describe('an Origin', () => {
	it.each([
		['', true],
		['http://localhost:9901', true],
		['HTTP://LOCALHOST:9901', true],
		['http://localhost:3000', false],
		['https://localhost:9901', false],
		['http://evil.example', false],
		['null', false],
	])('%j may call: %s', (origin, isAllowed) => {
		expect(whyForeign('localhost:9901', origin) === '').toBe(isAllowed);
	});
});
