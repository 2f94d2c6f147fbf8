/** What OpenSSL says of a certificate, and in an alert of the peer → our names. */
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

/** Against the certificate that the peer has shown. */
export function refusalOf(fault: Error & { code?: string }): Refusal {
	const { code = '' } = fault;
	// Node adds advice for who runs Node.
	const [message = ''] = fault.message.split(';');
	const detail = code === '' || code === 'UNSPECIFIED' ? message : `${message} (${code})`;
	return { fault: BY_CODE[code] ?? BY_TEXT.find(([text]) => text.test(message))?.[1] ?? 'bad_certificate', detail };
}

/** Reasons of OpenSSL for which a peer that should speak TLS seems to speak something else. */
const PLAINTEXT = new Set(['ERR_SSL_HTTP_REQUEST', 'ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG']);
/** Alerts about our certificate, or for want of one (RFC 8446 §6.2). */
const NOT_BELIEVED = /ALERT_(BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_|UNKNOWN_CA|ACCESS_DENIED)/;

/** Of a handshake that has come to nothing. */
export function failureOf({ code = '', message }: NodeJS.ErrnoException): Refusal {
	if (PLAINTEXT.has(code)) return { fault: 'plaintext', detail: `the peer does not speak TLS (${code})` };
	if (NOT_BELIEVED.test(code))
		return { fault: 'refused_by_peer', detail: `the peer does not take our certificate (${code})` };
	if (!code.startsWith('ERR_SSL')) return { fault: 'closed', detail: code === '' ? message : code };
	return { fault: 'protocol', detail: code };
}
