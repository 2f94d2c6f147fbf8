/** Which failures of an attempt say something about the service: the words of `circuitBreaker.failures`. */
import type { BreakerFailure } from '../config/service-config.ts';
import type { ErrorCode } from '../error.ts';

const KINDS: Partial<Record<ErrorCode, BreakerFailure>> = {
	dns_failed: 'connect',
	connect_failed: 'connect',
	connect_timeout: 'connect',
	upstream_tls_failed: 'connect',
	upstream_closed: 'reset',
	upstream_reset: 'reset',
	attempt_timeout: 'timeout',
	request_timeout: 'timeout',
	upstream_protocol_error: 'malformed',
};

/** `undefined`: it says nothing (a limit of our own, a client that left). */
export function failureKind(code: ErrorCode): BreakerFailure | undefined {
	return KINDS[code];
}
