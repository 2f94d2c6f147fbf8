/** Another path in place of the one that was asked for (the Gateway API's HTTPPathModifier). */
import type { Match, PathModifier } from '../config/config.ts';
import type { RequestHead } from '../http/head.ts';
import { normalizePath } from '../http/path.ts';

const ROOT = '/';

export class PathChange {
	private readonly isFull: boolean;
	private readonly value: string;

	constructor({ type, value }: PathModifier) {
		this.isFull = type === 'ReplaceFullPath';
		this.value = value === '' ? value : (normalizePath(value) ?? value);
	}

	/** The path that takes the place of a request's; `null` where the target has none (`*`, the authority of CONNECT). */
	of(head: RequestHead, match: Match): string | null {
		if (!head.path.startsWith(ROOT)) return null;
		if (this.isFull) return this.value === '' ? ROOT : this.value;
		return replacePrefix(head.path, match.path.value, this.value);
	}
}

/**
 * By whole segments, so that no slash is lost or doubled: `/foo/bar` with `/foo` replaced by `/xyz` is `/xyz/bar`, by
 * `/` or nothing it is `/bar`. `prefix` has matched, and has no slash at its end.
 */
export function replacePrefix(path: string, prefix: string, replacement: string): string {
	const base = replacement.endsWith(ROOT) ? replacement.slice(0, -1) : replacement;
	if (prefix === ROOT) return path === ROOT && base !== '' ? base : base + path;
	const whole = base + path.slice(prefix.length);
	return whole === '' ? ROOT : whole;
}
