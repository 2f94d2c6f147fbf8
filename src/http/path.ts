/**
 * The one form of a path: what is matched, authorised and forwarded (RFC 3986 §6.2.2).
 *
 * Dot segments are removed (however they were escaped), escaped unreserved characters are decoded, a backslash counts as
 * a slash as it does for browsers and for Envoy. All other escapes, `%2F` among them, and empty segments stay as they came.
 */
import { HEX } from './tokens.ts';

/** RFC 3986 §2.3: letters, digits, `-`, `.`, `_`, `~`. */
const UNRESERVED = new Uint8Array(256);
for (const c of '-._~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ') UNRESERVED[c.charCodeAt(0)] = 1;

/** Normalises the path part of a target; `null` for a bad escape or an escaped NUL, which are answered with 400. */
export function normalizePath(rawPath: string): string | null {
	let path = rawPath;
	if (path.includes('%')) {
		const decoded = decodeUnreserved(path);
		if (decoded === null) return null;
		path = decoded;
	}
	if (path.includes('\\')) path = path.replaceAll('\\', '/');
	if (!path.startsWith('/')) path = `/${path}`;
	return path.includes('/.') ? removeDotSegments(path) : path;
}

function decodeUnreserved(path: string): string | null {
	let out = '';
	let copied = 0;
	for (let i = path.indexOf('%'); i >= 0; i = path.indexOf('%', i + 3)) {
		const high = HEX[path.charCodeAt(i + 1)] ?? 0;
		const low = HEX[path.charCodeAt(i + 2)] ?? 0;
		if (high === 0 || low === 0) return null;
		const c = (high - 1) * 16 + low - 1;
		if (c === 0) return null;
		if (UNRESERVED[c] === 1) {
			out += path.slice(copied, i) + String.fromCharCode(c);
			copied = i + 3;
		}
	}
	return copied === 0 ? path : out + path.slice(copied);
}

/** RFC 3986 §5.2.4. Empty segments are segments: `/a//../b` becomes `/a/b`. */
export function removeDotSegments(path: string): string {
	const segments = path.split('/');
	const kept: string[] = [''];
	const last = segments.length - 1;
	for (let i = 1; i <= last; i++) {
		const segment = segments[i] as string;
		if (segment === '..') {
			if (kept.length > 1) kept.pop();
		} else if (segment !== '.') {
			kept.push(segment);
			continue;
		}
		// A dot segment at the end leaves its slash behind.
		if (i === last) kept.push('');
	}
	return kept.join('/');
}
