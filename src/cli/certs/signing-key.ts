/** Keys that sign certificates: which there may be, and with which digest they do it. */
import { type KeyObject, webcrypto } from 'node:crypto';

/** As WebCrypto names them. */
export interface SigningAlgorithm {
	readonly name: string;
	readonly namedCurve?: string;
	readonly hash?: string;
}

/** RFC 8446 §9.1: what every end must speak. A handshake costs half of what it does with RSA. */
export const P256: SigningAlgorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/** By Node's name of the curve. */
const CURVES: Readonly<Record<string, SigningAlgorithm>> = {
	prime256v1: P256,
	secp384r1: { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' },
	secp521r1: { name: 'ECDSA', namedCurve: 'P-521', hash: 'SHA-512' },
};
/** By Node's name of the kind of key. */
const KINDS: Readonly<Record<string, SigningAlgorithm>> = {
	rsa: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
	ed25519: { name: 'Ed25519' },
};

/** `null`: certificates are not signed with such a key here. */
export function signingAlgorithm(key: KeyObject): SigningAlgorithm | null {
	return CURVES[key.asymmetricKeyDetails?.namedCurve ?? ''] ?? KINDS[key.asymmetricKeyType ?? ''] ?? null;
}

export function newKeyPair(): Promise<webcrypto.CryptoKeyPair> {
	return webcrypto.subtle.generateKey(P256, true, ['sign', 'verify']) as Promise<webcrypto.CryptoKeyPair>;
}
