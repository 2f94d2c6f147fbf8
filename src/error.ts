/**
 * Everything that can go wrong with an exchange, as one closed union.
 *
 * A failure is a value: it is made where it is noticed (raw socket errors are translated at the socket's edge only),
 * carried with its cause, and turned into a response in exactly one place (`http/local-reply.ts`). It is no `Error`:
 * capturing a stack for each refused request would be a gift to whoever floods us.
 */

/** Who is to blame, which decides what the caller is told and whether another attempt can help. */
export type ErrorSource = 'downstream' | 'upstream' | 'internal';

interface CodeFacts {
	/** Status of the local reply; 499 is sent to the app alone, for a call whose own client has left. */
	readonly status: number;
	/** Envoy's response flag, `''` where there is none. */
	readonly flag: string;
	readonly source: ErrorSource;
	/** The registered error type of RFC 9209 §2.3. */
	readonly proxyStatus: string;
}

function fact(status: number, flag: string, source: ErrorSource, proxyStatus: string): CodeFacts {
	return { status, flag, source, proxyStatus };
}

/** The closed list of codes with their public facts (`docs/errors.md`). */
export const ERROR_CODES = {
	no_route: fact(404, 'NR', 'internal', 'destination_not_found'),
	no_backend: fact(500, 'NC', 'internal', 'proxy_configuration_error'),
	unknown_host: fact(502, 'NR', 'internal', 'destination_not_found'),
	loop_detected: fact(508, '', 'internal', 'proxy_loop_detected'),
	no_healthy_endpoint: fact(503, 'UH', 'upstream', 'destination_unavailable'),
	dns_failed: fact(503, 'DF', 'upstream', 'dns_error'),
	connect_failed: fact(503, 'UF', 'upstream', 'connection_refused'),
	connect_timeout: fact(503, 'UF', 'upstream', 'connection_timeout'),
	upstream_tls_failed: fact(503, 'UF', 'upstream', 'tls_protocol_error'),
	upstream_identity_mismatch: fact(503, 'UF', 'upstream', 'tls_certificate_error'),
	upstream_closed: fact(503, 'UC', 'upstream', 'connection_terminated'),
	upstream_reset: fact(503, 'UR', 'upstream', 'connection_terminated'),
	upstream_protocol_error: fact(502, 'UPE', 'upstream', 'http_protocol_error'),
	request_timeout: fact(504, 'UT', 'upstream', 'http_response_timeout'),
	attempt_timeout: fact(504, 'UT', 'upstream', 'http_response_timeout'),
	/** 408 while the request is still being sent, 504 once it has ended: `ProxyError.status` decides. */
	stream_idle: fact(504, 'SI', 'upstream', 'connection_read_timeout'),
	circuit_open: fact(503, 'UO', 'upstream', 'destination_unavailable'),
	limit_requests: fact(503, 'UO', 'internal', 'connection_limit_reached'),
	limit_pending: fact(503, 'UO', 'internal', 'connection_limit_reached'),
	limit_connections: fact(503, 'UO', 'internal', 'connection_limit_reached'),
	rate_limited: fact(429, 'RL', 'internal', 'http_request_denied'),
	not_authorized: fact(403, '', 'internal', 'http_request_denied'),
	fault_injected: fact(503, 'FI', 'internal', 'proxy_internal_response'),
	client_closed: fact(499, 'DC', 'downstream', 'http_request_error'),
	bad_request: fact(400, 'DPE', 'downstream', 'http_request_error'),
	head_timeout: fact(408, 'DPE', 'downstream', 'http_request_error'),
	body_too_large: fact(413, 'DPE', 'downstream', 'http_request_error'),
	target_too_long: fact(414, 'DPE', 'downstream', 'http_request_error'),
	head_too_large: fact(431, 'DPE', 'downstream', 'http_request_error'),
	unsupported_coding: fact(501, 'DPE', 'downstream', 'http_request_error'),
	unsupported_version: fact(505, 'DPE', 'downstream', 'http_request_error'),
	overloaded: fact(503, 'OM', 'internal', 'connection_limit_reached'),
	draining: fact(503, '', 'internal', 'destination_unavailable'),
} as const satisfies Record<string, CodeFacts>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** One failure of one exchange or attempt. Immutable. */
export class ProxyError {
	readonly code: ErrorCode;
	/** For people: what was seen, without secrets. Shown on loopback or with `localReplies: verbose`. */
	readonly detail: string;
	/** The system's or the peer's own error, kept for the log. */
	readonly cause: unknown;
	/** True when not one byte of the request can have reached the upstream: any method may be retried. */
	readonly unsent: boolean;
	/** Status of the local reply where the code alone does not decide it. */
	readonly status: number;
	/** Seconds for `retry-after`; 0 when there is none. */
	readonly retryAfterSeconds: number;
	/** Key of the route file that governs it where the code alone does not decide that; `''`: none does. */
	readonly setting: string | undefined;

	constructor(
		code: ErrorCode,
		detail: string,
		options?: { cause?: unknown; unsent?: boolean; status?: number; retryAfterSeconds?: number; setting?: string },
	) {
		this.code = code;
		this.detail = detail;
		this.cause = options?.cause;
		this.unsent = options?.unsent ?? false;
		this.status = options?.status ?? ERROR_CODES[code].status;
		this.retryAfterSeconds = options?.retryAfterSeconds ?? 0;
		this.setting = options?.setting;
	}

	get flag(): string {
		return ERROR_CODES[this.code].flag;
	}

	get source(): ErrorSource {
		return ERROR_CODES[this.code].source;
	}
}
