/** Cookies of a request (RFC 6265 §4.2.1): `name=value` pairs with semicolons between them, of which a name may repeat. */
import { FieldId } from './field-id.ts';
import type { HeaderList } from './header-list.ts';
import { skipWhitespace, trimEnd } from './tokens.ts';

const DQUOTE = 0x22;

/** Where the value of the next cookie of a name begins; -1 when there is none. `from` is 0, or where `cookieEnd` led to. */
export function nextCookie(line: string, name: string, from: number): number {
	for (let at = from; at < line.length; at = cookieEnd(line, at) + 1) {
		const start = skipWhitespace(line, at, line.length);
		if (line.startsWith(name, start) && line[start + name.length] === '=') return start + name.length + 1;
	}
	return -1;
}

/** The semicolon after a cookie, or the end of the line. */
export function cookieEnd(line: string, from: number): number {
	const end = line.indexOf(';', from);
	return end < 0 ? line.length : end;
}

/** The value that begins there, without the quotes that may stand around it. */
export function cookieValue(line: string, from: number): string {
	const start = skipWhitespace(line, from, line.length);
	const end = trimEnd(line, start, cookieEnd(line, from));
	const isQuoted = end - start >= 2 && line.charCodeAt(start) === DQUOTE && line.charCodeAt(end - 1) === DQUOTE;
	return isQuoted ? line.slice(start + 1, end - 1) : line.slice(start, end);
}

/** The first cookie of a name, in whichever of the fields it is (HTTP/2 splits them, RFC 9113 §8.2.3); `undefined`: none. */
export function firstCookie(headers: HeaderList, name: string): string | undefined {
	for (let i = headers.indexOf(FieldId.cookie); i >= 0; i = headers.indexOf(FieldId.cookie, i + 1)) {
		const line = headers.valueAt(i);
		const at = nextCookie(line, name, 0);
		if (at >= 0) return cookieValue(line, at);
	}
	const { added, addedIds } = headers;
	for (let k = addedIds.indexOf(FieldId.cookie); k >= 0; k = addedIds.indexOf(FieldId.cookie, k + 1)) {
		const line = added[k * 2 + 1] as string;
		const at = nextCookie(line, name, 0);
		if (at >= 0) return cookieValue(line, at);
	}
	return undefined;
}
