/** TLS over a connection that has been dialed. The only place where the failures of that get our names. */
import type net from 'node:net';
import type { Timers } from '../clock.ts';
import { type ErrorCode, ProxyError } from '../error.ts';
import type { AcceptedReader } from '../io/accept-shared.ts';
import { type HandshakeOwner, isRefusal, type OutboundTls } from '../io/secure.ts';
import type { HandshakeFault, HandshakeRecorder, HandshakeResult, Refusal, VerifiedPeer } from '../ports/handshake.ts';

/** The certificate is one that we believe, of somebody else. */
const MISMATCHES: ReadonlySet<HandshakeFault> = new Set([
	'no_identity',
	'several_identities',
	'wrong_trust_domain',
	'wrong_identity',
]);

export interface SecureDialInput {
	readonly raw: net.Socket;
	/** As people know the endpoint. */
	readonly address: string;
	readonly tls: OutboundTls;
	readonly timers: Timers;
	readonly handshakes: HandshakeRecorder;
}

export interface SecureDialOutcome {
	onSecured(socket: net.Socket): AcceptedReader;
	onDialFailed(error: ProxyError): void;
}

/** Exactly one of the outcome's two methods is called. Nothing of a request has left then, so any may go elsewhere. */
export class SecureDial implements HandshakeOwner {
	private readonly input: SecureDialInput;
	private readonly outcome: SecureDialOutcome;

	static start(input: SecureDialInput, outcome: SecureDialOutcome): void {
		const dial = new SecureDial(input, outcome);
		const { raw, tls, timers } = input;
		const handshake = tls.connect(raw, timers, dial);
		if (!isRefusal(handshake)) return;
		raw.destroy();
		dial.onRefused(handshake);
	}

	private constructor(input: SecureDialInput, outcome: SecureDialOutcome) {
		this.input = input;
		this.outcome = outcome;
	}

	onSecure(socket: net.Socket, _peer: VerifiedPeer, result: HandshakeResult): AcceptedReader {
		this.input.handshakes.handshook('outbound', result);
		return this.outcome.onSecured(socket);
	}

	onRefused({ fault, detail }: Refusal): void {
		const { address, handshakes } = this.input;
		handshakes.handshook('outbound', fault);
		const code: ErrorCode = MISMATCHES.has(fault) ? 'upstream_identity_mismatch' : 'upstream_tls_failed';
		this.outcome.onDialFailed(new ProxyError(code, `TLS with ${address}: ${fault}: ${detail}`, { unsent: true }));
	}
}
