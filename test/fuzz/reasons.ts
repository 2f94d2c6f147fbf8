/**
 * Why our parser and llhttp may differ, each with the section that says so. Whatever is in neither table is a failure.
 *
 * Stricter: we refuse what llhttp takes. Our own words for the fault select the reason, and where it can be seen from
 * what llhttp heard, `holds` checks that the fault is there.
 * Laxer: we take what llhttp refuses. llhttp's words select it, and `holds` must always check what we heard.
 */
import type { HeardMessage } from '../support/codec-transcript.ts';
import { LLHTTP_METHODS, type LlhttpMessage } from './llhttp.ts';

export interface StricterReason {
	name: string;
	rfc: string;
	detail: RegExp;
	/** llhttp's view of the message that we refused; `undefined` when it had not read its head. */
	holds?: (theirs: LlhttpMessage | undefined) => boolean;
}

export interface LaxerReason {
	name: string;
	rfc: string;
	/** llhttp's reason. */
	reason: RegExp;
	/** Ours of the message that llhttp refused; `undefined` when we had not read its head. */
	holds: (ours: HeardMessage | undefined, input: string) => boolean;
}

function valuesOf(message: LlhttpMessage, name: string): string[] {
	return message.fields.filter((_, i) => i % 2 === 1 && message.fields[i - 1]?.toLowerCase() === name);
}

const hosts = (theirs: LlhttpMessage | undefined): string[] | null =>
	theirs === undefined ? null : valuesOf(theirs, 'host');
const target = (theirs: LlhttpMessage | undefined): string => theirs?.target ?? '';

export const STRICTER: readonly StricterReason[] = [
	{
		name: 'host-missing',
		rfc: 'RFC 9112 §3.2',
		detail: /^Host is missing$/,
		holds: (t) => (hosts(t)?.length ?? 0) === 0,
	},
	{
		name: 'host-repeated',
		rfc: 'RFC 9112 §3.2',
		detail: /^Host is repeated$/,
		holds: (t) => (hosts(t)?.length ?? 2) > 1,
	},
	{
		name: 'host-malformed',
		rfc: 'RFC 9110 §7.2',
		detail: /^Host is (malformed|empty)$/,
		// A name whose last part is a number must be an IPv4 address.
		holds: (t) => hosts(t)?.some((host) => !/^(?!.*\b0x)[\w.-]*[A-Za-z_-](:\d{0,5})?$/i.test(host)) ?? true,
	},
	{
		name: 'fragment',
		rfc: 'RFC 9112 §3.2',
		detail: /fragment/,
		holds: (t) => t === undefined || target(t).includes('#'),
	},
	{
		name: 'target-form',
		rfc: 'RFC 9112 §3.2',
		detail: /^the target (is neither|\* with)/,
		holds: (t) => t === undefined || !target(t).startsWith('/'),
	},
	{
		name: 'target-authority',
		rfc: 'RFC 9110 §4.2',
		detail: /malformed authority/,
		holds: (t) => t === undefined || target(t).includes('://'),
	},
	{
		name: 'connect-target',
		rfc: 'RFC 9112 §3.2.3',
		detail: /^the target of CONNECT/,
		holds: (t) => t === undefined || t.method === 'CONNECT',
	},
	{
		name: 'connect-body',
		rfc: 'RFC 9110 §9.3.6',
		detail: /^CONNECT with a body$/,
		holds: (t) => t === undefined || t.method === 'CONNECT',
	},
	{
		name: 'bad-escape',
		rfc: 'RFC 3986 §2.1',
		detail: /^bad escape/,
		holds: (t) => t === undefined || /%(?![\da-f]{2})|%00/i.test(target(t)),
	},
	{ name: 'imitated-framing', rfc: 'RFC 3875 §4.1.18', detail: /^a field name imitates/ },
	{ name: 'other-coding', rfc: 'RFC 9112 §6.1', detail: /coding other than chunked$/ },
	{
		name: 'not-chunked',
		rfc: 'RFC 9112 §6.3',
		detail: /^Transfer-Encoding (does not end|is empty|names chunked twice)/,
	},
	{ name: 'coding-in-1.0', rfc: 'RFC 9112 §6.1', detail: /^Transfer-Encoding in an HTTP\/1\.0/ },
	{ name: 'length-malformed', rfc: 'RFC 9110 §8.6', detail: /^Content-Length (is|has)/ },
	{ name: 'forbidden-trailer', rfc: 'RFC 9110 §6.5.1', detail: /is not allowed as a trailer$/ },
	{ name: 'control-in-reason', rfc: 'RFC 9112 §4', detail: /^control character in the status line$/ },
	{ name: 'request-line', rfc: 'RFC 9112 §3', detail: /^(invalid character after the target|the target is empty)$/ },
	{ name: 'version', rfc: 'RFC 9112 §2.3', detail: /version|^only HTTP\/1/i },
	{ name: 'bare-lf', rfc: 'RFC 9112 §2.2', detail: /^bare LF/ },
	{ name: 'bare-cr', rfc: 'RFC 9112 §2.2', detail: /^bare CR/ },
	{ name: 'empty-lines', rfc: 'RFC 9112 §2.2', detail: /^too many empty lines/ },
	{ name: 'chunk-size', rfc: 'RFC 9112 §7.1', detail: /^(a chunk (has no size|size is)|chunk data is longer)/ },
	{ name: 'chunk-extension', rfc: 'RFC 9112 §7.1.1', detail: /chunk extension/ },
	{ name: 'status', rfc: 'RFC 9110 §15', detail: /^the status code/ },
	{
		name: 'switching-to-nothing',
		rfc: 'RFC 9110 §15.2.2',
		detail: /^101 without Upgrade$/,
		holds: (t) => t === undefined || (t.status === 101 && valuesOf(t, 'upgrade').join('') === ''),
	},
	{ name: 'unasked', rfc: 'RFC 9112 §9.2', detail: /^bytes on an idle connection$/ },
];

/** RFC 9110 §6.4.1: 1xx, 204 and a tunnel have no content. We take what they say of one away. */
function isBodiless(ours: HeardMessage | undefined): boolean {
	return ours !== undefined && ours.status > 0 && (ours.status < 200 || ours.status === 204 || ours.isTunnel);
}

/** llhttp takes a space after the value for whitespace, but not a tab. */
const TAB_AFTER_CODING = /\r\ntransfer-encoding:[^\r\n]*\t *\r\n/i;

export const LAXER: readonly LaxerReason[] = [
	{
		name: 'unknown-method',
		rfc: 'RFC 9110 §9.1',
		reason: /method/i,
		holds: (ours) => ours !== undefined && !LLHTTP_METHODS.has(ours.method),
	},
	{
		name: 'raw-bytes-in-target',
		rfc: 'RFC 9112 §3',
		reason: /^Invalid char in url/,
		holds: (ours) => ours !== undefined && /[\x80-\xff]/.test(ours.target),
	},
	{
		name: 'higher-minor-version',
		rfc: 'RFC 9110 §2.5',
		reason: /^Invalid HTTP version$/,
		holds: (ours, input) => ours !== undefined && /HTTP\/1\.[2-9][ \r]/.test(input),
	},
	{
		name: 'tab-after-coding-refused',
		rfc: 'RFC 9110 §5.6.3',
		reason: /Transfer-Encoding/,
		holds: (_, input) => TAB_AFTER_CODING.test(input),
	},
	{
		name: 'blank-in-chunk-extension',
		rfc: 'RFC 9112 §7.1.1',
		reason: /^(Invalid character in chunk (size|ext)|Stopped in an upgrade)/,
		holds: (_, input) => /[ \t][;=]|[;=][ \t]|[ \t]$/.test(input),
	},
	{
		name: 'framing-of-the-bodiless',
		rfc: 'RFC 9110 §8.6, RFC 9112 §6.1',
		reason: /Content-Length|Transfer-Encoding/,
		holds: isBodiless,
	},
	{
		name: 'equal-lengths-in-response',
		rfc: 'RFC 9112 §6.3',
		reason: /^(Duplicate Content-Length|Invalid character in Content-Length)$/,
		holds: (ours) =>
			ours !== undefined &&
			ours.status >= 200 &&
			ours.fields.filter(([name]) => /^content-length$/i.test(name)).length <= 1,
	},
	{
		name: 'close-of-the-interim',
		rfc: 'RFC 9110 §15.2',
		reason: /^Data after `Connection: close`$/,
		holds: (ours, input) => ours !== undefined && ours.status > 0 && / 1\d\d[ \r]/.test(input),
	},
	{
		// llhttp reads content behind an interim response that claims to have some, and finds fault with it.
		name: 'faulty-content-of-the-interim',
		rfc: 'RFC 9112 §6.3 rule 1',
		reason: /^Invalid character in chunk/,
		holds: (_, input) => /HTTP\/1\.\d 1\d\d[ \r][\s\S]*\r\ntransfer-encoding:/i.test(input),
	},
	{
		name: 'blank-before-colon-in-response',
		rfc: 'RFC 9112 §5.1',
		reason: /^Invalid header (field char|token)$/,
		holds: (ours, input) => ours !== undefined && ours.status > 0 && /[!#$%&'*+\-.^_`|~\w][ \t]+:/.test(input),
	},
];

export interface DifferentReason {
	name: string;
	rfc: string;
	/** What is different. */
	what: RegExp;
	holds: (input: string, ours: readonly HeardMessage[]) => boolean;
}

/** Both take the message, and read it in two ways: llhttp is wrong here, and what we send on leaves it no choice. */
export const DIFFERENT: readonly DifferentReason[] = [
	{
		name: 'tab-after-coding',
		rfc: 'RFC 9110 §5.6.3',
		what: /body/,
		holds: (input) => TAB_AFTER_CODING.test(input),
	},
	{
		name: 'content-of-the-interim',
		rfc: 'RFC 9112 §6.3 rule 1',
		what: /body/,
		holds: (_, ours) => ours.some((message) => message.status > 0 && message.status < 200 && message.isComplete),
	},
];
