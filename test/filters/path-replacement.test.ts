import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PathReplacement } from '../../src/filters/path-replacement.ts';
import { normalizePath } from '../../src/http/path.ts';
import { prefix } from './filtered-request.ts';

function replaced(path: string, matched: string, value: string): string {
	return new PathReplacement({ type: 'ReplacePrefixMatch', value }).replace(path, prefix(matched));
}

describe('a replaced prefix', () => {
	it.each([
		// The table of the Gateway API (`replacePrefixMatch`).
		['/foo/bar', '/foo', '/xyz', '/xyz/bar'],
		['/foo/bar', '/foo', '/xyz/', '/xyz/bar'],
		['/foo', '/foo', '/xyz', '/xyz'],
		['/foo/', '/foo', '/xyz', '/xyz/'],
		['/foo/bar', '/foo', '', '/bar'],
		['/foo/', '/foo', '', '/'],
		['/foo', '/foo', '', '/'],
		['/foo/', '/foo', '/', '/'],
		['/foo', '/foo', '/', '/'],
		// All of the path is under the root.
		['/', '/', '/xyz', '/xyz/'],
		['/bar', '/', '/xyz', '/xyz/bar'],
		['/bar', '/', '/', '/bar'],
		['//bar', '/', '/', '//bar'],
		// Empty segments of the request stay, but none comes to stand where a host would.
		['/foo//bar', '/foo', '/xyz', '/xyz//bar'],
		['/foo//evil.example/', '/foo', '/', '/evil.example/'],
		['/foo///', '/foo', '', '/'],
		// Written by hand in the file.
		['/foo/a', '/foo', '//x//', '/x/a'],
		['/foo/a', '/foo', '/%7Euser', '/~user/a'],
		['/foo/%2F', '/foo', '/xyz', '/xyz/%2F'],
		// Another filter has taken the prefix away already.
		['/xyz/bar', '/foo', '/xyz', '/xyz/bar'],
		['/foobar', '/foo', '/xyz', '/foobar'],
		// No path at all.
		['*', '/', '/xyz', '*'],
		['', '/', '/xyz', ''],
	])('%s under %s by %j is %s', (path, matched, value, expected) => {
		expect(replaced(path, matched, value)).toBe(expected);
	});

	it('is none where no prefix matched', () => {
		const exact = { ...prefix('/'), path: { type: 'Exact' as const, value: '/foo' } };
		expect(new PathReplacement({ type: 'ReplacePrefixMatch', value: '/x' }).replace('/foo', exact)).toBe('/foo');
	});

	const SEGMENT = fc.stringMatching(/^[a-z%.~]{0,3}$/).filter((text) => normalizePath(`/${text}`) === `/${text}`);
	const PATH = fc.array(SEGMENT, { maxLength: 4 }).map((segments) => `/${segments.join('/')}`);

	it('is a path in normal form, with no `//` that the request did not have', () => {
		fc.assert(
			fc.property(PATH, PATH, PATH, (rest, matched, value) => {
				const match = matched.replace(/\/+$/, '') || '/';
				const path = match === '/' ? rest : match + rest;
				const result = replaced(path, match, value);
				expect(result.startsWith('/')).toBe(true);
				expect(normalizePath(result)).toBe(result);
				if (!value.includes('//') && !rest.includes('//')) expect(result).not.toContain('//');
				if (match !== '/') expect(result.startsWith('//')).toBe(false);
			}),
		);
	});
});

describe('a replaced path', () => {
	it.each([
		['/new', '/new'],
		['/new/', '/new/'],
		['', '/'],
		['//host', '/host'],
	])('%j is %s', (value, expected) => {
		const replacement = new PathReplacement({ type: 'ReplaceFullPath', value });
		expect(replacement.replace('/old/path', prefix('/'))).toBe(expected);
		expect(replacement.replace('*', prefix('/'))).toBe('*');
	});
});
