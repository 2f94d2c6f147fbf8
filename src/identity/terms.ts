/** What a handshake is made with, on either side. Asked for each time: certificates rotate. */
import type { X509Certificate } from 'node:crypto';
import type { SecureContext } from 'node:tls';
import type { Refusal, VerifiedPeer } from '../ports/handshake.ts';

/** `undefined`: none was shown. `fault`: what OpenSSL has against it. */
export type Judge = (certificate: X509Certificate | undefined, fault: Error | null) => VerifiedPeer | Refusal;

export interface ServerTerms {
	readonly context: SecureContext;
	/** Of clients. */
	readonly judge: Judge;
	/** The session that was resumed is good for nothing: it is not to be resumed again. */
	forget(): void;
}

/** Of an endpoint. A resumed session shows no certificate: who was believed when it was made is who is there. */
export interface KnownSession {
	readonly ticket: Buffer;
	readonly peer: VerifiedPeer;
}

export interface ClientTerms {
	readonly context: SecureContext;
	/** Server name to ask for; `''`: none. */
	readonly servername: string;
	/** Of the endpoint. */
	readonly judge: Judge;
	/** To be resumed; `null`: none is known. */
	readonly session: KnownSession | null;
	/** One for the next handshake under the same terms. */
	keep(session: KnownSession): void;
	/** As above; also where the handshake failed with it. */
	forget(): void;
}
