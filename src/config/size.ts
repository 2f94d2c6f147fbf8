/** Sizes in bytes: `64KiB`, `10MiB`, `1KB`, or a plain number. */

const UNITS = { B: 1, KB: 1e3, MB: 1e6, GB: 1e9, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 } as const;
export const SIZE_PATTERN = '^[0-9]+(B|KB|MB|GB|KiB|MiB|GiB)?$';
const SIZE = /^([0-9]+)(B|[KMG]B|[KMG]iB)?$/;

/** Bytes; -1 when the text is no size, or one that cannot be counted exactly. */
export function parseSize(text: string): number {
	const [, digits, unit = 'B'] = SIZE.exec(text) ?? [];
	if (digits === undefined) return -1;
	const bytes = Number(digits) * UNITS[unit as keyof typeof UNITS];
	return Number.isSafeInteger(bytes) ? bytes : -1;
}

/** In the largest binary unit that divides it; a plain number where none does. */
export function formatSize(bytes: number): string | number {
	for (const unit of ['GiB', 'MiB', 'KiB'] as const) {
		if (bytes > 0 && bytes % UNITS[unit] === 0) return `${bytes / UNITS[unit]}${unit}`;
	}
	return bytes;
}
