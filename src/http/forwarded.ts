/**
 * What the inbound side tells the app about who called: `x-forwarded-for`, `-proto`, `-host` and `-client-cert`, and
 * which address we take for the client ourselves.
 *
 * The peer's address is appended to `x-forwarded-for` always: what a caller wrote there is passed on but proves nothing.
 * `trustedHops` decides only what *we* believe of the client (logs, limits, where redirects lead), never what is forwarded.
 */
import { FieldId } from './field-id.ts';
import type { RequestHead } from './head.ts';
import type { HeaderList } from './header-list.ts';

export interface ForwardedOptions {
	/** Address of the connection's other end. */
	readonly peerAddress: string;
	readonly scheme: 'http' | 'https';
	/** What the peer's verified certificate adds to `x-forwarded-client-cert` (`http/client-certificate.ts`); `''` without one. */
	readonly certificateElement: string;
	/** How many proxies in front of us are believed: each is passed over, from the right. */
	readonly trustedHops: number;
}

/** How a dual-stack socket shows an IPv4 peer (RFC 4291 §2.5.5.2). */
const MAPPED_V4 = '::ffff:';
const DIGITS_AND_DOTS = /^[\d.]+$/;
/** An address as a proxy may write it: IPv4 or bracketed IPv6 with a port, or a bare one of either kind. */
const NODE = /^(?:\[([\da-fA-F:.]+)\]|(\d+\.\d+\.\d+\.\d+))(?::\d+)?$|^([\da-fA-F.:]*:[\da-fA-F.:]+)$/;

/** Edits the `x-forwarded-*` fields of a request from downstream; returns the client's address. */
export function applyForwarded(head: RequestHead, options: ForwardedOptions): string {
	const { headers } = head;
	const peer = plainAddress(options.peerAddress);
	const before = take(headers, FieldId.forwardedFor);
	const certificates = take(headers, FieldId.forwardedClientCert);
	const hasProto = headers.hasId(FieldId.forwardedProto);
	const hasHost = headers.hasId(FieldId.forwardedHost);
	headers.appendId(FieldId.forwardedFor, before === '' ? peer : `${before}, ${peer}`);
	if (!hasProto) headers.appendId(FieldId.forwardedProto, options.scheme);
	if (!hasHost && head.authority !== '') headers.appendId(FieldId.forwardedHost, head.authority);
	// Without a verified certificate nothing vouches for what the caller wrote: it is gone.
	const element = options.certificateElement;
	if (element !== '') {
		headers.appendId(FieldId.forwardedClientCert, certificates === '' ? element : `${certificates},${element}`);
	}
	return options.trustedHops === 0 || before === '' ? peer : clientAddress(before, options.trustedHops, peer);
}

/** An IPv4 address that came in by a dual-stack socket, as everybody writes it; any other as it is. */
export function plainAddress(address: string): string {
	if (!address.startsWith(MAPPED_V4)) return address;
	const v4 = address.slice(MAPPED_V4.length);
	return DIGITS_AND_DOTS.test(v4) ? v4 : address;
}

/** Removes all lines of a list field and returns them as one, in order. */
function take(headers: HeaderList, id: number): string {
	let joined = headers.first(id);
	if (joined === undefined) return '';
	if (headers.addedIds.includes(id) || headers.indexOf(id, headers.indexOf(id) + 1) >= 0) {
		joined = headers
			.getAll(id === FieldId.forwardedFor ? 'x-forwarded-for' : 'x-forwarded-client-cert')
			.filter((value) => value !== '')
			.join(', ');
	}
	headers.removeId(id);
	return joined;
}

/**
 * The scheme by which the client asked, as the last believed proxy tells it; the connection's own where none is believed or
 * none told. A proxy that writes no list but its own word is believed as well.
 */
export function clientScheme(headers: HeaderList, peer: 'http' | 'https', trustedHops: number): 'http' | 'https' {
	if (trustedHops === 0) return peer;
	const told = believedElement(headers.joined('x-forwarded-proto') ?? '', trustedHops).toLowerCase();
	return told === 'http' || told === 'https' ? told : peer;
}

/** An element that is no address gives the peer. */
function clientAddress(list: string, trustedHops: number, peer: string): string {
	const match = NODE.exec(believedElement(list, trustedHops));
	const address = match?.[1] ?? match?.[2] ?? match?.[3];
	return address === undefined ? peer : plainAddress(address);
}

/**
 * The element that the last believed proxy added: with one believed hop the last element of what came in, with two the
 * one before it. A list that is too short gives its first.
 */
function believedElement(list: string, trustedHops: number): string {
	let end = list.length;
	let start = list.lastIndexOf(',', end - 1) + 1;
	for (let hop = 1; hop < trustedHops && start > 0; hop++) {
		end = start - 1;
		start = end === 0 ? 0 : list.lastIndexOf(',', end - 1) + 1;
	}
	return list.slice(start, end).trim();
}
