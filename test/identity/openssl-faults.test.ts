import { describe, expect, it } from 'vitest';
import { failureOf, refusalOf } from '../../src/identity/openssl-faults.ts';

const fault = (message: string, code = ''): Error & { code: string } => Object.assign(new Error(message), { code });

describe('what OpenSSL has against a certificate', () => {
	it.each([
		['CERT_HAS_EXPIRED', 'expired'],
		['CERT_NOT_YET_VALID', 'not_yet_valid'],
		['UNABLE_TO_GET_ISSUER_CERT', 'untrusted'],
		['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'untrusted'],
		['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'untrusted'],
		['DEPTH_ZERO_SELF_SIGNED_CERT', 'untrusted'],
		['SELF_SIGNED_CERT_IN_CHAIN', 'untrusted'],
		['CERT_SIGNATURE_FAILURE', 'untrusted'],
		['INVALID_CA', 'wrong_usage'],
		['INVALID_PURPOSE', 'wrong_usage'],
		['PATH_LENGTH_EXCEEDED', 'bad_certificate'],
		['CERT_CHAIN_TOO_LONG', 'bad_certificate'],
		['SOMETHING_NEW', 'bad_certificate'],
	])('%s is %s', (code, expected) => {
		expect(refusalOf(fault('x', code))).toEqual({ fault: expected, detail: `x (${code})` });
	});

	it.each([
		['EE certificate key too weak', 'too_weak'],
		['CA certificate key too weak', 'too_weak'],
		['CA signature digest algorithm too weak', 'too_weak'],
		['key usage does not include certificate signing', 'wrong_usage'],
		['permitted subtree violation', 'bad_certificate'],
		['unhandled critical extension', 'bad_certificate'],
		['authority and subject key identifier mismatch', 'bad_certificate'],
	])('"%s", for which Node has no code, is %s', (message, expected) => {
		expect(refusalOf(fault(message, 'UNSPECIFIED'))).toEqual({ fault: expected, detail: message });
		expect(refusalOf(new Error(message))).toEqual({ fault: expected, detail: message });
	});

	it('is told without the advice that Node has for its own users', () => {
		const told = fault(
			'self-signed certificate; try running Node.js with --use-system-ca',
			'DEPTH_ZERO_SELF_SIGNED_CERT',
		);
		expect(refusalOf(told).detail).toBe('self-signed certificate (DEPTH_ZERO_SELF_SIGNED_CERT)');
	});
});

describe('why a handshake came to nothing', () => {
	it.each([
		['ERR_SSL_WRONG_VERSION_NUMBER', 'plaintext'],
		['ERR_SSL_HTTP_REQUEST', 'plaintext'],
		['ERR_SSL_PACKET_LENGTH_TOO_LONG', 'plaintext'],
		['ERR_SSL_NO_SHARED_CIPHER', 'protocol'],
		['ERR_SSL_UNSUPPORTED_PROTOCOL', 'protocol'],
		['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', 'protocol'],
		['ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE', 'protocol'],
		['ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL', 'protocol'],
		['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'refused_by_peer'],
		['ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE', 'refused_by_peer'],
		['ERR_SSL_SSL/TLS_ALERT_UNSUPPORTED_CERTIFICATE', 'refused_by_peer'],
		['ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_EXPIRED', 'refused_by_peer'],
		['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'refused_by_peer'],
		['ERR_SSL_TLSV1_ALERT_ACCESS_DENIED', 'refused_by_peer'],
		['ECONNRESET', 'closed'],
		['EPIPE', 'closed'],
	])('%s is %s', (code, expected) => {
		const { fault: found, detail } = failureOf(fault('x', code));
		expect(found).toBe(expected);
		expect(detail).toContain(code);
	});

	it('is the message where there is no code', () => {
		expect(failureOf(new Error('gone'))).toEqual({ fault: 'closed', detail: 'gone' });
	});
});
