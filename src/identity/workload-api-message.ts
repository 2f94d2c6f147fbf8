/**
 * The answer of `FetchX509SVID` (SPIFFE Workload API §5.1), by hand. As protocol buffers have it, unknown fields are passed
 * over and of several values the last counts; what makes no sense makes the whole message nothing. Nothing is thrown, and
 * nothing is read outside of the message.
 */

export interface X509Svid {
	readonly spiffeId: string;
	/** DER, one certificate after the other, the leaf first. */
	readonly certificates: Uint8Array;
	/** PKCS #8 in DER. */
	readonly key: Uint8Array;
	/** DER, one authority after the other. */
	readonly bundle: Uint8Array;
	readonly hint: string;
}

/** The bytes are views of the message. */
export interface X509SvidResponse {
	/** The first is the default (§5.3). */
	readonly svids: readonly X509Svid[];
	/** How many there are: they are not read. */
	readonly revocationLists: number;
	/** DER of the authorities, by the id of their trust domain. */
	readonly federatedBundles: ReadonlyMap<string, Uint8Array>;
}

/** Of each kind: far more than anybody has, and an empty one takes but two bytes of the message. */
const MAX_ENTRIES = 4096;
/** Longest varint. */
const MAX_VARINT_BYTES = 10;
const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;
const EMPTY: Uint8Array = new Uint8Array(0);

/** `null`: not such a message. */
export function readX509SvidResponse(message: Uint8Array): X509SvidResponse | null {
	const svids: X509Svid[] = [];
	const federatedBundles = new Map<string, Uint8Array>();
	let revocationLists = 0;
	const isWhole = eachField(message, (field, value) => {
		if (field === 1) {
			const svid = readSvid(value);
			if (svid !== null) svids.push(svid);
			return svid !== null && svids.length <= MAX_ENTRIES;
		}
		if (field === 2) return ++revocationLists <= MAX_ENTRIES;
		return field !== 3 || (addBundle(value, federatedBundles) && federatedBundles.size <= MAX_ENTRIES);
	});
	return isWhole ? { svids, revocationLists, federatedBundles } : null;
}

function readSvid(message: Uint8Array): X509Svid | null {
	let spiffeId: string | null = '';
	let hint: string | null = '';
	let certificates = EMPTY;
	let key = EMPTY;
	let bundle = EMPTY;
	const isWhole = eachField(message, (field, value) => {
		if (field === 1) spiffeId = textOf(value);
		else if (field === 2) certificates = value;
		else if (field === 3) key = value;
		else if (field === 4) bundle = value;
		else if (field === 5) hint = textOf(value);
		return spiffeId !== null && hint !== null;
	});
	return isWhole ? { spiffeId, certificates, key, bundle, hint } : null;
}

/** An entry of a map: field 1 is the key, field 2 the value. */
function addBundle(entry: Uint8Array, bundles: Map<string, Uint8Array>): boolean {
	let key: string | null = '';
	let value = EMPTY;
	const isWhole = eachField(entry, (field, bytes) => {
		if (field === 1) key = textOf(bytes);
		else if (field === 2) value = bytes;
		return key !== null;
	});
	if (isWhole) bundles.set(key, value);
	return isWhole;
}

/** `null`: not UTF-8. */
function textOf(bytes: Uint8Array): string | null {
	try {
		return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
	} catch {
		return null;
	}
}

/** Visits the fields that have a length, in their order, until the visitor says no. False: no, or it is no message. */
function eachField(message: Uint8Array, visit: (field: number, value: Uint8Array) => boolean): boolean {
	const reader = new Reader(message);
	while (!reader.isAtEnd) {
		const tag = reader.varint();
		const field = Math.floor(tag / 8);
		if (reader.isBroken || field === 0) return false;
		const wireType = tag % 8;
		if (wireType === VARINT) reader.varint();
		else if (wireType === FIXED64) reader.bytes(8);
		else if (wireType === FIXED32) reader.bytes(4);
		else if (wireType !== BYTES) return false;
		else {
			const value = reader.bytes(reader.varint());
			if (!reader.isBroken && !visit(field, value)) return false;
		}
		if (reader.isBroken) return false;
	}
	return true;
}

class Reader {
	private readonly message: Uint8Array;
	private at = 0;
	isBroken = false;

	constructor(message: Uint8Array) {
		this.message = message;
	}

	get isAtEnd(): boolean {
		return this.at >= this.message.length;
	}

	/** Exact up to 2⁵³: beyond that no number of ours is meant. */
	varint(): number {
		let value = 0;
		for (let i = 0; i < MAX_VARINT_BYTES; i++) {
			const byte = this.message[this.at++];
			if (byte === undefined) break;
			value += (byte & 0x7f) * 2 ** (7 * i);
			if (byte < 0x80) return value;
		}
		this.isBroken = true;
		return 0;
	}

	bytes(count: number): Uint8Array {
		if (this.isBroken || count > this.message.length - this.at) {
			this.isBroken = true;
			return EMPTY;
		}
		const start = this.at;
		this.at += count;
		return this.message.subarray(start, this.at);
	}
}
