/**
 * Networks in which the other end of a connection may be. Addresses of both families are kept as 128 bits, IPv4 mapped into
 * them (RFC 4291 §2.5.5.2), so that a dual-stack socket's `::ffff:10.0.0.1` is `10.0.0.1`; networks are masked once.
 * A network of one family never has an address of the other: `::/0` is no IPv4 address.
 */

export interface Network {
	/** IPv4, or IPv6 without brackets. */
	readonly address: string;
	readonly bits: number;
}

/** `0`: no address. */
type Family = 0 | 4 | 6;

/** Four times 32 bits, first the leading ones. */
type Words = Int32Array;

interface Masked {
	readonly family: Family;
	readonly words: Words;
	readonly mask: Words;
}

const WORDS = 4;
const WORD_BITS = 32;
const MAPPED_BITS = 96;
const MAPPED_WORD = 0xffff;
const GROUPS = 8;
const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const GROUP = /^[0-9a-fA-F]{1,4}$/;

/** The last address that was asked for: one connection brings many requests. */
const asked = { text: '', words: new Int32Array(WORDS), family: 0 as Family };

export class SourceNetworks {
	readonly #networks: readonly Masked[];

	constructor(networks: readonly Network[]) {
		this.#networks = networks.map(masked);
	}

	/** Whether an address is in one of them; `otherwise`: when it is none, so that nobody can tell. */
	has(address: string, otherwise: boolean): boolean {
		if (asked.text !== address) {
			asked.family = readAddress(address, asked.words);
			asked.text = address;
		}
		const { words, family } = asked;
		if (family === 0) return otherwise;
		const networks = this.#networks;
		for (let i = 0; i < networks.length; i++) {
			const network = networks[i] as Masked;
			if (network.family === family && isIn(words, network)) return true;
		}
		return false;
	}
}

function isIn(address: Words, { words, mask }: Masked): boolean {
	for (let i = 0; i < WORDS; i++) {
		if (((address[i] as number) & (mask[i] as number)) !== words[i]) return false;
	}
	return true;
}

function masked({ address, bits }: Network): Masked {
	const words = new Int32Array(WORDS);
	const family = readAddress(address, words);
	const isWrittenAsV4 = !address.includes(':');
	const length = isWrittenAsV4 ? bits + MAPPED_BITS : bits;
	const mask = new Int32Array(WORDS);
	for (let i = 0; i < WORDS; i++) {
		const ones = Math.max(0, Math.min(WORD_BITS, length - i * WORD_BITS));
		mask[i] = ones === 0 ? 0 : -1 << (WORD_BITS - ones);
		words[i] = (words[i] as number) & (mask[i] as number);
	}
	// `::ffff:0:0/90` reaches beyond what is mapped.
	return { family: length < MAPPED_BITS && family === 4 ? 6 : family, words, mask };
}

/** Fills `into`; its family, 4 for a mapped address as well, or 0 when it is no address. A zone (`%eth0`) is left out. */
function readAddress(text: string, into: Words): Family {
	into.fill(0);
	if (!text.includes(':')) {
		const v4 = readV4(text);
		if (v4 === null) return 0;
		into[2] = MAPPED_WORD;
		into[3] = v4;
		return 4;
	}
	const zone = text.indexOf('%');
	if (!readV6(zone < 0 ? text : text.slice(0, zone), into)) return 0;
	return into[0] === 0 && into[1] === 0 && into[2] === MAPPED_WORD ? 4 : 6;
}

/** `null`: it is none. Makes no strings: callers come and go. */
function readV4(text: string): number | null {
	let word = 0;
	let byte = 0;
	let digits = 0;
	let dots = 0;
	for (let i = 0; i < text.length; i++) {
		const c = text.charCodeAt(i);
		if (c === DOT) {
			if (digits === 0 || ++dots === WORDS) return null;
			word = (word << 8) | byte;
			byte = 0;
			digits = 0;
		} else {
			if (c < ZERO || c > NINE || ++digits > 3) return null;
			byte = byte * 10 + c - ZERO;
			if (byte > 255) return null;
		}
	}
	return dots === WORDS - 1 && digits > 0 ? (word << 8) | byte : null;
}

/** False when it is none. */
function readV6(text: string, into: Words): boolean {
	const gap = text.indexOf('::');
	if (gap >= 0 && text.includes('::', gap + 1)) return false;
	const head = groupsOf(gap < 0 ? text : text.slice(0, gap), gap < 0);
	const tail = groupsOf(gap < 0 ? '' : text.slice(gap + 2), true);
	if (head === null || tail === null) return false;
	const missing = GROUPS - head.length - tail.length;
	if (gap < 0 ? missing !== 0 : missing < 1) return false;
	const groups = [...head, ...new Array<number>(missing).fill(0), ...tail];
	for (let i = 0; i < WORDS; i++) into[i] = ((groups[i * 2] as number) << 16) | (groups[i * 2 + 1] as number);
	return true;
}

/** Groups of 16 bits; an IPv4 address at the end of the whole is two of them. `null`: they are none. */
function groupsOf(text: string, isEnd: boolean): number[] | null {
	if (text === '') return [];
	const groups: number[] = [];
	const parts = text.split(':');
	for (const [index, part] of parts.entries()) {
		const v4 = isEnd && index === parts.length - 1 && part.includes('.') ? readV4(part) : null;
		if (v4 !== null) groups.push(v4 >>> 16, v4 & 0xffff);
		else if (GROUP.test(part)) groups.push(Number.parseInt(part, 16));
		else return null;
	}
	return groups;
}
