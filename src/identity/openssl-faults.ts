/** What OpenSSL says of a certificate → our names. */
import type { HandshakeFault, Refusal } from '../ports/handshake.ts';

/** By the code that Node gives it. */
const BY_CODE: Readonly<Record<string, HandshakeFault>> = {
	CERT_HAS_EXPIRED: 'expired',
	CERT_NOT_YET_VALID: 'not_yet_valid',
	UNABLE_TO_GET_ISSUER_CERT: 'untrusted',
	UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'untrusted',
	UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'untrusted',
	DEPTH_ZERO_SELF_SIGNED_CERT: 'untrusted',
	SELF_SIGNED_CERT_IN_CHAIN: 'untrusted',
	CERT_UNTRUSTED: 'untrusted',
	CERT_REJECTED: 'untrusted',
	CERT_REVOKED: 'untrusted',
	CERT_SIGNATURE_FAILURE: 'untrusted',
	INVALID_CA: 'wrong_usage',
	INVALID_PURPOSE: 'wrong_usage',
	PATH_LENGTH_EXCEEDED: 'bad_certificate',
	CERT_CHAIN_TOO_LONG: 'bad_certificate',
};
/** Node has no code for the others: by OpenSSL's text. */
const BY_TEXT: readonly (readonly [RegExp, HandshakeFault])[] = [
	[/too weak/, 'too_weak'],
	[/signature failure|issuer|self.signed/, 'untrusted'],
	[/key usage|purpose|invalid CA|CA certificate/, 'wrong_usage'],
];

export function refusalOf(fault: Error & { code?: string }): Refusal {
	const { code = '', message } = fault;
	const detail = code === '' || code === 'UNSPECIFIED' ? message : `${message} (${code})`;
	return { fault: BY_CODE[code] ?? BY_TEXT.find(([text]) => text.test(message))?.[1] ?? 'bad_certificate', detail };
}
