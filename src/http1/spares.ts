/**
 * What is lent for a moment to one after the other. The one that was given back last goes first: it is still in the processor's
 * caches, where those of fifty connections of their own would not be.
 */

/** Of what parses heads: few of them come in pieces at a time. */
export const SPARE_PARSERS = 16;

export class Spares<T> {
	private readonly free: T[] = [];
	private readonly max: number;

	/** Beyond `max` they are left to the garbage collector. */
	constructor(max: number) {
		this.max = max;
	}

	/** `undefined`: there is none. */
	take(): T | undefined {
		return this.free.pop();
	}

	/** It is in nobody's use, and as good as new. */
	give(one: T): void {
		if (this.free.length < this.max) this.free.push(one);
	}
}
