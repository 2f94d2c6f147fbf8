/** Names that certificates have: SPIFFE ids, other URIs, DNS names. */
import * as z from 'zod';
import { isIpv4, isIpv6 } from '../../http/authority.ts';
import type { PeerName } from '../identity-config.ts';
import { parseSpiffeId } from '../spiffe-id.ts';
import { fault, fieldFacts, text } from './field.ts';
import { canonicalHostname, PRECISE_HOSTNAME } from './names.ts';

const SPIFFE_ID = 'a SPIFFE id such as `spiffe://mesh.local/ns/shop/sa/payments`';
const EXPECTED_PEER = `${SPIFFE_ID}, another URI, or a DNS name`;
const EXPECTED_HOST = 'a DNS name such as `payments.shop.svc`, without port';
/** The general form of an absolute URI (RFC 3986 §4.3), and that of a URN (RFC 8141). */
const URI = /^([A-Za-z][A-Za-z0-9+.-]*:\/\/|urn:)[!-~]+$/i;
const MAX_URI = 2048;

/** What keeps a text from being the id of a workload, completing "`x` …"; `''`: nothing. */
export function faultOfWorkloadId(id: string): string {
	const parsed = parseSpiffeId(id);
	if (!parsed.ok) return parsed.reason;
	// A leaf's id has a path (X509-SVID §2).
	return parsed.path === '' ? 'names a trust domain and no workload' : '';
}

export const spiffeId = z
	.string()
	.superRefine((id, context) => {
		const message = faultOfWorkloadId(id);
		if (message !== '') context.addIssue(fault(id, message, { expected: SPIFFE_ID }));
	})
	.register(fieldFacts, {
		noun: 'a SPIFFE id',
		expected: SPIFFE_ID,
		type: 'SPIFFE id',
		input: { type: 'string', pattern: '^spiffe://' },
	});

/** The name, or what is wrong with the text. */
function parsePeerName(name: string): PeerName | string {
	if (/^spiffe:/i.test(name)) {
		const message = faultOfWorkloadId(name);
		return message === '' ? { type: 'uri', value: name } : message;
	}
	if (URI.test(name)) return name.length > MAX_URI ? 'is too long' : { type: 'uri', value: name };
	if (name.startsWith('*.')) return 'is a wildcard: a certificate may have one, what it is held against may not';
	if (isAddress(name)) return 'is an address, which is neither a URI nor a DNS name';
	if (PRECISE_HOSTNAME.test(name)) return { type: 'dns', value: canonicalHostname(name) };
	return 'is neither a URI nor a DNS name';
}

export function isAddress(name: string): boolean {
	return isIpv4(name) || isIpv6(name.replace(/^\[|\]$/g, ''));
}

export const peerName = z
	.string()
	.transform((input, context): PeerName => {
		const result = parsePeerName(input);
		if (typeof result !== 'string') return result;
		context.issues.push(fault(input, result, { expected: EXPECTED_PEER }));
		return z.NEVER;
	})
	.register(fieldFacts, {
		noun: 'a name of a peer',
		expected: EXPECTED_PEER,
		type: 'SPIFFE id, URI or DNS name',
		input: { type: 'string', pattern: '^[!-~]+$' },
		render: ({ value }: PeerName) => value,
	});

/** For lists without repetitions; the value may be malformed. */
export function identityOfPeerName(value: unknown): unknown {
	return typeof value === 'object' && value !== null && 'value' in value ? value.value : value;
}

/** What is asked for in a handshake: never an address (RFC 6066 §3). */
export const serverName = text('a DNS name', EXPECTED_HOST, PRECISE_HOSTNAME).superRefine((name, context) => {
	if (!isAddress(name)) return;
	context.addIssue(fault(name, 'is an address, which is never asked for by name', { expected: EXPECTED_HOST }));
});
