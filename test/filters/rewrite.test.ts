import { describe, expect, it } from 'vitest';
import type { RewriteFilter } from '../../src/config/config.ts';
import { UrlRewrite } from '../../src/filters/rewrite.ts';
import { writeRequestHead } from '../../src/http1/write-head.ts';
import { prefix, requestOf } from './filtered-request.ts';

const HOST: RewriteFilter = { type: 'URLRewrite', hostname: 'one.example', path: null };
const FULL: RewriteFilter = { type: 'URLRewrite', hostname: '', path: { type: 'ReplaceFullPath', value: '/one' } };
const PREFIX: RewriteFilter = { type: 'URLRewrite', hostname: '', path: { type: 'ReplacePrefixMatch', value: '/v2' } };

function rewritten(filter: RewriteFilter, matched: string, ...lines: string[]): string[] {
	const request = requestOf(lines, { match: prefix(matched) });
	expect(new UrlRewrite(filter).onRequest(request)).toBeNull();
	return writeRequestHead(request.head).split('\r\n').slice(0, -2);
}

describe('the URL rewrite', () => {
	it('replaces the host, its port included, and says it once and first', () => {
		const lines = ['GET /a?b=1', 'x: 1', 'Host: shop.example:8080', 'y: 2'];
		expect(rewritten(HOST, '/', ...lines)).toEqual(['GET /a?b=1 HTTP/1.1', 'host: one.example', 'x: 1', 'y: 2']);
	});

	it('does so for an absolute target and for a request without a host', () => {
		const absolute = ['GET http://shop.example:8080/a?b=1', 'Host: other.example'];
		expect(rewritten(HOST, '/', ...absolute)).toEqual(['GET /a?b=1 HTTP/1.1', 'host: one.example']);
		expect(rewritten(HOST, '/', 'GET /')).toEqual(['GET / HTTP/1.1', 'host: one.example']);
	});

	it.each([
		[FULL, '/', 'GET /old/path?b=1', 'GET /one?b=1 HTTP/1.1'],
		[PREFIX, '/v1', 'GET /v1/x?b=/v1', 'GET /v2/x?b=/v1 HTTP/1.1'],
		[PREFIX, '/v1', 'GET /v1?', 'GET /v2? HTTP/1.1'],
		[PREFIX, '/v1', 'GET http://a/v1/x', 'GET /v2/x HTTP/1.1'],
		[PREFIX, '/', 'OPTIONS *', 'OPTIONS * HTTP/1.1'],
		[FULL, '/', 'OPTIONS *', 'OPTIONS * HTTP/1.1'],
		[FULL, '/', 'CONNECT a:80', 'CONNECT a:80 HTTP/1.1'],
	])('replaces the path of $path.type under %s: %s', (filter, matched, target, expected) => {
		expect(rewritten(filter, matched, target, 'host: a:80')[0]).toBe(expected);
	});

	it('leaves a tunnel where it leads', () => {
		expect(rewritten(HOST, '/', 'CONNECT a:443', 'host: a:443')).toEqual(['CONNECT a:443 HTTP/1.1', 'host: a:443']);
	});

	it('keeps `OPTIONS *` when the host changes', () => {
		expect(rewritten(HOST, '/', 'OPTIONS *', 'host: a')).toEqual(['OPTIONS * HTTP/1.1', 'host: one.example']);
	});
});
