/** The heads of messages, shared by every protocol. What is here is validated: a codec hands on no other. */
import { HeaderList } from './header-list.ts';

/** How the end of a body is known (RFC 9112 §6.3). */
export const Framing = {
	/** No body. */
	none: 0,
	/** `contentLength` bytes. */
	length: 1,
	/** Self-delimiting: chunked on HTTP/1, END_STREAM on HTTP/2. */
	chunked: 2,
	/** Ends with the connection; responses only. */
	close: 3,
} as const;
export type Framing = (typeof Framing)[keyof typeof Framing];

/** Form of the request target (RFC 9112 §3.2). */
export const TargetForm = { origin: 0, absolute: 1, authority: 2, asterisk: 3 } as const;
export type TargetForm = (typeof TargetForm)[keyof typeof TargetForm];

/** HTTP versions as ten times major plus minor. */
export type HttpVersion = 10 | 11 | 20;

export class RequestHead {
	method = '';
	/** The target as it was received, for logs; never forwarded as it is. */
	target = '';
	targetForm: TargetForm = TargetForm.origin;
	version: HttpVersion = 11;
	/** Host and optional port that the request is for: `Host`, or what an absolute target says (RFC 9112 §3.2.2). `''` when HTTP/1.0 gave none. */
	authority = '';
	/** Normalised path (`http/path.ts`): what is matched, authorised and forwarded. `*` for the asterisk form, `''` for the authority form. */
	path = '';
	/** Query with its `?`, as received; `''` when there is none. */
	query = '';
	framing: Framing = Framing.none;
	/** Bytes of the body when `framing` is `length`; 0 without a body; -1 when unknown. */
	contentLength = 0;
	/** Whether the sender lets the connection be used again (RFC 9112 §9.3). */
	keepAlive = true;
	/** `Expect: 100-continue` from an HTTP/1.1 client. */
	expectsContinue = false;
	/** Value of `Upgrade` when `Connection` names it; `''` otherwise. */
	upgrade = '';
	/** `TE: trailers` was said. */
	acceptsTrailers = false;
	readonly headers = new HeaderList();
}

const HTTP = 'http';
const COLON = 0x3a;

/** Whether an https URL was asked for. Only an absolute target tells; its scheme is `http` or `https`. */
export function isForHttps({ targetForm, target }: Pick<RequestHead, 'targetForm' | 'target'>): boolean {
	return targetForm === TargetForm.absolute && target.charCodeAt(HTTP.length) !== COLON;
}

/**
 * What the next hop gets of a head, as a head of its own: a connection parses its next one into the same object. What is
 * between us and the client (persistence, upgrade, 100-continue) stays behind.
 */
export function copyForNextHop(head: RequestHead): RequestHead {
	const copy = new RequestHead();
	copy.method = head.method;
	copy.target = head.target;
	copy.targetForm = head.targetForm;
	copy.version = head.version;
	copy.authority = head.authority;
	copy.path = head.path;
	copy.query = head.query;
	copy.framing = head.framing;
	copy.contentLength = head.contentLength;
	copy.acceptsTrailers = head.acceptsTrailers;
	head.headers.forEach((name, value) => {
		copy.headers.append(name, value);
	});
	return copy;
}

export class ResponseHead {
	version: HttpVersion = 11;
	status = 0;
	reason = '';
	framing: Framing = Framing.none;
	/** Bytes of the body when `framing` is `length`; 0 without a body; -1 when unknown. */
	contentLength = 0;
	keepAlive = true;
	/** Seconds of `Keep-Alive: timeout=`; -1 when the peer did not say. */
	keepAliveTimeout = -1;
	/** Value of `Upgrade` of a 101; `''` otherwise. */
	upgrade = '';
	readonly headers = new HeaderList();
}
