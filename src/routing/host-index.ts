/**
 * Hostnames: exact ones, then wildcards from the most specific, then any.
 *
 * An authority is read from its end, where the port is cut off and the least specific label stands. The hash grows label
 * by label, and at each dot the wildcards are asked; the last one found is the most specific. Letters are folded while
 * they are hashed and compared, so that no lower-case copy is made.
 */
import { addToHash, HASH_SEED, slotOf, tableSize } from './text-hash.ts';

const DOT = 0x2e;
const COLON = 0x3a;
const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;
const UPPER_A = 0x41;
const UPPER_Z = 0x5a;
const CASE_BIT = 0x20;
const WILDCARD = '*';

export interface Host<V> {
	readonly value: V;
	/** The next less specific one. */
	next: Host<V> | null;
}

export class HostIndex<V> {
	readonly #any: Host<V> | null;
	readonly #exact: SuffixTable<Host<V>>;
	/** By what follows the asterisk: `.shop.svc`. */
	readonly #wildcards: SuffixTable<Host<V>>;
	readonly #isEmpty: boolean;
	/** What was asked for last, and what came of it: most sidecars hear one name nearly always. */
	#lastAuthority = '';
	#last: Host<V> | null;

	/** By hostname in lower case: `a.b`, `*.b`, or `''` for any. */
	constructor(values: ReadonlyMap<string, V>) {
		const exact = new Map<string, Host<V>>();
		const wildcards = new Map<string, Host<V>>();
		const anyValue = values.get('');
		const any: Host<V> | null = anyValue === undefined ? null : { value: anyValue, next: null };
		for (const [hostname, value] of values) {
			if (hostname.startsWith(WILDCARD)) wildcards.set(hostname.slice(1), { value, next: null });
			else if (hostname !== '') exact.set(hostname, { value, next: null });
		}
		for (const [name, host] of [...exact, ...wildcards]) host.next = widerThan(name, wildcards) ?? any;
		this.#any = any;
		this.#last = any;
		this.#exact = new SuffixTable(exact);
		this.#wildcards = new SuffixTable(wildcards);
		this.#isEmpty = exact.size === 0 && wildcards.size === 0;
	}

	/** The most specific host for an authority; its `next` leads on. */
	find(authority: string): Host<V> | null {
		if (this.#isEmpty) return this.#any;
		if (authority === this.#lastAuthority) return this.#last;
		const host = this.#lookUp(authority);
		this.#lastAuthority = authority;
		this.#last = host;
		return host;
	}

	#lookUp(authority: string): Host<V> | null {
		const end = endOfHost(authority);
		const longest = Math.max(this.#exact.longest, this.#wildcards.longest);
		const start = Math.max(0, end - longest);
		let best = this.#any;
		let hash = HASH_SEED;
		for (let i = end - 1; i >= start; i--) {
			const c = fold(authority.charCodeAt(i));
			hash = addToHash(hash, c);
			if (c === DOT && i > 0) best = this.#wildcards.get(authority, i, end, hash) ?? best;
		}
		return start === 0 ? (this.#exact.get(authority, 0, end, hash) ?? best) : best;
	}
}

/** The most specific wildcard that covers a name or a wildcard's suffix and is not itself. */
function widerThan<V>(name: string, wildcards: ReadonlyMap<string, Host<V>>): Host<V> | null {
	for (let dot = name.indexOf('.', 1); dot > 0; dot = name.indexOf('.', dot + 1)) {
		const found = wildcards.get(name.slice(dot));
		if (found !== undefined) return found;
	}
	return null;
}

/** Where the host ends: before the port, and before the dot that makes a name absolute (RFC 3986 §3.2.2). */
function endOfHost(authority: string): number {
	let end = authority.length;
	for (let i = end - 1; i >= 0; i--) {
		const c = authority.charCodeAt(i);
		if (c >= DIGIT_0 && c <= DIGIT_9) continue;
		if (c === COLON) end = i;
		break;
	}
	return end > 1 && authority.charCodeAt(end - 1) === DOT ? end - 1 : end;
}

function fold(charCode: number): number {
	return charCode >= UPPER_A && charCode <= UPPER_Z ? charCode | CASE_BIT : charCode;
}

/** As `PrefixTable`, from the other end, and without regard to case. */
class SuffixTable<V> {
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
			let hash = HASH_SEED;
			for (let i = key.length - 1; i >= 0; i--) hash = addToHash(hash, key.charCodeAt(i));
			let slot = slotOf(hash, this.#mask);
			while (this.#keys[slot] !== null) slot = (slot + 1) & this.#mask;
			this.#hashes[slot] = hash;
			this.#keys[slot] = key;
			this.#values[slot] = value;
		}
		this.longest = longest;
	}

	get(text: string, start: number, end: number, hash: number): V | null {
		const keys = this.#keys;
		let slot = slotOf(hash, this.#mask);
		for (;;) {
			const key = keys[slot] as string | null;
			if (key === null) return null;
			if (this.#hashes[slot] === hash && isSame(key, text, start, end)) return this.#values[slot] as V;
			slot = (slot + 1) & this.#mask;
		}
	}
}

function isSame(key: string, text: string, start: number, end: number): boolean {
	if (key.length !== end - start) return false;
	for (let i = 0; i < key.length; i++) {
		if (key.charCodeAt(i) !== fold(text.charCodeAt(start + i))) return false;
	}
	return true;
}
