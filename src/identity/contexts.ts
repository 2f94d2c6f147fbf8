/** Contexts of Node's TLS, made of material. One takes a quarter of a millisecond, so each is made once a version. */
import { constants } from 'node:crypto';
import tls from 'node:tls';
import type { TlsConfig } from '../config/identity-config.ts';
import { keepTickets } from './session-tickets.ts';

/** PEM, as each of the three came. */
export interface MaterialTexts {
	readonly certificate: string;
	readonly key: string;
	readonly trustBundle: string;
}

/** Forward secrecy and authenticated encryption only (RFC 9325 §4.2); AES-128 first, which costs least and is enough. */
const CIPHERS = [
	'TLS_AES_128_GCM_SHA256',
	'TLS_AES_256_GCM_SHA384',
	'TLS_CHACHA20_POLY1305_SHA256',
	'ECDHE-ECDSA-AES128-GCM-SHA256',
	'ECDHE-RSA-AES128-GCM-SHA256',
	'ECDHE-ECDSA-AES256-GCM-SHA384',
	'ECDHE-RSA-AES256-GCM-SHA384',
	'ECDHE-ECDSA-CHACHA20-POLY1305',
	'ECDHE-RSA-CHACHA20-POLY1305',
	// No key below 112 bits of security, no SHA-1 (NIST SP 800-57).
	'@SECLEVEL=2',
].join(':');
/** Names the sessions of a server, which OpenSSL wants where clients show certificates. */
const SESSION_CONTEXT = 'outrigger';

type MinVersion = TlsConfig['minVersion'];

function common(minVersion: MinVersion): tls.SecureContextOptions {
	const versions = { minVersion: `TLSv${minVersion}`, maxVersion: 'TLSv1.3' } as const;
	// Whoever was believed stays who he is: neither side may begin a second handshake within TLS 1.2.
	return { ...versions, ciphers: CIPHERS, secureOptions: constants.SSL_OP_NO_RENEGOTIATION };
}

/**
 * Sessions of other contexts are not resumed, so what was believed under an earlier bundle is looked at anew. Throws what
 * OpenSSL has against our own certificate or key.
 */
export function serverContext(texts: MaterialTexts, minVersion: MinVersion): tls.SecureContext {
	const { certificate: cert, key, trustBundle: ca } = texts;
	const settings = { cert, key, ca, honorCipherOrder: true, sessionIdContext: SESSION_CONTEXT };
	const context = tls.createSecureContext({ ...common(minVersion), ...settings });
	keepTickets(context);
	return context;
}

/** `own`: shown to servers that ask for it; `null`: none. `ca`: PEM of the authorities to believe; `null`: the system's. */
export function clientContext(own: MaterialTexts | null, ca: string | null, minVersion: MinVersion): tls.SecureContext {
	return tls.createSecureContext({
		...common(minVersion),
		ca: ca ?? systemAuthorities(),
		...(own !== null && { cert: own.certificate, key: own.key }),
	});
}

/** Those of the machine, as other programs on it believe them; Node's own where there are none. */
function systemAuthorities(): string[] {
	const system = tls.getCACertificates('system');
	return system.length > 0 ? system : tls.getCACertificates('default');
}
