/** The process's own clock, randomness and digest: handed out by `app.ts`, replaced by tests. */
import { createHash, randomFillSync } from 'node:crypto';
import type { Clock, Random } from '../clock.ts';

export const systemClock: Clock = {
	now: () => performance.now(),
	wall: () => Date.now(),
};

/** In base64url: short, and nobody finds two texts of one digest. */
export function sha256(text: string): string {
	return createHash('sha256').update(text).digest('base64url');
}

/** Bytes drawn from the kernel at once: for about 200 requests, so that the call costs each of them some 20 ns. */
const POOL_BYTES = 4096;
const POOL_DIGITS = POOL_BYTES * 2;
const UUID_BYTES = 16;
/** Digits with four dashes. */
const UUID_LENGTH = 36;
const VERSION_BYTE = 6;
const VARIANT_BYTE = 8;
const HEX_DIGITS = '0123456789abcdef';
const UUIDS = POOL_BYTES / UUID_BYTES;

class SystemRandom implements Random {
	private readonly bytes = Buffer.allocUnsafeSlow(POOL_BYTES);
	/** The pool as hex; digits before `at` have been handed out and are never used again. */
	private digits = '';
	private at = POOL_DIGITS;
	/** UUIDs one after the other, made together: an id is then one slice, not a dozen. */
	private uuids = '';
	private uuidAt = 0;

	next(): number {
		return Math.random();
	}

	hex(bytes: number): string {
		const wanted = bytes * 2;
		let start = this.at;
		if (start + wanted > POOL_DIGITS) {
			if (wanted > POOL_DIGITS) return randomFillSync(Buffer.allocUnsafe(bytes)).toString('hex');
			this.digits = randomFillSync(this.bytes).toString('hex');
			start = 0;
		}
		this.at = start + wanted;
		return this.digits.slice(start, start + wanted);
	}

	uuid(): string {
		if (this.uuidAt >= this.uuids.length) {
			this.uuids = makeUuids(randomFillSync(this.bytes));
			this.uuidAt = 0;
		}
		const start = this.uuidAt;
		this.uuidAt = start + UUID_LENGTH;
		return this.uuids.slice(start, start + UUID_LENGTH);
	}
}

/** The bytes as version-4 UUIDs (RFC 9562 §5.4), joined. */
function makeUuids(bytes: Buffer): string {
	const text = Buffer.alloc(UUIDS * UUID_LENGTH, '-');
	let at = 0;
	for (let i = 0; i < bytes.length; i++) {
		const k = i % UUID_BYTES;
		let byte = bytes[i] as number;
		if (k === VERSION_BYTE) byte = (byte & 0x0f) | 0x40;
		else if (k === VARIANT_BYTE) byte = (byte & 0x3f) | 0x80;
		// A dash stands before the bytes 4, 6, 8 and 10.
		if (k >= 4 && k <= 10 && k % 2 === 0) at++;
		text[at++] = HEX_DIGITS.charCodeAt(byte >> 4);
		text[at++] = HEX_DIGITS.charCodeAt(byte & 15);
	}
	return text.toString('latin1');
}

export const systemRandom: Random = new SystemRandom();
