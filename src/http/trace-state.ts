/** `tracestate` (W3C Trace Context level 2, §3.3): validated, so that no garbage is passed on in the name of a trace. */

/** §3.3.1.1: at most as many list members; empty ones are no members. */
const MAX_MEMBERS = 32;
/** §3.3.1.3: key and value, each up to 256 characters; a value does not end in a space. */
const MEMBER = /^[a-z\d][a-z\d_\-*/@]{0,255}=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;
const OWS_AROUND = /^[\t ]+|[\t ]+$/g;

/**
 * All lines as one value, in order, members as they were written (a key that comes twice included); `''` when there is no
 * member, or when the list is invalid and so must be dropped whole. One valid line comes back unchanged.
 */
export function joinTracestate(lines: readonly string[]): string {
	let members = 0;
	let joined = '';
	for (const line of lines) {
		let inLine = 0;
		for (const part of line.split(',')) {
			const member = part.replace(OWS_AROUND, '');
			if (member === '') continue;
			inLine++;
			if (members + inLine > MAX_MEMBERS || !MEMBER.test(member)) return '';
		}
		members += inLine;
		if (inLine > 0) joined += joined === '' ? line : `,${line}`;
	}
	return joined;
}
