/** JSON text of values that a stranger may have chosen. Pure. */

/** Printable ASCII without quote and backslash: what nearly every value is made of. */
const PLAIN = /^[ !#-[\]-~]*$/;
/** Valid in JSON, but a terminal obeys the C1 controls and some log readers break lines at the separators. */
const UNSAFE = /[\u007f-\u009f\u2028\u2029]/g;

/** A JSON string that holds on one line and that no terminal obeys. */
export function jsonString(value: string): string {
	return PLAIN.test(value) ? `"${value}"` : escapeUnsafe(JSON.stringify(value));
}

/** Escapes, inside JSON text, what only may stand within its strings. */
export function escapeUnsafe(json: string): string {
	return json.replace(UNSAFE, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Milliseconds with the digits that mean something; never NaN, which JSON does not have. */
export function jsonMillis(value: number): string {
	return Number.isFinite(value) ? String(Math.round(value * MICROS_PER_MILLI) / MICROS_PER_MILLI) : '0';
}

const MICROS_PER_MILLI = 1000;

const MILLIS_PER_SECOND = 1000;
let lastSecond = Number.NaN;
let lastPrefix = '';

/** RFC 3339 in UTC with milliseconds. The part down to the second is kept: lines come in bunches. */
export function jsonTime(epochMillis: number): string {
	const second = Math.floor(epochMillis / MILLIS_PER_SECOND);
	if (second !== lastSecond) {
		lastSecond = second;
		lastPrefix = new Date(second * MILLIS_PER_SECOND).toISOString().slice(0, 'YYYY-MM-DDTHH:MM:SS.'.length);
	}
	const millis = Math.floor(epochMillis - second * MILLIS_PER_SECOND);
	return `"${lastPrefix}${String(millis).padStart(3, '0')}Z"`;
}
