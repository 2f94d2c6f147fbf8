/** Text of files and of requests, as it may be shown on a terminal. */

/** What a terminal would obey: control characters but tab and line feed, and those that reorder a line (CVE-2021-42574). */
const OBEYED = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g;
const REPLACEMENT = '\ufffd';

/** The same text, as long as before, that shows and does nothing. */
export function forTerminal(text: string): string {
	return text.replace(OBEYED, REPLACEMENT);
}
