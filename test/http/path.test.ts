import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normalizePath } from '../../src/http/path.ts';

describe('normalizePath', () => {
	it.each([
		['/', '/'],
		['', '/'],
		['/a/b', '/a/b'],
		['/a/b/', '/a/b/'],
		['/a/./b', '/a/b'],
		['/a/../b', '/b'],
		['/a/b/..', '/a/'],
		['/a/.', '/a/'],
		['/.', '/'],
		['/..', '/'],
		['/../../a', '/a'],
		['/a/b/../../../c', '/c'],
		['/a//../b', '/a/b'],
		['/a/...', '/a/...'],
		['/.well-known/x', '/.well-known/x'],
		['/a/..b', '/a/..b'],
	])('removes the dot segments of %s', (raw, path) => {
		expect(normalizePath(raw)).toBe(path);
	});

	it.each([
		['/%41%7a%2D%5f%7E', '/Az-_~'],
		['/a/%2e/b', '/a/b'],
		['/a/%2E%2e/b', '/b'],
		['/a/.%2e/b', '/b'],
		['/%2e%2e/%2E', '/'],
	])('decodes unreserved characters in %s before it looks for dot segments', (raw, path) => {
		expect(normalizePath(raw)).toBe(path);
	});

	it.each(['/a%2Fb', '/a%2fb', '/%5c', '/a//b', '//a', '/%20', '/%C3%A9', '/%2525', '/a;v=1', '/%0a'])(
		'leaves %s alone',
		(raw) => {
			expect(normalizePath(raw)).toBe(raw);
		},
	);

	it('takes a backslash for a slash, before it looks for dot segments', () => {
		expect(normalizePath('/a/..\\b')).toBe('/b');
		expect(normalizePath('/a\\b')).toBe('/a/b');
	});

	it.each(['/%', '/%4', '/%4/x', '/%zz', '/%%41', '/a%', '/%00', '/a%00b', '/%2%35', '/%u0041', '/.%00./x'])(
		'refuses %s',
		(raw) => {
			expect(normalizePath(raw)).toBeNull();
		},
	);

	const rawPath = fc
		.array(fc.constantFrom('/', '.', '..', '%2e', '%2E', '%2f', '%41', '%25', 'a', '\\', '%', '%0', '%00', '~', 'é'))
		.map((parts) => `/${parts.join('')}`);

	it('is idempotent, and never lets a dot segment or a backslash through', () => {
		fc.assert(
			fc.property(rawPath, (raw) => {
				const path = normalizePath(raw);
				if (path === null) return;
				expect(normalizePath(path)).toBe(path);
				expect(path.startsWith('/')).toBe(true);
				const segments = path.split('/').map((segment) => segment.replaceAll(/%2e/gi, '.'));
				expect(segments).not.toContain('.');
				expect(segments).not.toContain('..');
				expect(path).not.toContain('\\');
			}),
			{ numRuns: 2000 },
		);
	});
});
