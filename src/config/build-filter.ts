/** Filters as the file has them → the one block that counts, defaults filled in. */
import { buildTarget, type KnownServices } from './build-target.ts';
import type { CorsFilter, Filter, HeaderEdits, MirrorFilter, PathModifier } from './config.ts';
import type { FilterInput } from './schema/filters.ts';

type Block<K extends keyof FilterInput> = NonNullable<FilterInput[K]>;

export function buildFilter(filter: FilterInput, services: KnownServices): Filter {
	const { requestHeaderModifier, responseHeaderModifier, requestRedirect, urlRewrite, requestMirror, cors } = filter;
	if (requestHeaderModifier !== undefined) return { type: 'RequestHeaderModifier', ...editsOf(requestHeaderModifier) };
	if (responseHeaderModifier !== undefined)
		return { type: 'ResponseHeaderModifier', ...editsOf(responseHeaderModifier) };
	if (requestRedirect !== undefined) {
		const { scheme = '', hostname = '', port = 0, path, statusCode } = requestRedirect;
		return { type: 'RequestRedirect', scheme, hostname: hostname.toLowerCase(), port, path: pathOf(path), statusCode };
	}
	if (urlRewrite !== undefined) {
		const { hostname = '', path } = urlRewrite;
		return { type: 'URLRewrite', hostname: hostname.toLowerCase(), path: pathOf(path) };
	}
	if (requestMirror !== undefined) return mirrorOf(requestMirror, services);
	if (cors !== undefined) return corsOf(cors);
	throw new Error('a filter without a block has passed the schema');
}

function editsOf({ set, add, remove }: Block<'requestHeaderModifier'>): HeaderEdits {
	return { set, add, remove: remove.map((name) => name.toLowerCase()) };
}

function pathOf(path: Block<'urlRewrite'>['path']): PathModifier | null {
	if (path === undefined) return null;
	return { type: path.type, value: path.replaceFullPath ?? path.replacePrefixMatch ?? '' };
}

function mirrorOf({ backendRef, percent, fraction }: Block<'requestMirror'>, services: KnownServices): MirrorFilter {
	const share = fraction === undefined ? (percent ?? 100) / 100 : fraction.numerator / fraction.denominator;
	return { type: 'RequestMirror', backend: buildTarget(backendRef, services), share };
}

function corsOf(cors: Block<'cors'>): CorsFilter {
	return { type: 'CORS', ...cors, allowOrigins: cors.allowOrigins.map((origin) => origin.toLowerCase()) };
}
