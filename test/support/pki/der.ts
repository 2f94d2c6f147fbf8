/** DER (X.690), as much of it as certificates take; also what no certificate should say. */

export function tlv(tag: number, ...content: readonly Buffer[]): Buffer {
	const value = Buffer.concat(content);
	return Buffer.concat([Buffer.from([tag, ...lengthOf(value.length)]), value]);
}

function lengthOf(length: number): number[] {
	if (length < 0x80) return [length];
	const bytes: number[] = [];
	for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
	return [0x80 | bytes.length, ...bytes];
}

export const sequence = (...content: readonly Buffer[]): Buffer => tlv(0x30, ...content);
export const set = (...content: readonly Buffer[]): Buffer => tlv(0x31, ...content);
/** [n], constructed. */
export const explicit = (n: number, ...content: readonly Buffer[]): Buffer => tlv(0xa0 | n, ...content);
/** [n], primitive. */
export const implicit = (n: number, content: Buffer): Buffer => tlv(0x80 | n, content);
export const TRUE = Buffer.from([0x01, 0x01, 0xff]);
export const NULL = Buffer.from([0x05, 0x00]);
export const octets = (content: Buffer): Buffer => tlv(0x04, content);
export const bits = (content: Buffer, unused = 0): Buffer => tlv(0x03, Buffer.from([unused]), content);
export const utf8 = (text: string): Buffer => tlv(0x0c, Buffer.from(text, 'utf8'));

/** Not negative. */
export function integer(value: number | Buffer): Buffer {
	const bytes = typeof value === 'number' ? Buffer.from([value]) : value;
	return tlv(0x02, (bytes[0] ?? 0) < 0x80 ? bytes : Buffer.concat([Buffer.from([0]), bytes]));
}

export function oid(dotted: string): Buffer {
	const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
	return tlv(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

function base128(value: number): number[] {
	const bytes = [value & 0x7f];
	for (let rest = value >>> 7; rest > 0; rest >>>= 7) bytes.unshift(0x80 | (rest & 0x7f));
	return bytes;
}

/** RFC 5280 §4.1.2.5: UTCTime up to 2049, GeneralizedTime after. */
export function time(date: Date): Buffer {
	const text = `${date.toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`;
	const isUtcTime = date.getUTCFullYear() < 2050;
	return tlv(isUtcTime ? 0x17 : 0x18, Buffer.from(isUtcTime ? text.slice(2) : text, 'latin1'));
}
