/**
 * The field names that the data path itself reads or writes, as small integers. A codec recognises them once while it
 * scans a head; everything after that compares integers, not strings.
 */
export const FieldId = {
	other: 0,
	host: 1,
	connection: 2,
	contentLength: 3,
	transferEncoding: 4,
	te: 5,
	trailer: 6,
	upgrade: 7,
	keepAlive: 8,
	proxyConnection: 9,
	expect: 10,
	http2Settings: 11,
	requestId: 12,
	traceparent: 13,
	tracestate: 14,
	b3: 15,
	forwardedFor: 16,
	forwardedProto: 17,
	forwardedHost: 18,
	forwardedClientCert: 19,
	contentType: 20,
	retryAfter: 21,
	idempotencyKey: 22,
	grpcTimeout: 23,
	cookie: 24,
	setCookie: 25,
	userAgent: 26,
	proxyStatus: 27,
	b3TraceId: 28,
	b3SpanId: 29,
	b3Sampled: 30,
	date: 31,
	server: 32,
} as const;

export type FieldId = (typeof FieldId)[keyof typeof FieldId];

/** Lower-case name of each id, in the order of the ids; `''` for `other`. */
export const FIELD_NAMES: readonly string[] = [
	'',
	'host',
	'connection',
	'content-length',
	'transfer-encoding',
	'te',
	'trailer',
	'upgrade',
	'keep-alive',
	'proxy-connection',
	'expect',
	'http2-settings',
	'x-request-id',
	'traceparent',
	'tracestate',
	'b3',
	'x-forwarded-for',
	'x-forwarded-proto',
	'x-forwarded-host',
	'x-forwarded-client-cert',
	'content-type',
	'retry-after',
	'idempotency-key',
	'grpc-timeout',
	'cookie',
	'set-cookie',
	'user-agent',
	'proxy-status',
	'x-b3-traceid',
	'x-b3-spanid',
	'x-b3-sampled',
	'date',
	'server',
];

const BY_NAME = new Map(FIELD_NAMES.map((name, id) => [name, id]));

/** Id of a lower-case name; `FieldId.other` when the data path has no interest in it. For names that come as strings. */
export function fieldIdOf(lowerName: string): number {
	return BY_NAME.get(lowerName) ?? FieldId.other;
}
