import fc from 'fast-check';
import { describe, expect, expectTypeOf, it } from 'vitest';
import type { RetryPolicy } from '../../src/config/config.ts';
import { ERROR_CODES, type ErrorCode, ProxyError } from '../../src/error.ts';
import type * as Telemetry from '../../src/ports/telemetry.ts';
import {
	decideRetry,
	isIdempotent,
	isRetriedStatus,
	type RetryInput,
	type RetryReason,
	type RetrySkipReason,
	SKIP_BUDGET,
	SKIP_CIRCUIT_OPEN,
} from '../../src/resilience/retry.ts';
import { SeededRandom } from '../support/seeded-random.ts';

const OUTBOUND: RetryPolicy = {
	attempts: 2,
	codes: [502, 503, 504],
	on: ['connect-failure', 'reset', 'refused-stream', 'timeout'],
	backoff: 0,
	methods: 'idempotent',
};

function failed(code: ErrorCode, unsent = false): ProxyError {
	return new ProxyError(code, '', { unsent });
}

/** A GET, written on a new connection that was then reset; all that is not said follows the defaults. */
function input(changes: Partial<RetryInput> = {}): RetryInput {
	return {
		error: failed('upstream_reset'),
		status: 0,
		retryAfterMs: 0,
		policy: OUTBOUND,
		method: 'GET',
		hasIdempotencyKey: false,
		attemptsMade: 1,
		responseStarted: false,
		bodyReplayable: true,
		remainingMs: Number.POSITIVE_INFINITY,
		isReused: false,
		hasWritten: true,
		hasRead: false,
		alreadyRacedOnce: false,
		activeRetries: 0,
		limitRetries: 0,
		random: new SeededRandom(1),
		...changes,
	};
}

/** The verdict in a word: the reason of a retry, or `not:` and the reason against it. */
function word(changes: Partial<RetryInput>): string {
	const verdict = decideRetry(input(changes));
	return verdict.retry ? verdict.reason : `not:${verdict.why}`;
}

const NO_CONNECTION = { hasWritten: false };
const POST = { method: 'POST' };
const REUSED = { isReused: true };
const OFF = { policy: null };

describe('retry decision: failures and conditions', () => {
	it.each<[ErrorCode, Partial<RetryInput>, string]>([
		['connect_failed', NO_CONNECTION, 'connect-failure'],
		['connect_timeout', NO_CONNECTION, 'connect-failure'],
		['upstream_tls_failed', NO_CONNECTION, 'connect-failure'],
		['upstream_identity_mismatch', NO_CONNECTION, 'connect-failure'],
		['upstream_reset', {}, 'reset'],
		['upstream_closed', {}, 'reset'],
		['attempt_timeout', {}, 'timeout'],
		['request_timeout', {}, 'not:deadline'],
		['client_closed', {}, 'not:client_gone'],
		['circuit_open', NO_CONNECTION, 'not:circuit_open'],
		['upstream_protocol_error', {}, 'not:condition'],
		['stream_idle', {}, 'not:condition'],
		['limit_connections', NO_CONNECTION, 'not:condition'],
		['limit_pending', NO_CONNECTION, 'not:condition'],
		['no_healthy_endpoint', NO_CONNECTION, 'not:condition'],
		['dns_failed', NO_CONNECTION, 'not:condition'],
		['body_too_large', {}, 'not:condition'],
		['overloaded', {}, 'not:condition'],
	])('%s %o is %s', (code, changes, expected) => {
		expect(word({ error: failed(code), ...changes })).toBe(expected);
	});

	it('calls a request that was written and yet provably not processed a refused stream', () => {
		expect(word({ error: failed('upstream_reset', true), ...POST })).toBe('refused-stream');
	});

	it.each([502, 503, 504])('repeats a listed status: %d', (status) => {
		expect(word({ error: null, status, hasRead: true })).toBe('status');
		expect(isRetriedStatus(OUTBOUND, status)).toBe(true);
	});

	it.each([200, 404, 500, 429])('does not repeat another status: %d', (status) => {
		expect(word({ error: null, status, hasRead: true })).toBe('not:condition');
		expect(isRetriedStatus(OUTBOUND, status)).toBe(false);
		expect(isRetriedStatus(null, status)).toBe(false);
	});

	it.each<[ErrorCode, boolean]>([
		['connect_failed', false],
		['upstream_reset', true],
		['attempt_timeout', true],
	])('does not repeat %s when the policy does not name its condition', (code, hasWritten) => {
		expect(word({ error: failed(code), hasWritten, policy: { ...OUTBOUND, on: [] } })).toBe('not:condition');
	});
});

describe('retry decision: methods', () => {
	it.each(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE'])('%s may be repeated', (method) => {
		expect(isIdempotent(method)).toBe(true);
		expect(word({ method })).toBe('reset');
	});

	it.each(['POST', 'PATCH', 'CONNECT', 'get', 'LINK'])('%s may not once it was written', (method) => {
		expect(isIdempotent(method)).toBe(false);
		expect(word({ method })).toBe('not:method');
		expect(word({ method, error: null, status: 503, hasRead: true })).toBe('not:method');
		expect(word({ method, error: failed('attempt_timeout') })).toBe('not:method');
	});

	it('repeats any method that was provably not sent', () => {
		for (const error of [failed('connect_failed', true), failed('upstream_closed'), failed('attempt_timeout')]) {
			expect(word({ ...POST, ...NO_CONNECTION, error })).not.toContain('not:');
		}
	});

	it('takes response bytes as proof that the request was sent', () => {
		expect(word({ ...POST, hasWritten: false, hasRead: true })).toBe('not:method');
	});

	it('with idempotencyKey repeats requests that carry the header, and idempotent ones', () => {
		const policy: RetryPolicy = { ...OUTBOUND, methods: 'idempotencyKey' };
		expect(word({ ...POST, policy })).toBe('not:method');
		expect(word({ ...POST, policy, hasIdempotencyKey: true })).toBe('reset');
		expect(word({ policy })).toBe('reset');
		expect(word({ ...POST, hasIdempotencyKey: true })).toBe('not:method');
	});

	it('with all repeats every method', () => {
		expect(word({ ...POST, policy: { ...OUTBOUND, methods: 'all' } })).toBe('reset');
	});
});

describe('retry decision: bounds', () => {
	it('repeats nothing once response bytes have reached the client', () => {
		expect(word({ responseStarted: true })).toBe('not:response_started');
		expect(word({ responseStarted: true, ...REUSED, ...NO_CONNECTION })).toBe('not:response_started');
	});

	it('repeats nothing when the policy is off', () => {
		expect(word(OFF)).toBe('not:off');
		expect(word({ ...OFF, error: null, status: 503 })).toBe('not:off');
		expect(word({ ...OFF, ...NO_CONNECTION, error: failed('connect_failed', true) })).toBe('not:off');
	});

	it('makes as many retries as the policy says beyond the first attempt', () => {
		expect([1, 2, 3, 4].map((attemptsMade) => word({ attemptsMade }))).toEqual([
			'reset',
			'reset',
			'not:attempts',
			'not:attempts',
		]);
		expect(word({ policy: { ...OUTBOUND, attempts: 0 } })).toBe('not:attempts');
	});

	it('does not repeat a body that was not kept', () => {
		expect(word({ bodyReplayable: false })).toBe('not:body_too_large');
		expect(word({ bodyReplayable: false, ...REUSED })).toBe('not:body_too_large');
	});

	it('does not wait past the deadline of the request', () => {
		const policy = { ...OUTBOUND, backoff: 100 };
		expect(word({ policy, remainingMs: 100 })).toBe('not:deadline');
		expect(word({ policy, remainingMs: 151 })).toBe('reset');
		expect(word({ remainingMs: 0, ...REUSED })).toBe('not:deadline');
	});

	it('keeps to the number of concurrent retries', () => {
		expect(word({ limitRetries: 3, activeRetries: 2 })).toBe('reset');
		expect(word({ limitRetries: 3, activeRetries: 3 })).toBe('not:limit_retries');
		expect(word({ limitRetries: 0, activeRetries: 1000 })).toBe('reset');
	});

	it('waits for its backoff, or longer when the answer asked for it', () => {
		const wait = (changes: Partial<RetryInput>) => {
			const verdict = decideRetry(input({ policy: { ...OUTBOUND, backoff: 100 }, ...changes }));
			return verdict.retry ? verdict.afterMs : Number.NaN;
		};
		expect(wait({})).toBeGreaterThanOrEqual(100);
		expect(wait({})).toBeLessThanOrEqual(150);
		expect(wait({ attemptsMade: 2 })).toBeGreaterThanOrEqual(200);
		expect(wait({ error: null, status: 503, retryAfterMs: 3000 })).toBe(3000);
		expect(wait({ error: null, status: 503, retryAfterMs: 1 })).toBeGreaterThanOrEqual(100);
	});

	it('leaves taking from the budget to the caller', () => {
		expect(decideRetry(input())).toMatchObject({ retry: true, spends: true, fresh: false });
		expect([SKIP_BUDGET, SKIP_CIRCUIT_OPEN]).toEqual([
			{ retry: false, why: 'budget' },
			{ retry: false, why: 'circuit_open' },
		]);
	});
});

describe('retry decision: the idle race', () => {
	it.each<ErrorCode>(['upstream_closed', 'upstream_reset'])('replays at once on a fresh connection: %s', (code) => {
		const verdict = decideRetry(input({ ...REUSED, error: failed(code) }));
		expect(verdict).toEqual({ retry: true, reason: 'idle-race', afterMs: 0, fresh: true, spends: false });
		expect(decideRetry(input({ ...REUSED, error: failed(code) }))).toBe(verdict);
	});

	it('is outside attempts, limits and conditions', () => {
		const policy = { ...OUTBOUND, attempts: 0, on: [] };
		expect(word({ ...REUSED, policy, attemptsMade: 9, limitRetries: 1, activeRetries: 1 })).toBe('idle-race');
	});

	it('is no longer one after a response byte, on a new connection, or the second time', () => {
		expect(word({ ...REUSED, hasRead: true })).toBe('reset');
		expect(word({ isReused: false })).toBe('reset');
		expect(word({ ...REUSED, alreadyRacedOnce: true })).toBe('reset');
		expect(word({ ...REUSED, error: failed('attempt_timeout') })).toBe('timeout');
	});

	it('does not replay a written POST, but one that was not written', () => {
		expect(word({ ...REUSED, ...POST })).toBe('not:method');
		expect(word({ ...REUSED, ...POST, ...NO_CONNECTION })).toBe('idle-race');
		expect(word({ ...REUSED, ...POST, error: failed('upstream_closed', true) })).toBe('idle-race');
		const policy: RetryPolicy = { ...OUTBOUND, methods: 'idempotencyKey' };
		expect(word({ ...REUSED, ...POST, policy, hasIdempotencyKey: true })).toBe('idle-race');
	});

	it('with retries off replays only what was provably not sent', () => {
		expect(word({ ...REUSED, ...OFF })).toBe('not:off');
		expect(word({ ...REUSED, ...OFF, ...POST, ...NO_CONNECTION })).toBe('idle-race');
	});
});

describe('retry decision: for any input', () => {
	const codes = Object.keys(ERROR_CODES) as ErrorCode[];
	const anyInput = fc.record({
		code: fc.constantFrom<ErrorCode | null>(null, ...codes, 'upstream_reset', 'upstream_closed', 'connect_failed'),
		unsent: fc.boolean(),
		status: fc.constantFrom(200, 500, 503),
		policy: fc.constantFrom<RetryPolicy | null>(
			null,
			OUTBOUND,
			{ ...OUTBOUND, attempts: 0 },
			{ ...OUTBOUND, on: ['reset'] },
		),
		method: fc.constantFrom('GET', 'POST'),
		attemptsMade: fc.integer({ min: 1, max: 4 }),
		responseStarted: fc.boolean(),
		bodyReplayable: fc.boolean(),
		remainingMs: fc.constantFrom(-5, 0, 10, 1e6, Number.POSITIVE_INFINITY),
		isReused: fc.boolean(),
		hasWritten: fc.boolean(),
		hasRead: fc.boolean(),
		alreadyRacedOnce: fc.boolean(),
		activeRetries: fc.nat(4),
		limitRetries: fc.nat(4),
	});

	it('never repeats what must not be repeated, and leaves its input alone', () => {
		fc.assert(
			fc.property(anyInput, ({ code, unsent, ...rest }) => {
				const i = input({ ...rest, error: code === null ? null : failed(code, unsent) });
				Object.freeze(i);
				const verdict = decideRetry(i);
				if (!verdict.retry) return;
				const isUnsent = i.error !== null && (i.error.unsent || (!i.hasWritten && !i.hasRead));
				expect(i.responseStarted).toBe(false);
				expect(i.bodyReplayable).toBe(true);
				expect(i.method === 'GET' || isUnsent).toBe(true);
				expect(verdict.afterMs).toBeLessThan(i.remainingMs);
				if (verdict.spends) expect(i.attemptsMade).toBeLessThanOrEqual(i.policy?.attempts ?? 0);
				else expect([i.isReused, i.hasRead, i.alreadyRacedOnce]).toEqual([true, false, false]);
			}),
			{ numRuns: 2000 },
		);
	});
});

it('names the same reasons as the metrics do', () => {
	expectTypeOf<RetryReason>().toEqualTypeOf<Telemetry.RetryReason>();
	expectTypeOf<RetrySkipReason>().toEqualTypeOf<Telemetry.RetrySkipReason>();
});
