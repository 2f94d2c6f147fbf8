/** From a scanned head to a `ResponseHead`: framing (RFC 9112 §6.3) and persistence (§9.3), and the little that is mended. */
import { ProxyError } from '../error.ts';
import { ConnectionOption, connectionOptions } from '../http/connection-options.ts';
import { FieldId } from '../http/field-id.ts';
import { agreedContentLength, Coding, parseContentLength, transferCoding } from '../http/framing.ts';
import type { ResponseHead } from '../http/head.ts';
import { Framing } from '../http/head.ts';
import { SPAN } from '../http/header-list.ts';
import { elementEnd, equalsLower, skipWhitespace, trimEnd } from '../http/tokens.ts';
import type { StatusLine } from './status-line.ts';

const OK_REASON = 'OK';
/** `timeout=` values above a day say nothing more; it also keeps absurd digits out of the arithmetic. */
const MAX_KEEP_ALIVE_SECONDS = 86_400;

/** Fills `head` from its own header list and the line; returns what is wrong, or `null`. `method` is what was asked. */
export function finishResponseHead(head: ResponseHead, line: StatusLine, method: string): ProxyError | null {
	const { headers } = head;
	const { text, spans, parsed } = headers;
	head.version = line.version;
	head.status = line.status;
	head.reason = reasonOf(text, line);
	head.upgrade = '';
	head.keepAliveTimeout = -1;
	let lengths = 0;
	let lengthAt = 0;
	let codings = 0;
	let options = 0;
	for (let k = 0, o = 0; k < parsed; k++, o += SPAN) {
		const id = spans[o + 4] as number;
		if (id === 0 || id > FieldId.keepAlive) continue;
		const start = spans[o + 2] as number;
		const end = spans[o + 3] as number;
		if (id === FieldId.contentLength) {
			lengths++;
			lengthAt = o;
		} else if (id === FieldId.connection) options |= connectionOptions(text, start, end);
		else if (id === FieldId.transferEncoding) codings++;
		else if (id === FieldId.keepAlive)
			head.keepAliveTimeout = Math.max(head.keepAliveTimeout, keepAliveTimeout(text, start, end));
		else if (id === FieldId.upgrade && head.status === 101 && head.upgrade === '')
			head.upgrade = text.slice(start, end);
	}
	// RFC 9110 §15.2.2: it must say what it switches to. Readers disagree on what a 101 is that does not.
	if (head.status === 101 && head.upgrade === '') return bad('101 without Upgrade');
	if ((options & ConnectionOption.tooMany) !== 0) return bad('Connection has too many options');
	const asksClose = (options & ConnectionOption.close) !== 0;
	head.keepAlive = !asksClose && (head.version === 11 || (options & ConnectionOption.keepAlive) !== 0);
	head.framing = Framing.none;
	head.contentLength = 0;
	if (neverHasBody(head.status, method)) {
		// RFC 9110 §8.6, §6.1 of RFC 9112: such a message has neither field; receivers disagree on what to do about one.
		if (lengths > 0) headers.removeId(FieldId.contentLength);
		if (codings > 0) headers.removeId(FieldId.transferEncoding);
		return null;
	}
	return readFraming(head, method, lengths, lengthAt, codings);
}

function reasonOf(text: string, line: StatusLine): string {
	const length = line.reasonEnd - line.reasonStart;
	if (length === 2 && text.startsWith(OK_REASON, line.reasonStart)) return OK_REASON;
	return length === 0 ? '' : text.slice(line.reasonStart, line.reasonEnd);
}

/** 1xx, 204, and the tunnel after a CONNECT: not even a length makes sense. */
function neverHasBody(status: number, method: string): boolean {
	return status < 200 || status === 204 || (method === 'CONNECT' && status < 300);
}

function readFraming(
	head: ResponseHead,
	method: string,
	lengths: number,
	lengthAt: number,
	codings: number,
): ProxyError | null {
	const bodiless = method === 'HEAD' || head.status === 304;
	if (codings > 0) {
		if (lengths > 0) return bad('Content-Length together with Transfer-Encoding');
		if (head.version === 10) return bad('Transfer-Encoding in an HTTP/1.0 response');
		const fault = codingFault(transferCoding(head.headers));
		if (fault !== '') return bad(fault);
		if (bodiless) return null;
		head.framing = Framing.chunked;
		head.contentLength = -1;
		return null;
	}
	if (lengths > 0) {
		const length = readLength(head, lengths, lengthAt);
		if (length < 0) return bad('Content-Length is malformed or contradicts itself');
		if (bodiless || length === 0) return null;
		head.framing = Framing.length;
		head.contentLength = length;
		return null;
	}
	if (bodiless) return null;
	head.framing = Framing.close;
	head.contentLength = -1;
	head.keepAlive = false;
	return null;
}

/** RFC 9112 §6.3 item 5: identical repetitions are one value, and one is what goes on. */
function readLength(head: ResponseHead, lengths: number, at: number): number {
	const { headers } = head;
	if (lengths === 1) {
		const length = parseContentLength(headers.text, headers.spans[at + 2] as number, headers.spans[at + 3] as number);
		if (length >= 0) return length;
	}
	const agreed = agreedContentLength(headers);
	if (agreed >= 0) headers.set('content-length', String(agreed));
	return agreed;
}

function codingFault(coding: Coding): string {
	switch (coding) {
		case Coding.chunked:
			return '';
		case Coding.unknownThenChunked:
			return 'Transfer-Encoding names a coding other than chunked';
		case Coding.empty:
			return 'Transfer-Encoding is empty';
		case Coding.chunkedTwice:
			return 'Transfer-Encoding names chunked twice';
		case Coding.notChunked:
			return 'Transfer-Encoding does not end in chunked';
	}
}

/** Seconds of `timeout=N` in a Keep-Alive value (RFC 2068 §19.7.1.1); -1 when it does not say. */
function keepAliveTimeout(text: string, start: number, end: number): number {
	for (let from = start; from < end; ) {
		const comma = elementEnd(text, from, end);
		const first = skipWhitespace(text, from, comma);
		const equals = text.indexOf('=', first);
		if (equals > 0 && equals < comma && equalsLower(text, first, trimEnd(text, first, equals), 'timeout')) {
			const value = skipWhitespace(text, equals + 1, comma);
			const seconds = parseContentLength(text, value, trimEnd(text, value, comma));
			return Math.min(seconds, MAX_KEEP_ALIVE_SECONDS);
		}
		from = comma + 1;
	}
	return -1;
}

function bad(detail: string): ProxyError {
	return new ProxyError('upstream_protocol_error', detail);
}
