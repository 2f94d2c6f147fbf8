/** Repeatable randomness: the same seed gives the same run, on every machine. */
import type { Random } from '../../src/clock.ts';

export class SeededRandom implements Random {
	private state: number;

	constructor(seed: number) {
		this.state = seed >>> 0;
	}

	/** Mulberry32: 32 bits of state, passes the usual tests, and fast enough for a fuzzer. */
	next(): number {
		this.state = (this.state + 0x6d2b79f5) | 0;
		let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
		t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
		return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
	}

	/** Whole number in [0, bound). */
	below(bound: number): number {
		return Math.floor(this.next() * bound);
	}

	chance(probability: number): boolean {
		return this.next() < probability;
	}

	pick<T>(items: readonly T[]): T {
		if (items.length === 0) throw new RangeError('nothing to pick from');
		return items[this.below(items.length)] as T;
	}

	hex(bytes: number): string {
		let out = '';
		for (let i = 0; i < bytes; i++) out += this.below(256).toString(16).padStart(2, '0');
		return out;
	}

	uuid(): string {
		const h = this.hex(16);
		const variant = (8 + this.below(4)).toString(16);
		return `${h.slice(0, 8)}-${h.slice(8, 12)}-4${h.slice(13, 16)}-${variant}${h.slice(17, 20)}-${h.slice(20)}`;
	}
}
