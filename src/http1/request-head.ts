/** From a scanned head to a `RequestHead`: every rule that needs more than one byte at a time (RFC 9112 §3, §6, §9). */
import { ProxyError } from '../error.ts';
import { isAuthority } from '../http/authority.ts';
import { ConnectionOption, connectionOptions } from '../http/connection-options.ts';
import { FieldId } from '../http/field-id.ts';
import { Coding, parseContentLength, transferCoding } from '../http/framing.ts';
import type { RequestHead } from '../http/head.ts';
import { Framing, TargetForm } from '../http/head.ts';
import { SPAN } from '../http/header-list.ts';
import { normalizePath } from '../http/path.ts';
import { elementEnd, equalsLower, listHas, skipWhitespace } from '../http/tokens.ts';
import type { RequestLine } from './request-line.ts';

const SLASH = 0x2f;
const QUESTION = 0x3f;
const LETTER_C = 0x63;
const LETTER_G = 0x67;
const LETTER_H = 0x68;
const LETTER_T = 0x74;
/** Lower-cases a letter. */
const LOWER = 0x20;

/** Fills `head` from its own header list and the line; returns what is wrong, or `null`. */
export function finishRequestHead(head: RequestHead, line: RequestLine): ProxyError | null {
	head.version = line.version;
	head.method = methodOf(head.headers.text, line.methodEnd);
	head.framing = Framing.none;
	head.contentLength = 0;
	head.expectsContinue = false;
	head.upgrade = '';
	head.acceptsTrailers = false;
	const last = head.authority;
	head.authority = '';
	return readFields(head, last) ?? readTarget(head, line);
}

/** Shared strings for the usual methods: such a request then has none of its own. */
function methodOf(text: string, end: number): string {
	switch (end) {
		case 3:
			if (isSame(text, 0, end, 'GET')) return 'GET';
			return isSame(text, 0, end, 'PUT') ? 'PUT' : text.slice(0, end);
		case 4:
			if (isSame(text, 0, end, 'POST')) return 'POST';
			return isSame(text, 0, end, 'HEAD') ? 'HEAD' : text.slice(0, end);
		case 5:
			return isSame(text, 0, end, 'PATCH') ? 'PATCH' : text.slice(0, end);
		case 6:
			return isSame(text, 0, end, 'DELETE') ? 'DELETE' : text.slice(0, end);
		case 7:
			return isSame(text, 0, end, 'OPTIONS') ? 'OPTIONS' : text.slice(0, end);
		default:
			return text.slice(0, end);
	}
}

/** Whether text[start, end) is this non-empty string. */
function isSame(text: string, start: number, end: number, other: string): boolean {
	if (end - start !== other.length || end === start) return false;
	for (let i = 0; i < other.length; i++) {
		if (text.charCodeAt(start + i) !== other.charCodeAt(i)) return false;
	}
	return true;
}

/** `last`: the authority of the connection's last request. */
function readFields(head: RequestHead, last: string): ProxyError | null {
	const { text, spans, parsed } = head.headers;
	let hosts = 0;
	let lengths = 0;
	let lengthAt = 0;
	let codings = 0;
	let options = 0;
	let upgrades = 0;
	for (let k = 0, o = 0; k < parsed; k++, o += SPAN) {
		const id = spans[o + 4] as number;
		if (id === FieldId.other && imitatesFraming(text, spans[o] as number, spans[o + 1] as number)) {
			return bad('a field name imitates Content-Length or Transfer-Encoding');
		}
		if (id === FieldId.other || id > FieldId.expect) continue;
		const start = spans[o + 2] as number;
		const end = spans[o + 3] as number;
		if (id === FieldId.host) {
			if (++hosts > 1) return bad('Host is repeated');
			// A connection nearly always asks for the same host again, and that has been looked at.
			if (last.length === end - start && last !== '' && text.startsWith(last, start)) head.authority = last;
			else if (isAuthority(text, start, end)) head.authority = text.slice(start, end);
			else return bad(start === end ? 'Host is empty' : 'Host is malformed');
		} else if (id === FieldId.connection) options |= connectionOptions(text, start, end);
		else if (id === FieldId.contentLength) {
			lengths++;
			lengthAt = o;
		} else if (id === FieldId.transferEncoding) codings++;
		else if (id === FieldId.te) head.acceptsTrailers ||= listHas(text, start, end, 'trailers');
		else if (id === FieldId.upgrade) upgrades++;
		else if (id === FieldId.expect) head.expectsContinue ||= equalsLower(text, start, end, '100-continue');
	}
	if (hosts === 0 && head.version === 11) return bad('Host is missing');
	if ((options & ConnectionOption.tooMany) !== 0) return bad('Connection has too many options');
	readConnection(head, options, upgrades);
	if (codings > 0) return readCoding(head, lengths);
	return lengths === 0 ? null : readLength(head, lengths, lengthAt);
}

/**
 * `Content_Length`, `Transfer--Encoding` and the like: apps behind CGI or WSGI cannot tell them from the real fields, and
 * nobody sends them but to smuggle. The length and two letters rule out nearly every other name at once.
 */
function imitatesFraming(text: string, start: number, end: number): boolean {
	if (end - start < 'contentlength'.length) return false;
	const last = text.charCodeAt(end - 1) | LOWER;
	if (last !== LETTER_H && last !== LETTER_G) return false;
	const first = text.charCodeAt(start) | LOWER;
	if (first !== LETTER_C && first !== LETTER_T) return false;
	return /^(?:content[^a-z0-9]*length|transfer[^a-z0-9]*encoding)$/i.test(text.slice(start, end));
}

/** RFC 9112 §9.3 (persistence), RFC 9110 §7.8 (upgrade) and §10.1.1 (HTTP/1.0 knows neither upgrade nor 100-continue). */
function readConnection(head: RequestHead, options: number, upgrades: number): void {
	const asksClose = (options & ConnectionOption.close) !== 0;
	if (head.version === 11) {
		head.keepAlive = !asksClose;
		if (upgrades > 0 && (options & ConnectionOption.upgrade) !== 0) head.upgrade = upgradeOf(head);
	} else {
		head.keepAlive = !asksClose && (options & ConnectionOption.keepAlive) !== 0;
		head.expectsContinue = false;
	}
}

/**
 * Protocols offered, or `''`. An offer of another HTTP version or of TLS is passed over, as RFC 9110 §7.8 allows: the
 * requests inside such a tunnel would get past every rule (h2c smuggling).
 */
function upgradeOf(head: RequestHead): string {
	const { headers } = head;
	let offer = '';
	for (let k = headers.indexOf(FieldId.upgrade); k >= 0; k = headers.indexOf(FieldId.upgrade, k + 1)) {
		const value = headers.valueAt(k);
		for (let from = 0; from < value.length; from = elementEnd(value, from, value.length) + 1) {
			const first = skipWhitespace(value, from, value.length);
			if (/^(?:h2c?|http|tls)(?![\w!#$%&'*+.^`|~-])/i.test(value.slice(first))) return '';
		}
		offer = offer === '' ? value : `${offer}, ${value}`;
	}
	return offer;
}

/** RFC 9112 §6.3, with §6.1's permission to refuse what smells of smuggling. */
function readCoding(head: RequestHead, lengths: number): ProxyError | null {
	if (head.version === 10) return bad('Transfer-Encoding in an HTTP/1.0 request');
	if (lengths > 0) return bad('Content-Length together with Transfer-Encoding');
	switch (transferCoding(head.headers)) {
		case Coding.chunked:
			head.framing = Framing.chunked;
			head.contentLength = -1;
			return head.method === 'CONNECT' ? bad('CONNECT with a body') : null;
		case Coding.unknownThenChunked:
			return new ProxyError('unsupported_coding', 'Transfer-Encoding names a coding other than chunked');
		case Coding.empty:
			return bad('Transfer-Encoding is empty');
		case Coding.chunkedTwice:
			return bad('Transfer-Encoding names chunked twice');
		case Coding.notChunked:
			return bad('Transfer-Encoding does not end in chunked');
	}
}

function readLength(head: RequestHead, lengths: number, at: number): ProxyError | null {
	if (lengths > 1) return bad('Content-Length is repeated');
	const { text, spans } = head.headers;
	const length = parseContentLength(text, spans[at + 2] as number, spans[at + 3] as number);
	if (length < 0) return bad('Content-Length is no plain number');
	if (length === 0) return null;
	if (head.method === 'CONNECT') return bad('CONNECT with a body');
	head.framing = Framing.length;
	head.contentLength = length;
	return null;
}

/** RFC 9112 §3.2: the form of the target must fit the method. */
function readTarget(head: RequestHead, line: RequestLine): ProxyError | null {
	const { text } = head.headers;
	const { targetStart, targetEnd } = line;
	head.target = text.slice(targetStart, targetEnd);
	head.query = '';
	if (head.method === 'CONNECT') return readAuthorityForm(head);
	if (text.charCodeAt(targetStart) === SLASH) {
		head.targetForm = TargetForm.origin;
		return readPath(head, 0, line);
	}
	if (head.target === '*') {
		head.targetForm = TargetForm.asterisk;
		return head.method === 'OPTIONS' ? usePath(head, '*') : bad('the target * with a method other than OPTIONS');
	}
	return readAbsoluteForm(head, line);
}

function usePath(head: RequestHead, path: string): null {
	head.path = path;
	return null;
}

/** Path and query from an offset of the target on; the scan of the line knows what there is to look for. */
function readPath(head: RequestHead, from: number, line: RequestLine): ProxyError | null {
	const { target } = head;
	const mark = line.hasQuery ? target.indexOf('?', from) : -1;
	const raw = mark < 0 ? target.slice(from) : target.slice(from, mark);
	const path = line.isUnusual || raw === '' ? normalizePath(raw) : raw;
	if (path === null) return bad('bad escape in the path');
	head.path = path;
	head.query = mark < 0 ? '' : target.slice(mark);
	return null;
}

function readAuthorityForm(head: RequestHead): ProxyError | null {
	const { target } = head;
	if (!isAuthority(target, 0, target.length, true)) return bad('the target of CONNECT is not host:port');
	head.targetForm = TargetForm.authority;
	head.authority = target;
	head.path = '';
	return null;
}

/** `http://authority[/path][?query]`; its authority is the one that counts (RFC 9112 §3.2.2). */
function readAbsoluteForm(head: RequestHead, line: RequestLine): ProxyError | null {
	const { target } = head;
	const scheme = target.indexOf('://');
	if (!equalsLower(target, 0, scheme, 'http') && !equalsLower(target, 0, scheme, 'https')) {
		return bad('the target is neither a path nor an http URI');
	}
	const start = scheme + 3;
	let end = start;
	while (end < target.length && target.charCodeAt(end) !== SLASH && target.charCodeAt(end) !== QUESTION) end++;
	if (!isAuthority(target, start, end)) return bad('the target has a malformed authority');
	head.targetForm = TargetForm.absolute;
	head.authority = target.slice(start, end);
	// RFC 9112 §3.2.4: such an OPTIONS is for the server as a whole.
	if (end === target.length && head.method === 'OPTIONS') return usePath(head, '*');
	return readPath(head, end, line);
}

function bad(detail: string): ProxyError {
	return new ProxyError('bad_request', detail);
}
