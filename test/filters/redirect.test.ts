import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RedirectFilter } from '../../src/config/config.ts';
import { ProxyError } from '../../src/error.ts';
import type { FilteredRequest } from '../../src/filters/filter.ts';
import { RequestRedirect } from '../../src/filters/redirect.ts';
import { answered, prefix, requestOf } from './filtered-request.ts';

const PLAIN: RedirectFilter = {
	type: 'RequestRedirect',
	scheme: '',
	hostname: '',
	port: 0,
	path: null,
	statusCode: 302,
};

function redirected(filter: Partial<RedirectFilter>, request: FilteredRequest): string {
	return answered(new RequestRedirect({ ...PLAIN, ...filter }).onRequest(request))['location'] ?? '';
}

function location(filter: Partial<RedirectFilter>, host: string, scheme: 'http' | 'https' = 'http'): string {
	return redirected(filter, requestOf(['GET /p?q=1', `host: ${host}`], { scheme }));
}

describe('the redirect', () => {
	it.each([301, 302, 303, 307, 308] as const)('answers %d without a body', (statusCode) => {
		const verdict = new RequestRedirect({ ...PLAIN, statusCode }).onRequest(requestOf(['GET /', 'host: a']));
		expect(verdict).toEqual({
			kind: 'answer',
			made: 'redirect',
			status: statusCode,
			headers: [{ name: 'location', value: 'http://a/' }],
			body: '',
		});
	});

	it.each([
		// Nothing about scheme and port: those that the client knows.
		['http', 'shop', {}, 'http://shop/p?q=1'],
		['http', 'shop:80', {}, 'http://shop/p?q=1'],
		['http', 'shop:', {}, 'http://shop/p?q=1'],
		['http', 'shop:8080', {}, 'http://shop:8080/p?q=1'],
		['http', 'shop:443', {}, 'http://shop:443/p?q=1'],
		['https', 'shop:443', {}, 'https://shop/p?q=1'],
		['http', '[::1]:8080', {}, 'http://[::1]:8080/p?q=1'],
		['http', '[::1]', {}, 'http://[::1]/p?q=1'],
		['http', 'shop:8080', { hostname: 'example.org' }, 'http://example.org:8080/p?q=1'],
		// A scheme brings its own port.
		['http', 'shop:8080', { scheme: 'https' }, 'https://shop/p?q=1'],
		['https', 'shop:8443', { scheme: 'http' }, 'http://shop/p?q=1'],
		['http', 'shop:8080', { scheme: 'http' }, 'http://shop/p?q=1'],
		// A port is said unless it is the usual one.
		['http', 'shop:8080', { port: 80 }, 'http://shop/p?q=1'],
		['http', 'shop', { port: 8083 }, 'http://shop:8083/p?q=1'],
		['http', 'shop', { port: 443 }, 'http://shop:443/p?q=1'],
		['https', 'shop', { port: 443 }, 'https://shop/p?q=1'],
		['http', 'shop', { scheme: 'https', port: 443 }, 'https://shop/p?q=1'],
		['http', 'shop', { scheme: 'https', port: 8443 }, 'https://shop:8443/p?q=1'],
		['https', 'shop', { scheme: 'http', port: 80 }, 'http://shop/p?q=1'],
	] as const)('leads from %s://%s with %j to %s', (scheme, host, filter, expected) => {
		expect(location(filter, host, scheme)).toBe(expected);
	});

	it.each([
		[{ type: 'ReplacePrefixMatch', value: '/new' }, 'GET /old/a?b', 'http://h/new/a?b'],
		[{ type: 'ReplacePrefixMatch', value: '' }, 'GET /old//evil.example', 'http://h/evil.example'],
		[{ type: 'ReplaceFullPath', value: '/new' }, 'GET /old/a?b=1', 'http://h/new?b=1'],
		[null, 'GET //evil.example/old', 'http://h//evil.example/old'],
		[null, 'GET http://h/old?x', 'http://h/old?x'],
		[null, 'OPTIONS *', 'http://h'],
		[{ type: 'ReplaceFullPath', value: '/new' }, 'OPTIONS *', 'http://h'],
	] as const)('with the path %j leads from %s to %s', (path, target, expected) => {
		expect(redirected({ path }, requestOf([target, 'host: h'], { match: prefix('/old') }))).toBe(expected);
	});

	it('escapes bytes that no URL has', () => {
		expect(redirected({}, requestOf(['GET /caf\u00c3\u00a9?x=\u00ff', 'host: h']))).toBe('http://h/caf%C3%A9?x=%FF');
	});

	it('asks the listener for the port when the client names no host', () => {
		expect(redirected({ hostname: 'example.org' }, requestOf(['GET /']))).toBe('http://example.org:8000/');
		expect(redirected({ hostname: 'example.org' }, requestOf(['GET /'], { listenerPort: 80 }))).toBe(
			'http://example.org/',
		);
	});

	it('refuses a request without a host when it needs one', () => {
		const verdict = new RequestRedirect(PLAIN).onRequest(requestOf(['GET /']));
		expect(verdict).toBeInstanceOf(ProxyError);
		expect(verdict).toMatchObject({ code: 'bad_request' });
	});

	it('goes to where its parts say, as a browser reads it', () => {
		const filter = fc.record({
			scheme: fc.constantFrom('' as const, 'http' as const, 'https' as const),
			hostname: fc.constantFrom('', 'example.org'),
			port: fc.constantFrom(0, 80, 443, 8080),
		});
		const request = fc.record({
			scheme: fc.constantFrom('http' as const, 'https' as const),
			port: fc.constantFrom('', ':80', ':443', ':9000'),
			path: fc.stringMatching(/^[a-z0-9/]{0,8}$/),
			query: fc.stringMatching(/^(\?[a-z=&/?]{0,6})?$/),
		});
		fc.assert(
			fc.property(filter, request, (parts, { scheme, port, path, query }) => {
				const asked = requestOf([`GET /${path}${query}`, `host: shop.example${port}`], { scheme });
				const url = new URL(redirected(parts, asked));
				const expected = new URL(`${parts.scheme || scheme}://${parts.hostname || 'shop.example'}`);
				expected.port = parts.port > 0 ? String(parts.port) : parts.scheme === '' ? port.slice(1) : '';
				expect([url.origin, url.pathname, url.search]).toEqual([
					expected.origin,
					`/${path}`,
					query === '?' ? '' : query,
				]);
			}),
		);
	});
});
