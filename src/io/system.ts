/** The process's own clock, randomness and timer: handed out by `app.ts`, replaced by tests. */
import { randomFillSync } from 'node:crypto';
import type { Clock, Random } from '../clock.ts';

export const systemClock: Clock = {
	now: () => performance.now(),
	wall: () => Date.now(),
};

/** Bytes drawn from the kernel at once: ids for about 200 requests, so that the call costs each of them some 20 ns. */
const POOL_BYTES = 8192;
const POOL_DIGITS = POOL_BYTES * 2;
const UUID_DIGITS = 32;
/** The variant digit (RFC 9562 §4.1) for each hex digit: its two upper bits become 10. */
const VARIANT = '89ab89ab89ab89ab';

class SystemRandom implements Random {
	private readonly bytes = Buffer.allocUnsafeSlow(POOL_BYTES);
	/** The pool as hex; digits before `at` have been handed out and are never used again. */
	private digits = '';
	private at = POOL_DIGITS;

	next(): number {
		return Math.random();
	}

	hex(bytes: number): string {
		const wanted = bytes * 2;
		let start = this.at;
		if (start + wanted > POOL_DIGITS) {
			if (wanted > POOL_DIGITS) return randomFillSync(Buffer.allocUnsafe(bytes)).toString('hex');
			this.refill();
			start = 0;
		}
		this.at = start + wanted;
		return this.digits.slice(start, start + wanted);
	}

	uuid(): string {
		if (this.at + UUID_DIGITS > POOL_DIGITS) this.refill();
		const d = this.digits;
		const i = this.at;
		this.at = i + UUID_DIGITS;
		const variant = VARIANT[d.charCodeAt(i + 16) & 15] as string;
		return `${d.slice(i, i + 8)}-${d.slice(i + 8, i + 12)}-4${d.slice(i + 13, i + 16)}-${variant}${d.slice(i + 17, i + 20)}-${d.slice(i + 20, i + 32)}`;
	}

	private refill(): void {
		this.digits = randomFillSync(this.bytes).toString('hex');
		this.at = 0;
	}
}

export const systemRandom: Random = new SystemRandom();
