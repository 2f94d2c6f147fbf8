/**
 * A request as somebody describes it: on the command line, in `tests`, at the admin port, or as it was recorded. It goes
 * through the codec that real ones go through, so that what is malformed is refused here as it is there.
 */
import type { HeaderValue, RouteTest, Side } from '../config/config.ts';
import { ProxyError } from '../error.ts';
import { applyForwarded } from '../http/forwarded.ts';
import type { RequestHead } from '../http/head.ts';
import { DEFAULT_HEAD_LIMITS, type HeadLimits } from '../http1/limits.ts';
import { RequestParser } from '../http1/request-parser.ts';

export type AskedRequest = RouteTest['request'] & WayIn;

/** By which port a request comes. */
export interface WayIn {
	readonly side: Side;
	/** By the port of this service (`services.<name>.listen`); absent or `''`: by the one of its side. */
	readonly service?: string;
}

/** Without what goes without saying. */
export function wayIn(side: Side, service: string): WayIn {
	return service === '' ? { side } : { side, service };
}

export const WITHOUT_PORT_OF_SERVICE = 'only calls of the app, which are `outbound`, come by the port of a service';

/** Where a request is said to come from that nobody has sent. */
const LOOPBACK = '127.0.0.1';
const REQUEST_LINE =
	/^\s*(?:([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s+)?(?:[Hh][Tt][Tt][Pp][Ss]?:\/\/([^/?#\s]*))?([/?*][^\s#]*)?(?:#\S*)?\s*$/;
const CONNECT_LINE = /^\s*CONNECT\s+(\S+)\s*$/;
const DEFAULT_HOST = 'localhost';
/** Whether a head is small enough is the listener's business: nobody explains that to whoever asks in a few words. */
const LIMITS: HeadLimits = { ...DEFAULT_HEAD_LIMITS, headerBytes: 2 ** 20, headers: 10_000 };
export const REQUEST_EXPECTED = "a request such as 'GET http://orders/x', '/x' (of localhost) or 'CONNECT db:443'";

/**
 * `POST http://orders/x?y`, with GET when no method is given and `localhost` when no host is; `null` when it is none.
 * A `host` among the headers takes the place of the URL's, as it does for curl.
 */
export function parseAsked(line: string, headers: readonly HeaderValue[], way: WayIn): AskedRequest | null {
	const host = headers.find(({ name }) => name.toLowerCase() === 'host')?.value;
	const others = headers.filter(({ name }) => name.toLowerCase() !== 'host');
	const named = others.map(({ name, value }) => ({ name: name.toLowerCase(), value }));
	const tunnel = CONNECT_LINE.exec(line)?.[1];
	if (tunnel !== undefined) return { ...way, method: 'CONNECT', host: tunnel, path: '', headers: named };
	const match = REQUEST_LINE.exec(line);
	if (match === null || (match[2] === undefined && match[3] === undefined)) return null;
	const [, method = 'GET', authority = DEFAULT_HOST, target = '/'] = match;
	const path = target.startsWith('?') ? `/${target}` : target;
	return { ...way, method, host: host ?? authority, path, headers: named };
}

/** The same the other way round, as it is told. */
export function requestLine({ method, host, path }: Pick<AskedRequest, 'method' | 'host' | 'path'>): string {
	if (method === 'CONNECT') return `CONNECT ${host}`;
	return path === '*' ? `${method} * of ${host}` : `${method} http://${host}${path}`;
}

/** `x-a: 1` → name and value; `null` when it is no header line. */
export function parseHeaderLine(line: string): HeaderValue | null {
	const match = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n\0]*?)[ \t]*$/.exec(line);
	return match === null ? null : { name: match[1] ?? '', value: match[2] ?? '' };
}

/** The head as the rules get to see it, or why the listener refuses it. */
export function headOf(asked: AskedRequest): RequestHead | ProxyError {
	const { method, host, path, headers, side } = asked;
	const target = method === 'CONNECT' ? host : path;
	const fields = headers.map(({ name, value }) => `${name}: ${value}\r\n`).join('');
	const isOneLine = ![method, target, host].some((part) => /[\r\n]/.test(part));
	const isWhole = isOneLine && headers.every(({ name, value }) => !/[\r\n]/.test(name + value));
	if (!isWhole) return new ProxyError('bad_request', 'a line break in the head');
	const head = headOfText(`${method} ${target} HTTP/1.1\r\nHost: ${host}\r\n${fields}\r\n`);
	return head instanceof ProxyError ? head : asSeenBy(side, head);
}

/** With what the sidecar has written into a head by the time its rules see it. */
export function asSeenBy(side: Side, head: RequestHead): RequestHead {
	if (side === 'inbound') {
		applyForwarded(head, { peerAddress: LOOPBACK, scheme: 'http', certificateElement: '', trustedHops: 0 });
	}
	return head;
}

/** The same for the text of a head as it stood on the wire, one character a byte. */
export function headOfText(text: string): RequestHead | ProxyError {
	let result: RequestHead | ProxyError = new ProxyError('bad_request', 'the head is not complete');
	const parser = new RequestParser(
		{
			onRequestHead: (head) => {
				result = head;
			},
			onBody: ignore,
			onMessageEnd: ignore,
			onParseError: (error) => {
				result = error;
			},
		},
		LIMITS,
	);
	const bytes = Buffer.from(text, /^[\0-\xff]*$/.test(text) ? 'latin1' : 'utf8');
	parser.feed(bytes, 0, bytes.length);
	return result;
}

function ignore(): void {
	// A head has no body.
}
