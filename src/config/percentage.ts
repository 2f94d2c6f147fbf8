/** Percentages: `20%`, `0.5%`, or the bare number. */

export const PERCENTAGE_PATTERN = '^[0-9]+(\\.[0-9]+)?%?$';
const PERCENTAGE = /^([0-9]+(?:\.[0-9]+)?)%?$/;
const MAX = 100;

/** 0 to 100; -1 when the text is no percentage. */
export function parsePercentage(text: string): number {
	const [, digits] = PERCENTAGE.exec(text) ?? [];
	const percent = Number(digits ?? '-1');
	return percent <= MAX ? percent : -1;
}
