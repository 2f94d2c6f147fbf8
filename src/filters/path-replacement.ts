/**
 * The Gateway API's HTTPPathModifier, for redirects and rewrites. What comes out is in the normal form of `http/path.ts`,
 * as both of its parts are.
 */
import type { Match, PathModifier } from '../config/config.ts';
import { normalizePath } from '../http/path.ts';

const ROOT = '/';
const SLASH = 0x2f;

export class PathReplacement {
	readonly #isPrefix: boolean;
	/** A whole path; or what stands before the rest, without a slash at its end. */
	readonly #value: string;

	constructor({ type, value }: PathModifier) {
		this.#isPrefix = type === 'ReplacePrefixMatch';
		const path = withOneSlash(normalizePath(value) ?? '/');
		this.#value = this.#isPrefix ? path.slice(0, endWithoutSlashes(path)) : path;
	}

	/** The new path. Targets without a path (`*`, authority) have nothing to be replaced. */
	replace(path: string, match: Match): string {
		if (path.charCodeAt(0) !== SLASH) return path;
		if (!this.#isPrefix) return this.#value;
		const { type, value } = match.path;
		if (type !== 'PathPrefix') return path;
		// The root prefix has no segment: all of the path is the rest.
		const length = value === ROOT ? 0 : value.length;
		// A filter of a backend comes after the rule's own, which may have taken the prefix away.
		if (length > 0 && !(path.startsWith(value) && (path.length === length || path.charCodeAt(length) === SLASH))) {
			return path;
		}
		if (length === 0) return this.#value + path;
		return this.#value === '' ? withOneSlash(path.slice(length)) : this.#value + path.slice(length);
	}
}

function endWithoutSlashes(path: string): number {
	let end = path.length;
	while (end > 0 && path.charCodeAt(end - 1) === SLASH) end--;
	return end;
}

/** Two slashes at the start of a path would make a host of its first segment for whoever resolves it (RFC 3986 §4.2). */
function withOneSlash(path: string): string {
	if (path.charCodeAt(0) !== SLASH) return `/${path}`;
	let start = 0;
	while (path.charCodeAt(start + 1) === SLASH) start++;
	return start === 0 ? path : path.slice(start);
}
