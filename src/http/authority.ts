/**
 * What a request may name as its host: `uri-host [ ":" port ]` of RFC 9110 §4.2, without user info.
 *
 * Stricter than the grammar where servers disagree on what a name means: no comma (it looks like a list), no number that
 * only looks like an IPv4 address (`0x7f.1`, `127.01.0.1`; the rule of the WHATWG URL standard), no IPv6 zone.
 */
import { HEX } from './tokens.ts';

/** RFC 3986 §3.2.2 reg-name without `%` and `,`. */
const HOST_CHAR = new Uint8Array(256);
for (const c of "-._~!$&'()*+;=0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
	HOST_CHAR[c.charCodeAt(0)] = 1;

const COLON = 0x3a;
const DOT = 0x2e;
const PERCENT = 0x25;
const OPEN_BRACKET = 0x5b;
const MAX_PORT = 65535;
const MAX_PORT_DIGITS = 5;

/** Whether text[start, end) is a host with an optional port; with `portRequired`, the authority form of CONNECT. */
export function isAuthority(text: string, start: number, end: number, portRequired = false): boolean {
	if (start >= end) return false;
	let i = start;
	if (text.charCodeAt(i) === OPEN_BRACKET) {
		const close = text.indexOf(']', i);
		if (close < 0 || close >= end || !isIpLiteral(text.slice(i + 1, close))) return false;
		i = close + 1;
	} else {
		i = registeredNameEnd(text, start, end);
		if (i <= start) return false;
	}
	if (i === end) return !portRequired;
	return text.charCodeAt(i) === COLON && isPort(text, i + 1, end, portRequired);
}

/** Where the host of a valid authority ends: at the colon before its port, or with the text. */
export function hostEnd(authority: string): number {
	const colon = authority.lastIndexOf(':');
	// The colons of an IPv6 literal are inside its brackets.
	return colon > authority.lastIndexOf(']') ? colon : authority.length;
}

/** End of the name that starts here; -1 when it is no valid name. */
function registeredNameEnd(text: string, start: number, end: number): number {
	let i = start;
	let label = start;
	for (; i < end; i++) {
		const c = text.charCodeAt(i);
		if (c === DOT) {
			if (i + 1 < end && text.charCodeAt(i + 1) !== COLON) label = i + 1;
		} else if (HOST_CHAR[c] !== 1) {
			if (c !== PERCENT || i + 2 >= end || !isEscape(text, i)) break;
			i += 2;
		}
	}
	if (i < end && text.charCodeAt(i) !== COLON) return -1;
	const first = text.charCodeAt(label);
	// The last label decides whether this is a number (WHATWG URL, "ends in a number").
	if (first < 0x30 || first > 0x39 || !/^(?:\d+|0[xX][\da-fA-F]*)\.?$/.test(text.slice(label, i))) return i;
	return isIpv4(text.slice(start, i)) ? i : -1;
}

function isEscape(text: string, at: number): boolean {
	return (HEX[text.charCodeAt(at + 1)] ?? 0) > 0 && (HEX[text.charCodeAt(at + 2)] ?? 0) > 0;
}

function isPort(text: string, start: number, end: number, required: boolean): boolean {
	if (end - start > MAX_PORT_DIGITS || (required && start === end)) return false;
	let port = 0;
	for (let i = start; i < end; i++) {
		const digit = text.charCodeAt(i) - 0x30;
		if (digit < 0 || digit > 9) return false;
		port = port * 10 + digit;
	}
	return port <= MAX_PORT;
}

/** Four decimal octets without leading zeros. */
export function isIpv4(text: string): boolean {
	return /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/.test(text);
}

/** What may stand between brackets: an IPv6 address, or the IPvFuture of RFC 3986. */
function isIpLiteral(text: string): boolean {
	return isIpv6(text) || /^[vV][\da-fA-F]+\.[-._~!$&'()*+,;=:0-9A-Za-z]+$/.test(text);
}

const IPV6_GROUPS = 8;

/** RFC 4291 §2.2: eight groups, one run of zeros may be `::`, the last two groups may be written as IPv4. */
export function isIpv6(text: string): boolean {
	const gap = text.indexOf('::');
	if (gap < 0) return groupsOf(text, true) === IPV6_GROUPS;
	if (text.indexOf('::', gap + 1) >= 0) return false;
	const head = gap === 0 ? 0 : groupsOf(text.slice(0, gap), false);
	const rest = text.slice(gap + 2);
	const tail = rest === '' ? 0 : groupsOf(rest, true);
	return head >= 0 && tail >= 0 && head + tail < IPV6_GROUPS;
}

/** Number of 16-bit groups that are written here; -1 when one is malformed. */
function groupsOf(text: string, mayEndInIpv4: boolean): number {
	const groups = text.split(':');
	let count = 0;
	for (let i = 0; i < groups.length; i++) {
		const group = groups[i] as string;
		if (/^[\da-fA-F]{1,4}$/.test(group)) count++;
		else if (mayEndInIpv4 && i === groups.length - 1 && isIpv4(group)) count += 2;
		else return -1;
	}
	return count;
}
