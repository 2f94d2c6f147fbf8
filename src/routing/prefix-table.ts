/**
 * A map from strings that is asked with a piece of a longer string and its hash, without making the piece.
 * Open addressing, linear probing, immutable.
 */
import { addToHash, HASH_SEED, slotOf, tableSize } from './text-hash.ts';

export class PrefixTable<V> {
	/** Length of the longest key; 0 when there is none. */
	readonly longest: number;
	readonly #mask: number;
	readonly #hashes: Int32Array;
	readonly #keys: (string | null)[];
	readonly #values: (V | null)[];

	constructor(entries: ReadonlyMap<string, V>) {
		const slots = tableSize(entries.size);
		this.#mask = slots - 1;
		this.#hashes = new Int32Array(slots);
		this.#keys = new Array<string | null>(slots).fill(null);
		this.#values = new Array<V | null>(slots).fill(null);
		let longest = 0;
		for (const [key, value] of entries) {
			longest = Math.max(longest, key.length);
			this.#add(key, value);
		}
		this.longest = longest;
	}

	#add(key: string, value: V): void {
		let hash = HASH_SEED;
		for (let i = 0; i < key.length; i++) hash = addToHash(hash, key.charCodeAt(i));
		let slot = slotOf(hash, this.#mask);
		while (this.#keys[slot] !== null) slot = (slot + 1) & this.#mask;
		this.#hashes[slot] = hash;
		this.#keys[slot] = key;
		this.#values[slot] = value;
	}

	/** The value of the first `length` characters of `text`, whose hash is given. */
	get(text: string, length: number, hash: number): V | null {
		const keys = this.#keys;
		let slot = slotOf(hash, this.#mask);
		for (;;) {
			const key = keys[slot] as string | null;
			if (key === null) return null;
			if (this.#hashes[slot] === hash && key.length === length && text.startsWith(key)) return this.#values[slot] as V;
			slot = (slot + 1) & this.#mask;
		}
	}
}
