/**
 * Whether a failed attempt is followed by another, as a value with its reason.
 *
 * `decideRetry` only looks: taking from the budget is the caller's second step. When it says `retry` with `spends`, the
 * caller asks `RetryBudget.tryTake` (and the breaker), and falls back on `SKIP_BUDGET` (or `SKIP_CIRCUIT_OPEN`).
 */
import type { Random } from '../clock.ts';
import type { RetryCondition, RetryPolicy } from '../config/config.ts';
import type { ErrorCode, ProxyError } from '../error.ts';
import { backoffMs } from './backoff.ts';

/** Why an attempt is repeated (`outrigger_retries_total`). */
export type RetryReason = RetryCondition | 'status' | 'idle-race';

/** Why it is not (`outrigger_retries_skipped_total`). */
export type RetrySkipReason =
	| 'off'
	| 'attempts'
	| 'method'
	| 'condition'
	| 'body_too_large'
	| 'budget'
	| 'limit_retries'
	| 'deadline'
	| 'response_started'
	| 'client_gone'
	| 'circuit_open';

/** Everything that the decision rests on. The caller may keep one object and fill it anew. */
export interface RetryInput {
	/** How the attempt failed; `null` when it was answered, with `status`. */
	error: ProxyError | null;
	/** Status of the answer; 0 without one. */
	status: number;
	/** Wait that the answer asked for (`retryAfterMs`); 0 without. */
	retryAfterMs: number;
	/** `null`: `retry: off`. */
	policy: RetryPolicy | null;
	method: string;
	/** The request carries `Idempotency-Key`. */
	hasIdempotencyKey: boolean;
	/** Attempts begun so far, this one included; replays of the idle race are not counted. */
	attemptsMade: number;
	/** Bytes of a response have reached the client. */
	responseStarted: boolean;
	/** There is no body, or all of it that was taken from the client is still kept. */
	bodyReplayable: boolean;
	/** Until the deadline of the request; Infinity without one. */
	remainingMs: number;
	/** `UpstreamStream.isReused`, `hasWritten` and `hasRead` of the attempt; all false when it got no connection. */
	isReused: boolean;
	hasWritten: boolean;
	hasRead: boolean;
	/** This exchange has replayed an idle race before. */
	alreadyRacedOnce: boolean;
	/** Retries of the service under way (`RetryBudget.active`), and `limits.retries`; 0 when unset. */
	activeRetries: number;
	limitRetries: number;
	random: Random;
}

export type RetryVerdict =
	| {
			readonly retry: true;
			readonly reason: RetryReason;
			readonly afterMs: number;
			/** Ask for a connection that has carried nothing yet. */
			readonly fresh: boolean;
			/** Counts as an attempt and is paid from the budget. */
			readonly spends: boolean;
	  }
	| { readonly retry: false; readonly why: RetrySkipReason };

type Skip = Extract<RetryVerdict, { retry: false }>;

function skip(why: RetrySkipReason): Skip {
	return Object.freeze({ retry: false, why });
}

const SKIP_OFF = skip('off');
const SKIP_ATTEMPTS = skip('attempts');
const SKIP_METHOD = skip('method');
const SKIP_CONDITION = skip('condition');
const SKIP_BODY = skip('body_too_large');
const SKIP_LIMIT = skip('limit_retries');
const SKIP_DEADLINE = skip('deadline');
const SKIP_RESPONSE_STARTED = skip('response_started');
const SKIP_CLIENT_GONE = skip('client_gone');
/** For the caller's second step. */
export const SKIP_BUDGET: RetryVerdict = skip('budget');
export const SKIP_CIRCUIT_OPEN: RetryVerdict = skip('circuit_open');

const IDLE_RACE: RetryVerdict = Object.freeze({
	retry: true,
	reason: 'idle-race',
	afterMs: 0,
	fresh: true,
	spends: false,
});

export function decideRetry(i: RetryInput): RetryVerdict {
	const code = i.error === null ? '' : i.error.code;
	if (code === 'client_closed') return SKIP_CLIENT_GONE;
	if (i.responseStarted) return SKIP_RESPONSE_STARTED;
	if (code === 'circuit_open') return SKIP_CIRCUIT_OPEN;
	if (code === 'request_timeout' || i.remainingMs <= 0) return SKIP_DEADLINE;
	if (isIdleRace(i)) return IDLE_RACE;
	if (i.policy === null) return SKIP_OFF;
	const reason = retryReason(i, i.policy);
	if (reason === null) return SKIP_CONDITION;
	if (i.attemptsMade > i.policy.attempts) return SKIP_ATTEMPTS;
	if (!isUnsent(i) && !isRepeatable(i, i.policy)) return SKIP_METHOD;
	if (!i.bodyReplayable) return SKIP_BODY;
	const own = backoffMs(i.attemptsMade, i.policy.backoff, i.random, i.remainingMs);
	const afterMs = Math.max(own, i.retryAfterMs);
	if (afterMs >= i.remainingMs) return SKIP_DEADLINE;
	if (i.limitRetries > 0 && i.activeRetries >= i.limitRetries) return SKIP_LIMIT;
	return { retry: true, reason, afterMs, fresh: false, spends: true };
}

/** Whether an answer's status is one that the policy repeats; any other answer is no failure and needs no decision. */
export function isRetriedStatus(policy: RetryPolicy | null, status: number): boolean {
	return policy?.codes.includes(status) ?? false;
}

/** Idempotent methods (RFC 9110 §9.2.2). */
export function isIdempotent(method: string): boolean {
	switch (method) {
		case 'GET':
		case 'HEAD':
		case 'OPTIONS':
		case 'TRACE':
		case 'PUT':
		case 'DELETE':
			return true;
		default:
			return false;
	}
}

/**
 * A reused connection that died without a response byte was most likely closed by the app while the request was on its
 * way (RFC 9112 §9.3.1): it is replayed once, outside attempts and budget. With `retry: off` only where the request was
 * provably not sent: then this is no second try of anything, just the choice of a connection that works.
 */
function isIdleRace(i: RetryInput): boolean {
	if (i.error === null || !isIdleRaceLost(i.error.code, i.isReused, i.hasRead)) return false;
	if (i.alreadyRacedOnce || !i.bodyReplayable) return false;
	return isUnsent(i) || (i.policy !== null && isRepeatable(i, i.policy));
}

/** Whether an attempt has ended as those do that meet a connection which the other side is just closing. */
export function isIdleRaceLost(code: ErrorCode, isReused: boolean, hasRead: boolean): boolean {
	return isReused && !hasRead && (code === 'upstream_closed' || code === 'upstream_reset');
}

/** Not one byte of the request can have been acted upon. */
function isUnsent(i: RetryInput): boolean {
	return i.error !== null && (i.error.unsent || !(i.hasWritten || i.hasRead));
}

function isRepeatable(i: RetryInput, policy: RetryPolicy): boolean {
	switch (policy.methods) {
		case 'all':
			return true;
		case 'idempotencyKey':
			return i.hasIdempotencyKey || isIdempotent(i.method);
		case 'idempotent':
			return isIdempotent(i.method);
	}
}

/** The condition of the policy that the failure meets. */
function retryReason(i: RetryInput, policy: RetryPolicy): RetryReason | null {
	if (i.error === null) return policy.codes.includes(i.status) ? 'status' : null;
	const condition = conditionOf(i.error, i.hasWritten);
	return condition !== null && policy.on.includes(condition) ? condition : null;
}

function conditionOf(error: ProxyError, hasWritten: boolean): RetryCondition | null {
	switch (error.code) {
		case 'connect_failed':
		case 'connect_timeout':
		case 'upstream_tls_failed':
		case 'upstream_identity_mismatch':
			return 'connect-failure';
		case 'upstream_closed':
		case 'upstream_reset':
			// Written and yet unsent: the peer said so (REFUSED_STREAM, GOAWAY beyond our stream).
			return error.unsent && hasWritten ? 'refused-stream' : 'reset';
		case 'attempt_timeout':
			return 'timeout';
		default:
			return null;
	}
}
