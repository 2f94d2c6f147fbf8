/** A 32-bit hash of text: FNV-1a over UTF-16 units, and MurmurHash3's finalizer, which spreads what FNV leaves alike. */

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** From 0 to 2^32-1. Not for secrets: whoever wants to can find texts that share a hash. */
export function hashOfText(text: string): number {
	let hash = FNV_OFFSET;
	for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), FNV_PRIME);
	return mixed(hash);
}

/** Another number for each number: neighbours end up far apart. */
export function mixed(value: number): number {
	let hash = value ^ (value >>> 16);
	hash = Math.imul(hash, 0x85ebca6b);
	hash ^= hash >>> 13;
	hash = Math.imul(hash, 0xc2b2ae35);
	return (hash ^ (hash >>> 16)) >>> 0;
}
