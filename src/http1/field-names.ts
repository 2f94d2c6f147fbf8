/** Recognises the field names that the data path knows while a head is scanned: bytes in, `FieldId` out, no strings. */
import { FIELD_NAMES } from '../http/field-id.ts';

/** Room for the longest known name; power of two so that a row is a shift away. */
const ROW_SHIFT = 5;
const MAX_NAME = 1 << ROW_SHIFT;
const BUCKETS = 1024;
/** Lower-cases letters; digits and `-` have the bit already. */
const LOWER = 0x20;

const rows = new Uint8Array(FIELD_NAMES.length << ROW_SHIFT);
const lengths = new Uint8Array(FIELD_NAMES.length);
/** First id of each bucket, and the next id of the same bucket; 0 ends a chain. */
const firstOf = new Uint8Array(BUCKETS);
const nextOf = new Uint8Array(FIELD_NAMES.length);

function bucket(length: number, first: number, middle: number): number {
	return (length * 31 + first * 7 + middle) & (BUCKETS - 1);
}

for (let id = 1; id < FIELD_NAMES.length; id++) {
	const name = FIELD_NAMES[id] as string;
	for (let i = 0; i < name.length; i++) rows[(id << ROW_SHIFT) + i] = name.charCodeAt(i);
	lengths[id] = name.length;
	const slot = bucket(name.length, name.charCodeAt(0), name.charCodeAt(name.length >> 1));
	nextOf[id] = firstOf[slot] as number;
	firstOf[slot] = id;
}

/** Id of the name in bytes[start, end), which must be a token. */
export function fieldIdOfBytes(bytes: Uint8Array, start: number, end: number): number {
	const length = end - start;
	if (length > MAX_NAME) return 0;
	const slot = bucket(length, (bytes[start] as number) | LOWER, (bytes[start + (length >> 1)] as number) | LOWER);
	let id = firstOf[slot] as number;
	while (id !== 0 && !(lengths[id] === length && isNamed(bytes, start, length, id << ROW_SHIFT)))
		id = nextOf[id] as number;
	return id;
}

function isNamed(bytes: Uint8Array, start: number, length: number, row: number): boolean {
	const known = rows;
	for (let i = 0; i < length; i++) {
		if (((bytes[start + i] as number) | LOWER) !== known[row + i]) return false;
	}
	return true;
}
