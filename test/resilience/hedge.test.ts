import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RetryPolicy } from '../../src/config/config.ts';
import { decideHedge, givesWay, type HedgeInput, type HedgeVerdict, Hedging } from '../../src/resilience/hedge.ts';

const FINE: HedgeInput = {
	made: 0,
	max: 1,
	method: 'GET',
	isUpgrade: false,
	bodyReplayable: true,
	hasSession: false,
	responseStarted: false,
	hasEndpoint: true,
	hasBudget: true,
};

/** In the order of the reasons: of several the first is told. */
const OBSTACLES: readonly [HedgeVerdict, Partial<HedgeInput>][] = [
	['response_started', { responseStarted: true }],
	['max', { made: 1 }],
	['method', { method: 'POST' }],
	['method', { isUpgrade: true }],
	['body', { bodyReplayable: false }],
	['session', { hasSession: true }],
	['no_endpoint', { hasEndpoint: false }],
	['budget', { hasBudget: false }],
];

describe('whether a request is hedged', () => {
	it('is yes when nothing speaks against it', () => {
		expect(decideHedge(FINE)).toBe('hedge');
	});

	it.each(OBSTACLES)('is no: %s', (why, obstacle) => {
		expect(decideHedge({ ...FINE, ...obstacle })).toBe(why);
	});

	it('tells the first of several reasons', () => {
		fc.assert(
			fc.property(fc.subarray([...OBSTACLES], { minLength: 1 }), (met) => {
				const input = Object.assign({ ...FINE }, ...met.map(([, obstacle]) => obstacle));
				expect(decideHedge(input)).toBe(met[0]?.[0]);
			}),
		);
	});

	it.each(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE'])('may be yes for %s', (method) => {
		expect(decideHedge({ ...FINE, method })).toBe('hedge');
	});

	it.each(['POST', 'PATCH', 'CONNECT', 'get', 'BREW'])('is no for %s', (method) => {
		expect(decideHedge({ ...FINE, method })).toBe('method');
	});

	it('allows as many as the rule says', () => {
		const verdicts = [0, 1, 2, 3].map((made) => decideHedge({ ...FINE, made, max: 3 }));
		expect(verdicts).toEqual(['hedge', 'hedge', 'hedge', 'max']);
	});
});

describe('an answer while another attempt is under way', () => {
	const policy: RetryPolicy = { attempts: 1, codes: [429, 503], on: [], methods: 'idempotent', backoff: 0 };

	it.each([
		[503, true],
		[429, true],
		[500, false],
		[502, false],
		[200, false],
	])('with status %i gives way where the rule retries 429 and 503: %s', (status, expected) => {
		expect(givesWay(policy, status)).toBe(expected);
	});

	it.each([
		[502, true],
		[503, true],
		[504, true],
		[500, false],
		[429, false],
		[200, false],
	])('with status %i gives way where no status is retried: %s', (status, expected) => {
		expect(givesWay(null, status)).toBe(expected);
		expect(givesWay({ ...policy, codes: [] }, status)).toBe(expected);
	});
});

describe('how long an attempt may take alone', () => {
	const p95 = { after: 'p95', max: 1, budgetPercent: 5 } as const;

	it('is what the rule says', () => {
		const hedging = new Hedging({ ...p95, after: 40 }, 0);
		hedging.observe(7, 0);
		expect(hedging.afterMs(0)).toBe(40);
	});

	it('is not known before enough attempts have been seen', () => {
		expect(new Hedging(p95, 0).afterMs(0)).toBeLessThan(0);
	});

	it('is as long as 95 of 100 took, and never below a millisecond', () => {
		const slow = new Hedging(p95, 0);
		for (let i = 1; i <= 100; i++) slow.observe(i, 0);
		expect(slow.afterMs(0)).toBeGreaterThanOrEqual(95);
		expect(slow.afterMs(0)).toBeLessThan(98);
		const fast = new Hedging(p95, 0);
		for (let i = 1; i <= 100; i++) fast.observe(0.1, 0);
		expect(fast.afterMs(0)).toBe(1);
	});
});
