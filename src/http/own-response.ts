/** What every response has that the sidecar makes by itself, be it a local reply (an error) or the answer of a rule. */
import { Framing, ResponseHead } from './head.ts';

/** Reason phrases (RFC 9110 §15, RFC 6585, RFC 5842, RFC 8470); 499 is for logs and metrics alone. */
const REASONS: Readonly<Record<number, string>> = {
	200: 'OK',
	201: 'Created',
	202: 'Accepted',
	203: 'Non-Authoritative Information',
	204: 'No Content',
	205: 'Reset Content',
	206: 'Partial Content',
	300: 'Multiple Choices',
	301: 'Moved Permanently',
	302: 'Found',
	303: 'See Other',
	304: 'Not Modified',
	307: 'Temporary Redirect',
	308: 'Permanent Redirect',
	400: 'Bad Request',
	401: 'Unauthorized',
	402: 'Payment Required',
	403: 'Forbidden',
	404: 'Not Found',
	405: 'Method Not Allowed',
	406: 'Not Acceptable',
	407: 'Proxy Authentication Required',
	408: 'Request Timeout',
	409: 'Conflict',
	410: 'Gone',
	411: 'Length Required',
	412: 'Precondition Failed',
	413: 'Content Too Large',
	414: 'URI Too Long',
	415: 'Unsupported Media Type',
	416: 'Range Not Satisfiable',
	417: 'Expectation Failed',
	421: 'Misdirected Request',
	422: 'Unprocessable Content',
	425: 'Too Early',
	426: 'Upgrade Required',
	428: 'Precondition Required',
	429: 'Too Many Requests',
	431: 'Request Header Fields Too Large',
	451: 'Unavailable For Legal Reasons',
	499: 'Client Closed Request',
	500: 'Internal Server Error',
	501: 'Not Implemented',
	502: 'Bad Gateway',
	503: 'Service Unavailable',
	504: 'Gateway Timeout',
	505: 'HTTP Version Not Supported',
	507: 'Insufficient Storage',
	508: 'Loop Detected',
	511: 'Network Authentication Required',
};

const NO_CONTENT = 204;
const RESET_CONTENT = 205;
const NOT_MODIFIED = 304;

/** A head with what says who answered. `requestId` is `''` when the request had no head to take one from. */
export function ownHead(status: number, proxyStatus: string, requestId: string): ResponseHead {
	const head = new ResponseHead();
	head.status = status;
	// An unknown status has an empty phrase: RFC 9112 §4 allows it, and nobody reads one.
	head.reason = REASONS[status] ?? '';
	head.headers.append('proxy-status', proxyStatus);
	if (requestId !== '') head.headers.append('x-request-id', requestId);
	return head;
}

/** A rule or an injected fault may have any status, those that must not carry content included (RFC 9110 §6.4.1). */
export function hasContent(status: number): boolean {
	return status >= 200 && status !== NO_CONTENT && status !== RESET_CONTENT && status !== NOT_MODIFIED;
}

/** Says how long the body is. The statuses that never have one must not say it (RFC 9110 §8.6); 205 must (§15.3.6). */
export function setLength(head: ResponseHead, bytes: number): void {
	if (bytes === 0 && !hasContent(head.status) && head.status !== RESET_CONTENT) return;
	head.headers.append('content-length', String(bytes));
	head.framing = bytes === 0 ? Framing.none : Framing.length;
	head.contentLength = bytes;
}

/**
 * Whether an answer of ours would say what is not so: a 2xx to CONNECT means that a tunnel is open, and has no content
 * (RFC 9110 §9.3.6). What the sidecar says by itself opens none.
 */
export function promisesTunnel(method: string, status: number): boolean {
	return method === 'CONNECT' && status >= 200 && status < 300;
}

/** In its place (RFC 9110 §15.6.2). 405 would have to list methods that are allowed, and the rule may allow any. */
export const NO_TUNNEL_STATUS = 501;
