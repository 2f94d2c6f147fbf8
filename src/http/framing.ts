/** Reading the two fields that delimit a body (RFC 9112 §6), nothing more: what a fault means is the codec's business. */
import { FieldId } from './field-id.ts';
import type { HeaderList } from './header-list.ts';
import { SPAN } from './header-list.ts';
import { elementEnd, equalsLower, isToken, skipWhitespace, trimEnd } from './tokens.ts';

/** Largest body length that arithmetic keeps exact. */
export const MAX_CONTENT_LENGTH: number = Number.MAX_SAFE_INTEGER;

/** A plain run of digits as a number; -1 for anything else (sign, list, space, nothing, more than 2^53 − 1). */
export function parseContentLength(text: string, start: number, end: number): number {
	if (start >= end) return -1;
	let length = 0;
	for (let i = start; i < end; i++) {
		const digit = text.charCodeAt(i) - 0x30;
		if (digit < 0 || digit > 9) return -1;
		length = length * 10 + digit;
		if (length > MAX_CONTENT_LENGTH) return -1;
	}
	return length;
}

/** The length that every element of one or more listed values agrees on; -1 when they do not, or one is malformed. */
export function agreedContentLength(headers: HeaderList): number {
	const { text, spans } = headers;
	let agreed = -1;
	for (let k = headers.indexOf(FieldId.contentLength); k >= 0; k = headers.indexOf(FieldId.contentLength, k + 1)) {
		const end = spans[k * SPAN + 3] as number;
		for (let from = spans[k * SPAN + 2] as number; from <= end; ) {
			const comma = elementEnd(text, from, end);
			const first = skipWhitespace(text, from, comma);
			const length = parseContentLength(text, first, trimEnd(text, first, comma));
			if (length < 0 || (agreed >= 0 && agreed !== length)) return -1;
			agreed = length;
			from = comma + 1;
		}
	}
	return agreed;
}

/** What all `Transfer-Encoding` fields of a message say together. */
export const Coding = {
	/** `chunked`, once, and nothing else. */
	chunked: 0,
	/** Ends in `chunked` and names well-formed codings before it. */
	unknownThenChunked: 1,
	/** No coding at all, or an empty list element. */
	empty: 2,
	/** `chunked` stands more than once. */
	chunkedTwice: 3,
	/** Does not end in a bare `chunked`, or is malformed. */
	notChunked: 4,
} as const;
export type Coding = (typeof Coding)[keyof typeof Coding];

/** RFC 9112 §6.1. The list must have a live `Transfer-Encoding` field. */
export function transferCoding(headers: HeaderList): Coding {
	const { text, spans } = headers;
	let codings = 0;
	let chunked = 0;
	let lastIsChunked = false;
	let malformed = false;
	for (
		let k = headers.indexOf(FieldId.transferEncoding);
		k >= 0;
		k = headers.indexOf(FieldId.transferEncoding, k + 1)
	) {
		const end = spans[k * SPAN + 3] as number;
		for (let from = spans[k * SPAN + 2] as number; from <= end; ) {
			const comma = elementEnd(text, from, end);
			const first = skipWhitespace(text, from, comma);
			const last = trimEnd(text, first, comma);
			if (first >= last) return Coding.empty;
			lastIsChunked = equalsLower(text, first, last, 'chunked');
			if (lastIsChunked) chunked++;
			else if (!isCoding(text, first, last)) malformed = true;
			codings++;
			from = comma + 1;
		}
	}
	if (chunked > 1) return Coding.chunkedTwice;
	if (!lastIsChunked || malformed) return Coding.notChunked;
	return codings === 1 ? Coding.chunked : Coding.unknownThenChunked;
}

/** transfer-coding = token *( OWS ";" OWS parameter ); parameters are not looked at, we know no coding that has any. */
function isCoding(text: string, start: number, end: number): boolean {
	const semicolon = text.indexOf(';', start);
	return isToken(text, start, semicolon < 0 || semicolon > end ? end : trimEnd(text, start, semicolon));
}
