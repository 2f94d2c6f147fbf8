/** Durations as the Gateway API writes them (GEP-2257): `250ms`, `2s`, `1h30m`. */

const MILLIS = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 } as const;
/** GEP-2257: at most four parts of at most five digits each. */
export const DURATION_PATTERN = '^([0-9]{1,5}(h|m|s|ms)){1,4}$';
const DURATION = new RegExp(DURATION_PATTERN);

/** Milliseconds; -1 when the text is no duration. */
export function parseDuration(text: string): number {
	if (!DURATION.test(text)) return -1;
	let millis = 0;
	for (const [, digits, unit] of text.matchAll(/([0-9]+)(ms|h|m|s)/g)) {
		millis += Number(digits) * MILLIS[unit as keyof typeof MILLIS];
	}
	return millis;
}

/** The shortest text that `parseDuration` takes back to the same milliseconds. */
export function formatDuration(millis: number): string {
	if (millis === 0) return '0s';
	let text = '';
	let rest = millis;
	for (const [unit, size] of Object.entries(MILLIS)) {
		const count = Math.floor(rest / size);
		if (count > 0) text += `${count}${unit}`;
		rest -= count * size;
	}
	return text;
}
