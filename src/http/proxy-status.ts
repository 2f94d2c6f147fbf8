/**
 * The `proxy-status` of a local reply (RFC 9209). It always begins with our name, the registered error type and
 * `details="<code>"`; what follows are further parameters, which readers that do not know them ignore (RFC 9209 §2.1):
 * - `attempts`: how many there were, when one was not enough;
 * - for whom the reply may explain itself: `next-hop` and `received-status` of the last attempt, and `ledger`, the last
 *   attempts in short.
 */
import { ERROR_CODES, type ErrorCode } from '../error.ts';

/** One attempt as a verbose reply shows it; the fields of the attempt ledger. */
export interface ReplyAttempt {
	readonly endpoint: string;
	readonly isReused: boolean;
	readonly startMs: number;
	readonly connectMs: number;
	readonly firstByteMs: number;
	readonly outcome: string;
	readonly status: number;
	readonly durationMs: number;
	readonly backoffMs: number;
}

/** Attempts in `ledger`: as many as the defaults make, with one of the idle race. */
const MAX_LINES = 4;
/** Characters of an endpoint in the field; IPv6 with a port has 47, a socket's path may be long. */
const MAX_ENDPOINT = 64;
/** What a quoted string of a structured field may hold (RFC 9651 §3.3.3), without what would have to be escaped. */
const PLAIN = /^[ !#-[\]-~]+$/;

export function proxyStatus(code: ErrorCode, attempts: readonly ReplyAttempt[], isVerbose: boolean): string {
	const base = `outrigger; error=${ERROR_CODES[code].proxyStatus}; details="${code}"`;
	const count = attempts.length > 1 ? `; attempts=${attempts.length}` : '';
	const last = attempts[attempts.length - 1];
	if (!isVerbose || last === undefined) return base + count;
	const nextHop = PLAIN.test(last.endpoint) ? `; next-hop="${shown(last.endpoint)}"` : '';
	const received = last.status === 0 ? '' : `; received-status=${last.status}`;
	const ledger = attempts.slice(-MAX_LINES).map(inShort).join(', ');
	return `${base}${nextHop}${received}${count}; ledger="${ledger}"`;
}

/** Where, how it ended, and after how long: `127.0.0.1:8080 upstream_reset 12ms`. */
function inShort({ endpoint, outcome, durationMs }: ReplyAttempt): string {
	const where = PLAIN.test(endpoint) ? shown(endpoint) : '-';
	return `${where} ${outcome === '' ? '-' : outcome} ${Math.round(durationMs)}ms`;
}

function shown(endpoint: string): string {
	return endpoint.length > MAX_ENDPOINT ? `${endpoint.slice(0, MAX_ENDPOINT - 3)}...` : endpoint;
}
