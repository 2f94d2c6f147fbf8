/**
 * As much of DER (X.690) as is needed to find two extensions of a certificate that Node does not tell of, the key usage (RFC
 * 5280 §4.2.1.3) and the basic constraints (§4.2.1.9), and to tell certificates apart that stand one after the other. OpenSSL
 * has parsed the certificate whose extensions are wanted; what makes no sense here all the same reads as the value that is
 * refused.
 */

interface Value {
	readonly tag: number;
	readonly start: number;
	readonly end: number;
}

const BOOLEAN = 0x01;
const SEQUENCE = 0x30;
const OCTET_STRING = 0x04;
const BIT_STRING = 0x03;
/** `[3] EXPLICIT`: the extensions (RFC 5280 §4.1). */
const EXTENSIONS = 0xa3;
/** `id-ce-keyUsage`, 2.5.29.15, with its tag and length. */
const KEY_USAGE = Buffer.from([0x06, 0x03, 0x55, 0x1d, 0x0f]);
/** `id-ce-basicConstraints`, 2.5.29.19. */
const BASIC_CONSTRAINTS = Buffer.from([0x06, 0x03, 0x55, 0x1d, 0x13]);

/** Bits as the first byte of the BIT STRING has them: the most significant is the first of the list in RFC 5280. */
export const KeyUsage = { digitalSignature: 0x80, keyCertSign: 0x04, crlSign: 0x02 } as const;

/** The first byte of the key usage; `null`: the certificate does not say. */
export function keyUsageOf(certificate: Uint8Array): number | null {
	const content = extensionOf(certificate, KEY_USAGE);
	if (content === null) return null;
	const bits = valueAt(certificate, content.start, content.end);
	// The first byte of a BIT STRING counts the bits that are not used.
	if (bits?.tag !== BIT_STRING || bits.start + 1 >= bits.end) return 0;
	return certificate[bits.start + 1] ?? 0;
}

/**
 * Whether the basic constraints say CA. Node's `ca` is of no use: OpenSSL calls nobody a CA whose key usage does not let it
 * sign certificates.
 */
export function saysCa(certificate: Uint8Array): boolean {
	const content = extensionOf(certificate, BASIC_CONSTRAINTS);
	if (content === null) return false;
	const constraints = valueAt(certificate, content.start, content.end);
	if (constraints?.tag !== SEQUENCE) return true;
	// FALSE is the default, and DER leaves defaults out: whatever stands there but FALSE is meant to say TRUE.
	const first = valueAt(certificate, constraints.start, constraints.end);
	return first?.tag === BOOLEAN && (first.end !== first.start + 1 || certificate[first.start] !== 0);
}

/** What an extension holds, within its OCTET STRING; `null`: there is none of this kind. `id`: with its tag and length. */
function extensionOf(certificate: Uint8Array, id: Uint8Array): Value | null {
	const whole = valueAt(certificate, 0, certificate.length);
	const toBeSigned = whole === null ? null : valueAt(certificate, whole.start, whole.end);
	if (toBeSigned === null) return null;
	for (const field of valuesIn(certificate, toBeSigned)) {
		if (field.tag !== EXTENSIONS) continue;
		const list = valueAt(certificate, field.start, field.end);
		return list === null ? null : contentAmong(certificate, list, id);
	}
	return null;
}

function contentAmong(bytes: Uint8Array, list: Value, id: Uint8Array): Value | null {
	for (const extension of valuesIn(bytes, list)) {
		const { start, end, tag } = extension;
		if (tag !== SEQUENCE || !startsWith(bytes, start, id)) continue;
		for (const part of valuesIn(bytes, { tag, start: start + id.length, end })) {
			if (part.tag === OCTET_STRING) return part;
		}
	}
	return null;
}

/** The values that stand one after the other in `bytes`, with their heads. `null`: there is something else as well. */
export function derValues(bytes: Uint8Array): Uint8Array[] | null {
	const values: Uint8Array[] = [];
	for (let at = 0; at < bytes.length; ) {
		const value = valueAt(bytes, at, bytes.length);
		if (value === null) return null;
		values.push(bytes.subarray(at, value.end));
		at = value.end;
	}
	return values;
}

function startsWith(bytes: Uint8Array, at: number, wanted: Uint8Array): boolean {
	return wanted.every((byte, index) => bytes[at + index] === byte);
}

function* valuesIn(bytes: Uint8Array, { start, end }: Value): Generator<Value> {
	for (let at = start; at < end; ) {
		const value = valueAt(bytes, at, end);
		if (value === null) return;
		yield value;
		at = value.end;
	}
}

/** Definite lengths of at most four bytes: DER has no others that fit a certificate. */
function valueAt(bytes: Uint8Array, at: number, limit: number): Value | null {
	const tag = bytes[at];
	const first = bytes[at + 1];
	if (tag === undefined || first === undefined) return null;
	let start = at + 2;
	let length = first;
	if (first >= 0x80) {
		const count = first & 0x7f;
		if (count === 0 || count > 4) return null;
		length = 0;
		for (const byte of bytes.subarray(start, start + count)) length = length * 256 + byte;
		start += count;
	}
	const end = start + length;
	return end > limit ? null : { tag, start, end };
}
