/**
 * The one place where an error becomes a response. `REPLIES` names every code, so a new one does not compile until it is
 * said here what it does to the connection and which key of the route file governs it.
 */
import type { ErrorCode, ProxyError } from '../error.ts';
import type { ResponseHead } from './head.ts';
import { hasContent, ownHead, setLength } from './own-response.ts';
import { proxyStatus, type ReplyAttempt } from './proxy-status.ts';

export interface LocalReplyOptions {
	/** `''` when the request had no head to take one from. */
	readonly requestId: string;
	/** The peer is on loopback, or the file says `localReplies: verbose`. */
	readonly verbose: boolean;
	readonly attempts: readonly ReplyAttempt[];
	/** The key that governs the outcome, where the exchange knows better than the code does. */
	readonly setting?: string;
	/** The request was gRPC (`isGrpcContentType`): its client reads `grpc-status`, not the HTTP status. */
	readonly isGrpc?: boolean;
}

export interface LocalReply {
	readonly head: ResponseHead;
	/** Leaving it out of the answer to HEAD is the caller's part. */
	readonly body: string;
}

interface ReplyFacts {
	/** Key of the route file that governs the code; `''` when none does. */
	readonly setting: string;
	/** The connection cannot be trusted, or must not be kept, after this reply. */
	readonly closes?: true;
	/** `retry-after` belongs to the code: at least a second is said even when nobody knows how long. */
	readonly retryAfter?: true;
	/** Whoever was refused learns nothing more. */
	readonly terse?: true;
}

const REPLIES: Readonly<Record<ErrorCode, ReplyFacts>> = {
	no_route: { setting: 'inbound.unmatched' },
	no_backend: { setting: 'backendRefs' },
	unknown_host: { setting: 'outbound.unknownHosts' },
	loop_detected: { setting: 'app.port' },
	no_healthy_endpoint: { setting: 'service.outlierDetection' },
	dns_failed: { setting: 'service.dns' },
	connect_failed: { setting: 'app.port' },
	connect_timeout: { setting: 'service.connect.timeout' },
	upstream_tls_failed: { setting: 'service.tls' },
	upstream_identity_mismatch: { setting: 'service.tls.subjectAltNames' },
	upstream_closed: { setting: 'retry' },
	upstream_reset: { setting: 'retry' },
	upstream_protocol_error: { setting: 'app.protocol' },
	request_timeout: { setting: 'timeouts.request' },
	attempt_timeout: { setting: 'timeouts.backendRequest' },
	stream_idle: { setting: 'timeouts.idle' },
	circuit_open: { setting: 'service.circuitBreaker', retryAfter: true },
	limit_requests: { setting: 'service.limits.requests' },
	limit_pending: { setting: 'service.limits.pending' },
	limit_connections: { setting: 'service.connect.maxConnections' },
	rate_limited: { setting: 'rateLimit', retryAfter: true },
	not_authorized: { setting: 'authorization', terse: true },
	fault_injected: { setting: 'fault' },
	client_closed: { setting: '' },
	bad_request: { setting: '', closes: true },
	head_timeout: { setting: 'limits.headTimeout', closes: true },
	body_too_large: { setting: 'limits.requestBody', closes: true },
	target_too_long: { setting: '', closes: true },
	head_too_large: { setting: 'limits.headerBytes', closes: true },
	unsupported_coding: { setting: '', closes: true },
	unsupported_version: { setting: '', closes: true },
	overloaded: { setting: 'limits.connections', closes: true },
	draining: { setting: 'shutdown.drain', closes: true },
};

/** The request is still being sent: its rest cannot be told from a next request. */
const REQUEST_TIMEOUT = 408;

export function localReply(error: ProxyError, options: LocalReplyOptions): LocalReply {
	const facts = REPLIES[error.code];
	const isTold = options.verbose && facts.terse !== true;
	const head = ownHead(error.status, proxyStatus(error.code, options.attempts, isTold), options.requestId);
	head.keepAlive = facts.closes !== true && error.status !== REQUEST_TIMEOUT;
	const { headers } = head;
	if (facts.retryAfter === true || error.retryAfterSeconds > 0) {
		headers.append('retry-after', String(Math.max(1, Math.ceil(error.retryAfterSeconds))));
	}
	if (options.isGrpc === true) return asGrpc(head, error, options);
	if (!hasContent(error.status)) {
		setLength(head, 0);
		return { head, body: '' };
	}
	const body = replyBody(error, facts, options);
	headers.append('content-type', 'application/json');
	setLength(head, new TextEncoder().encode(body).length);
	return { head, body };
}

/** The key of the route file that governs a code; `''` when none does. */
export function settingOf(code: ErrorCode): string {
	return REPLIES[code].setting;
}

/**
 * The same as it stands in the file for what was called. `where`: `services.payments`; another key, where that alone made a
 * service of it; `''` for the app.
 */
export function settingAt(code: ErrorCode, where: string): string {
	const { setting } = REPLIES[code];
	if (where === '' || !/^(?:app|service)\./.test(setting)) return setting;
	if (!where.startsWith('services.')) return where;
	switch (setting) {
		case 'app.port':
		case 'service.dns':
			return `${where}.endpoints`;
		case 'app.protocol':
			return `${where}.protocol`;
		default:
			return `${where}${setting.slice('service'.length)}`;
	}
}

/** Whether a request's `content-type` says gRPC (`application/grpc`, `application/grpc+proto`, …). */
export function isGrpcContentType(value: string | undefined): boolean {
	if (value === undefined || !value.startsWith('application/grpc')) return false;
	const next = value.charAt('application/grpc'.length);
	return next === '' || next === '+' || next === ';';
}

function replyBody(error: ProxyError, facts: ReplyFacts, options: LocalReplyOptions): string {
	const { requestId } = options;
	if (!options.verbose || facts.terse === true) return JSON.stringify({ error: error.code, requestId });
	const attempts = options.attempts.map(
		({ endpoint, isReused, startMs, connectMs, firstByteMs, outcome, status, durationMs, backoffMs }) => ({
			endpoint,
			isReused,
			startMs,
			connectMs,
			firstByteMs,
			outcome,
			status,
			durationMs,
			backoffMs,
		}),
	);
	const setting = options.setting ?? facts.setting;
	return JSON.stringify({ error: error.code, requestId, detail: error.detail, attempts, setting });
}

/** A response that is trailers only: the status travels in the header block (gRPC over HTTP/2, "Responses"). */
function asGrpc(head: ResponseHead, error: ProxyError, options: LocalReplyOptions): LocalReply {
	const isTold = options.verbose && REPLIES[error.code].terse !== true && error.detail !== '';
	head.status = 200;
	head.reason = 'OK';
	head.headers.append('content-type', 'application/grpc');
	head.headers.append('grpc-status', String(grpcStatus(error)));
	head.headers.append('grpc-message', percentEncode(isTold ? `${error.code}: ${error.detail}` : error.code));
	setLength(head, 0);
	return { head, body: '' };
}

/**
 * By code where gRPC has a word for it: a deadline that has passed is DEADLINE_EXCEEDED (4), a call whose own client has
 * left is CANCELLED (1); neither is tried again. Else gRPC's own table for an answer that is not gRPC
 * (doc/http-grpc-status-mapping.md).
 */
function grpcStatus({ code, status }: ProxyError): number {
	if (code === 'request_timeout') return 4;
	if (code === 'client_closed') return 1;
	switch (status) {
		case 400:
			return 13;
		case 401:
			return 16;
		case 403:
			return 7;
		case 404:
			return 12;
		case 429:
		case 502:
		case 503:
		case 504:
			return 14;
		default:
			return 2;
	}
}

/** `grpc-message`: printable ASCII but `%` stands for itself, all other bytes of the UTF-8 form are escaped. */
function percentEncode(text: string): string {
	let encoded = '';
	for (const byte of new TextEncoder().encode(text)) {
		const isPlain = byte >= 0x20 && byte <= 0x7e && byte !== 0x25;
		encoded += isPlain ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
	}
	return encoded;
}
