/** One thing that a peer may present, and what must come of it. */
import { createSecureContext, type SecureContext } from 'node:tls';
import type { Certified } from './certificate.ts';

/**
 * - `trusted`: a right certificate of the id that it is of.
 * - `someone-else`: as good, of another id: right wherever that id is, wrong where a certain one is expected.
 * - `unidentified`: OpenSSL verifies the chain; it is no X509-SVID of the trust domain, and must be refused for that.
 * - `untrusted`: TLS itself must refuse it.
 * - `unpresentable`: cannot be loaded; of use as a mistake in one's own files.
 */
export type Verdict = 'trusted' | 'someone-else' | 'unidentified' | 'untrusted' | 'unpresentable';

export interface CertificateCase {
	readonly name: string;
	readonly describe: string;
	readonly chainPem: string;
	readonly keyPem: string;
	readonly expected: {
		/** The peer calls us. */
		readonly asClient: Verdict;
		/** We call the peer. */
		readonly asServer: Verdict;
		/**
		 * Node's code of what OpenSSL finds; `UNSPECIFIED` stands for all that Node has no name for. `''`: nothing is found,
		 * or the handshake ends before.
		 */
		readonly code: string;
	};
	/** Options of the peer's TLS without which its own OpenSSL would not present this. */
	readonly peer?: PeerOptions;
}

export interface PeerOptions {
	readonly ciphers?: string;
	readonly maxVersion?: 'TLSv1.2';
}

interface CaseParts {
	readonly name: string;
	readonly describe: string;
	/** The leaf, and what is sent along with it. */
	readonly chain: readonly Certified[];
	readonly verdict: Verdict;
	/** Where it differs from `verdict`. */
	readonly asServer?: Verdict;
	readonly code?: string;
	readonly peer?: PeerOptions;
}

export function caseOf(parts: CaseParts): CertificateCase {
	const { name, describe, chain, verdict, asServer = verdict, code = '', peer } = parts;
	return {
		name,
		describe,
		chainPem: chain.map(({ pem }) => pem).join(''),
		keyPem: chain[0]?.keyPem ?? '',
		expected: { asClient: verdict, asServer, code },
		...(peer === undefined ? {} : { peer }),
	};
}

/** What the peer loads. Throws what is wrong with it when it is not presentable. */
export function peerContext({ chainPem, keyPem, peer }: CertificateCase): SecureContext {
	return createSecureContext({ cert: chainPem, key: keyPem, ...peer });
}
