import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LatencyQuantile, MIN_SAMPLES, UNKNOWN } from '../../src/resilience/latency-quantile.ts';

/** One part in 32, and the unit in which short times are counted. */
const PRECISION = 1 / 32;
const UNIT_MS = 1 / 1024;
const SPAN_MS = 15_000;

function exact(samples: readonly number[], quantile: number): number {
	const sorted = [...samples].sort((a, b) => a - b);
	return sorted[Math.ceil(quantile * sorted.length - 1e-9) - 1] as number;
}

/** From microseconds to minutes, all orders of magnitude alike. */
const latency = fc.double({ min: -6, max: 13, noNaN: true }).map((exponent) => Math.exp(exponent));

describe('the quantile of recent attempts', () => {
	it('is at least the exact one and at most one part in 32 longer', () => {
		const quantiles = fc.constantFrom(0.5, 0.9, 0.95, 0.99);
		const samples = fc.array(latency, { minLength: MIN_SAMPLES, maxLength: 400 });
		fc.assert(
			fc.property(quantiles, samples, (quantile, values) => {
				const known = new LatencyQuantile(quantile, 0);
				for (const value of values) known.observe(value, 1);
				const wanted = exact(values, quantile);
				const found = known.valueAt(1);
				expect(found).toBeGreaterThanOrEqual(wanted);
				expect(found).toBeLessThanOrEqual(wanted * (1 + PRECISION) + UNIT_MS);
			}),
		);
	});

	it('is that of the samples of this span of 15 seconds and the one before', () => {
		const step = fc.record({ waitMs: fc.integer({ min: 0, max: 300 }), value: latency });
		fc.assert(
			fc.property(fc.array(step, { minLength: 150, maxLength: 400 }), (steps) => {
				const known = new LatencyQuantile(0.95, 0);
				const all: { at: number; value: number }[] = [];
				let now = 0;
				for (const { waitMs, value } of steps) {
					now += waitMs;
					known.observe(value, now);
					all.push({ at: now, value });
				}
				const since = (Math.floor(now / SPAN_MS) - 1) * SPAN_MS;
				const window = all.filter(({ at }) => at >= since).map(({ value }) => value);
				const found = known.valueAt(now);
				if (window.length < MIN_SAMPLES) {
					expect(found).toBe(UNKNOWN);
					return;
				}
				expect(found).toBeGreaterThanOrEqual(exact(window, 0.95));
				expect(found).toBeLessThanOrEqual(exact(window, 0.95) * (1 + PRECISION) + UNIT_MS);
			}),
			{ numRuns: 50 },
		);
	});

	it('is not known before there are enough samples, nor after they have left the window', () => {
		const known = new LatencyQuantile(0.95, 0);
		for (let i = 1; i < MIN_SAMPLES; i++) known.observe(5, 0);
		expect(known.valueAt(0)).toBe(UNKNOWN);
		known.observe(5, 0);
		expect(known.valueAt(0)).toBeCloseTo(5, 0);
		expect(known.valueAt(29_999)).toBeCloseTo(5, 0);
		expect(known.valueAt(30_000)).toBe(UNKNOWN);
	});

	it('forgets all at once when nothing has come for longer than the window', () => {
		const known = new LatencyQuantile(0.95, 0);
		for (let i = 0; i < 1000; i++) known.observe(5, 0);
		for (let i = 0; i < MIN_SAMPLES; i++) known.observe(80, 1_000_000);
		expect(known.valueAt(1_000_000)).toBeCloseTo(80, -1);
	});

	it('follows a service that has become slow within two spans', () => {
		const known = new LatencyQuantile(0.95, 0);
		let now = 0;
		for (; now < 60_000; now += 10) known.observe(2, now);
		for (const end = now + 30_000; now < end; now += 10) known.observe(50, now);
		expect(known.valueAt(now)).toBeGreaterThanOrEqual(50);
	});

	it('takes what no clock should say', () => {
		const known = new LatencyQuantile(0.95, 0);
		for (const odd of [-1, 0, 1e12, Number.POSITIVE_INFINITY]) {
			for (let i = 0; i < MIN_SAMPLES; i++) known.observe(odd, 0);
		}
		expect(known.valueAt(0)).toBeGreaterThan(1_000_000);
	});
});
