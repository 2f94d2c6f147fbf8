/** How gRPC says that a call has ended: `grpc-status` and `grpc-message` (gRPC over HTTP/2, "Responses"). */

/** Those that have a meaning of their own here. */
export const GrpcStatus = {
	ok: 0,
	invalidArgument: 3,
	permissionDenied: 7,
	unimplemented: 12,
} as const;

const NAMES: Readonly<Record<number, string>> = {
	3: 'INVALID_ARGUMENT',
	7: 'PERMISSION_DENIED',
	12: 'UNIMPLEMENTED',
	14: 'UNAVAILABLE',
};

/** Characters of a message that are shown. */
const MAX_MESSAGE_CHARS = 200;

/** For people: `grpc-status 7 (PERMISSION_DENIED): no identity issued`. */
export function toldStatus(status: number, message: string): string {
	const name = NAMES[status];
	return `grpc-status ${status}${name === undefined ? '' : ` (${name})`}${message && `: ${message}`}`;
}

/** The value of `grpc-message`, decoded and cut. Whoever encodes badly is shown as it came. */
export function grpcMessage(text: string): string {
	try {
		return decodeURIComponent(text).slice(0, MAX_MESSAGE_CHARS);
	} catch {
		return text.slice(0, MAX_MESSAGE_CHARS);
	}
}
