/**
 * FNV-1a (32 bit), one character at a time, so that a scan gets the hash of every prefix on its way.
 *
 * It need not resist chosen keys: what is stored comes from the route file, and a lookup can only run into as many
 * entries as the file put into one place.
 */
export const HASH_SEED = 0x811c9dc5 | 0;
const PRIME = 0x01000193;

export function addToHash(hash: number, charCode: number): number {
	return Math.imul(hash ^ charCode, PRIME);
}

/** First slot of a hash in a table whose size is a power of two. FNV's low bits alone are weak. */
export function slotOf(hash: number, mask: number): number {
	return (hash ^ (hash >>> 15)) & mask;
}

/** Slots for a number of entries: a power of two, at most half full, so that probes stay short. */
export function tableSize(entries: number): number {
	let slots = 2;
	while (slots < entries * 2) slots *= 2;
	return slots;
}
