/** How TLS handshakes end, as listeners and dialers tell it. The names are public: labels of a metric, codes in the log. */

export const HANDSHAKE_FAULTS = [
	/** Bytes that are no TLS, on a port that takes nothing else. */
	'plaintext',
	'timeout',
	/** The peer went away. */
	'closed',
	/** No common version or cipher, another alert of the peer than the next, or bytes that make no sense. */
	'protocol',
	/** An alert of the peer about our certificate. Under TLS 1.3 a server says so after the handshake, and it counts as `ok`. */
	'refused_by_peer',
	/** We have no certificate that may be shown. */
	'no_credentials',
	/** The peer has shown none. */
	'no_certificate',
	/** The chain does not lead to the trust bundle. */
	'untrusted',
	'expired',
	'not_yet_valid',
	/** Not meant for this: a CA in the place of a leaf, a leaf in that of a CA, another key usage. */
	'wrong_usage',
	/** Its keys or signatures are too easy to forge. */
	'too_weak',
	/** Malformed, too large, or against a constraint of its issuers. */
	'bad_certificate',
	/** It names no SPIFFE id. */
	'no_identity',
	'several_identities',
	'wrong_trust_domain',
	/** Valid, but not who it should be. */
	'wrong_identity',
] as const;
export type HandshakeFault = (typeof HANDSHAKE_FAULTS)[number];
export type HandshakeResult = 'ok' | 'resumed' | HandshakeFault;

/** A peer that is not believed. */
export interface Refusal {
	readonly fault: HandshakeFault;
	/** For the log: what was seen. No secret of either side. */
	readonly detail: string;
}

/** A peer that is. */
export interface VerifiedPeer {
	/** SPIFFE id; `''`: of a server that was believed by a DNS name, or a client without a certificate. */
	readonly principal: string;
	/** See `Peer.certificateElement`. */
	readonly certificateElement: string;
	/** Epoch milliseconds of its certificate; 0: it has shown none. */
	readonly expiresAt: number;
}

export interface HandshakeRecorder {
	handshook(side: 'inbound' | 'outbound', result: HandshakeResult): void;
}
