/**
 * How many hedges a rule may make: a share of its requests, so that a service that has become slow as a whole does not get
 * its requests twice.
 *
 * Theory of operation. Each request puts its share of a hedge into a purse, each hedge takes a whole one out. The purse holds
 * `BURST` at most and begins empty: in any span of time there are at most so many hedges more than the share of the requests
 * in it, and over all time not one. It counts in hundredths, which the usual percentages put in without a rest.
 */

/** A stall of a few milliseconds slows several requests at once. What is saved up for it is little beside any real load. */
export const BURST = 10;
const WHOLE = 100;

export class HedgeBudget {
	private readonly percent: number;
	private saved = 0;

	/** `percent`: hedges of a hundred requests. */
	constructor(percent: number) {
		this.percent = percent;
	}

	/** A request that may be hedged has begun. */
	earn(): void {
		this.saved = Math.min(BURST * WHOLE, this.saved + this.percent);
	}

	/** It pays for one more. */
	get hasOne(): boolean {
		return this.saved >= WHOLE;
	}

	/** Only after `hasOne`. */
	spend(): void {
		this.saved -= WHOLE;
	}
}
