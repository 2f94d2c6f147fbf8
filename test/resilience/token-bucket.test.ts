import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TokenBucket, type TokenFlow } from '../../src/resilience/token-bucket.ts';

const flowOf = (requests: number, per: number, burst = 0): TokenFlow => ({ requests, per, burst });

function takenAt(bucket: TokenBucket, now: number): number {
	let taken = 0;
	while (bucket.take(now) === 0) taken++;
	return taken;
}

/** The same in whole numbers without any rounding: a token is worth `per`, a millisecond brings `requests`. */
class ExactBucket {
	private readonly flow: TokenFlow;
	private inside: bigint;
	private lastNow = 0;

	constructor(flow: TokenFlow) {
		this.flow = flow;
		this.inside = this.capacity;
	}

	private get capacity(): bigint {
		return BigInt(this.flow.requests + this.flow.burst) * BigInt(this.flow.per);
	}

	/** Whole milliseconds until the next token, rounded up; 0 when one was taken. */
	take(now: number): number {
		const elapsed = Math.max(0, now - this.lastNow);
		this.lastNow = now;
		const filled = this.inside + BigInt(elapsed) * BigInt(this.flow.requests);
		this.inside = filled > this.capacity ? this.capacity : filled;
		const token = BigInt(this.flow.per);
		if (this.inside >= token) {
			this.inside -= token;
			return 0;
		}
		const requests = BigInt(this.flow.requests);
		return Number((token - this.inside + requests - 1n) / requests);
	}
}

describe('token bucket', () => {
	it('begins full, with the burst on top', () => {
		expect(takenAt(new TokenBucket(flowOf(10, 1000), 0), 0)).toBe(10);
		expect(takenAt(new TokenBucket(flowOf(10, 1000, 5), 0), 0)).toBe(15);
	});

	it('fills evenly, and never beyond what it keeps', () => {
		const bucket = new TokenBucket(flowOf(10, 1000, 2), 0);
		expect([0, 99, 100, 350, 1000, 60_000].map((now) => takenAt(bucket, now))).toEqual([12, 0, 1, 2, 7, 12]);
	});

	it('says how long the next token takes, and keeps its word', () => {
		const bucket = new TokenBucket(flowOf(3, 1000), 0);
		takenAt(bucket, 0);
		expect(bucket.take(100)).toBeCloseTo(1000 / 3 - 100, 6);
		let now = 0;
		for (let i = 0; i < 10_000; i++) {
			now += bucket.take(now);
			expect(bucket.take(now)).toBe(0);
		}
	});

	it('yields exactly what flows in while it is drained all the time, after a year of uptime', () => {
		const begun = 365 * 24 * 3600 * 1000 + 0.1;
		const bucket = new TokenBucket(flowOf(7, 1000), begun);
		takenAt(bucket, begun);
		let taken = 0;
		for (let i = 1; i <= 300_000; i++) taken += takenAt(bucket, begun + i * 33.3);
		expect(taken).toBe(Math.floor((300_000 * 33.3 * 7) / 1000));
	});

	it('says when it will be full', () => {
		const bucket = new TokenBucket(flowOf(10, 1000, 10), 0);
		expect(bucket.msUntilFull(0)).toBe(0);
		takenAt(bucket, 0);
		expect([bucket.msUntilFull(0), bucket.msUntilFull(500), bucket.msUntilFull(5000)]).toEqual([2000, 1500, 0]);
	});

	it('gives nothing away and loses nothing when the clock goes back', () => {
		const bucket = new TokenBucket(flowOf(10, 1000), 10_000);
		expect(takenAt(bucket, 10_000)).toBe(10);
		expect([9000, 0, 99, 100].map((now) => takenAt(bucket, now))).toEqual([0, 0, 0, 1]);
	});

	it('does what exact arithmetic does, under any sequence of calls', () => {
		const flow = fc.record({
			requests: fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 1000 })),
			per: fc.oneof(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 100_000 })),
			burst: fc.nat(5),
		});
		const gap = fc.oneof(
			fc.constant(0),
			fc.nat(3),
			fc.nat(1000),
			fc.nat(10_000_000),
			fc.integer({ min: -5000, max: -1 }),
		);
		fc.assert(
			fc.property(flow, fc.array(gap, { maxLength: 300 }), (settings, gaps) => {
				const bucket = new TokenBucket(settings, 0);
				const model = new ExactBucket(settings);
				let now = 0;
				for (const elapsed of gaps) {
					now += elapsed;
					const wait = bucket.take(now);
					expect(wait).toBeGreaterThanOrEqual(0);
					expect(Math.max(0, Math.ceil(wait - 1e-6))).toBe(model.take(now));
				}
			}),
			{ numRuns: 500 },
		);
	});
});
