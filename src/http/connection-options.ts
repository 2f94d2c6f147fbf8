/** What the `Connection` field asks of this hop (RFC 9110 §7.6.1), as bits. */
import { elementEnd, equalsLower, skipWhitespace, trimEnd } from './tokens.ts';

export const ConnectionOption = {
	close: 1,
	keepAlive: 2,
	upgrade: 4,
	/** The field names more options than anybody has use for. */
	tooMany: 8,
} as const;

/** Each option is a field to be looked for among all others; a list without an end would make that an attack. */
export const MAX_CONNECTION_OPTIONS = 32;

/** Bits of the options named in one field value; unknown ones give none. */
export function connectionOptions(text: string, start: number, end: number): number {
	// Nearly always it is one word.
	let bits = optionBit(text, start, end);
	if (bits !== 0) return bits;
	let count = 0;
	for (let from = start; from < end; ) {
		if (++count > MAX_CONNECTION_OPTIONS) return bits | ConnectionOption.tooMany;
		const comma = elementEnd(text, from, end);
		const first = skipWhitespace(text, from, comma);
		bits |= optionBit(text, first, trimEnd(text, first, comma));
		from = comma + 1;
	}
	return bits;
}

function optionBit(text: string, start: number, end: number): number {
	switch (end - start) {
		case 5:
			return equalsLower(text, start, end, 'close') ? ConnectionOption.close : 0;
		case 7:
			return equalsLower(text, start, end, 'upgrade') ? ConnectionOption.upgrade : 0;
		case 10:
			return equalsLower(text, start, end, 'keep-alive') ? ConnectionOption.keepAlive : 0;
		default:
			return 0;
	}
}
