/**
 * Character classes of HTTP/1 as byte tables, and the few comparisons that the data path makes on parts of a head
 * without making strings of them.
 */

/** RFC 9110 §5.6.2: the characters of names, methods and parameters. 1 when allowed. */
export const TOKEN: Uint8Array = new Uint8Array(256);
/** RFC 9110 §5.5: HTAB, SP, visible ASCII and obs-text. Everything that may stand in a field value. 1 when allowed. */
export const FIELD_VALUE: Uint8Array = new Uint8Array(256);
/** Value of a hexadecimal digit plus one; 0 for every other byte. */
export const HEX: Uint8Array = new Uint8Array(256);

for (const c of "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
	TOKEN[c.charCodeAt(0)] = 1;
for (let c = 0; c < 256; c++) FIELD_VALUE[c] = c === 0x09 || (c >= 0x20 && c !== 0x7f) ? 1 : 0;
for (let d = 0; d < 10; d++) HEX[0x30 + d] = d + 1;
for (let d = 10; d < 16; d++) {
	HEX[0x61 + d - 10] = d + 1;
	HEX[0x41 + d - 10] = d + 1;
}

const HTAB = 0x09;
const SP = 0x20;
const COMMA = 0x2c;
/** Setting this bit lower-cases a letter and leaves digits and `-` alone. */
const LOWER = 0x20;

/** Whether text[start, end) is this lower-case word of letters, digits, `-` and `/`, in any case. */
export function equalsLower(text: string, start: number, end: number, lower: string): boolean {
	if (end - start !== lower.length) return false;
	for (let i = 0; i < lower.length; i++) {
		const c = text.charCodeAt(start + i);
		const wanted = lower.charCodeAt(i);
		if (c !== wanted && ((c | LOWER) !== wanted || c < 0x41)) return false;
	}
	return true;
}

/** Whether text[start, end) is a token (RFC 9110 §5.6.2). */
export function isToken(text: string, start = 0, end = text.length): boolean {
	if (start >= end) return false;
	for (let i = start; i < end; i++) {
		const c = text.charCodeAt(i);
		if (c > 0xff || TOKEN[c] !== 1) return false;
	}
	return true;
}

export function skipWhitespace(text: string, from: number, end: number): number {
	let i = from;
	while (i < end && isBlank(text.charCodeAt(i))) i++;
	return i;
}

export function trimEnd(text: string, start: number, end: number): number {
	let i = end;
	while (i > start && isBlank(text.charCodeAt(i - 1))) i--;
	return i;
}

function isBlank(c: number): boolean {
	return c === SP || c === HTAB;
}

/** Offset of the comma that ends the list element at `from`; `end` when it is the last one. */
export function elementEnd(text: string, from: number, end: number): number {
	let i = from;
	while (i < end && text.charCodeAt(i) !== COMMA) i++;
	return i;
}

/** Whether the comma-separated list in text[start, end) has this lower-case element, in any case. */
export function listHas(text: string, start: number, end: number, lower: string): boolean {
	for (let from = start; from < end; ) {
		const comma = elementEnd(text, from, end);
		const first = skipWhitespace(text, from, comma);
		if (equalsLower(text, first, trimEnd(text, first, comma), lower)) return true;
		from = comma + 1;
	}
	return false;
}
