/**
 * One TLS handshake over a connection that is open. Its owner hears of exactly one end: a connection with a peer that is
 * believed, or why there is none; never before the constructor has returned.
 *
 * What is refused is cut off here. Node's server lets everybody finish the handshake and has us look at the certificate
 * then, so a client that is refused under TLS 1.3 sees a connection that closes, not an alert.
 */
import type net from 'node:net';
import { TimerEntry, type Timers } from '../clock.ts';
import type { AcceptedReader } from '../io/accept-shared.ts';
import { loopClock } from '../io/loop-clock.ts';
import { type HandshakeOwner, isRefusal, type RunningHandshake } from '../io/secure.ts';
import type { Refusal, VerifiedPeer } from '../ports/handshake.ts';
import { failureOf } from './openssl-faults.ts';
import { type SecureAbilities, SecureSocket } from './secure-socket.ts';
import type { ClientTerms, Judge, ServerTerms } from './terms.ts';

/** Longest wait for a peer to finish (`semantics`: TLS handshake 5 s). */
export const HANDSHAKE_MS = 5000;
const ALPN = ['http/1.1'];
/** OpenSSL looks at dates in whole handshakes only, and a resumed session makes a new one: it would be good for ever. */
const EXPIRED: Refusal = { fault: 'expired', detail: 'the certificate of the resumed session has expired' };

export interface HandshakeInput {
	readonly raw: net.Socket;
	readonly abilities: SecureAbilities;
	readonly timers: Timers;
}

export class Handshake extends TimerEntry implements RunningHandshake {
	/** Of the plain bytes. */
	reader: AcceptedReader | null = null;
	private readonly socket: SecureSocket;
	private readonly owner: HandshakeOwner;
	private readonly judge: Judge;
	private readonly forget: () => void;
	private readonly timers: Timers;
	private isSettled = false;
	/** A session was offered to the server, or one of a client was resumed. */
	private usesSession: boolean;
	/** Of a client. */
	private keep: ClientTerms['keep'] | null = null;
	/** Came before the endpoint was believed: under TLS 1.2 they do, under TLS 1.3 they come later. */
	private ticket: Buffer | null = null;
	/** Who was believed when the session that is offered was made. */
	private known: VerifiedPeer | null = null;
	private peer: VerifiedPeer | null = null;

	/** `received`: what has been read of the socket already. */
	static accept(input: HandshakeInput, terms: ServerTerms, received: Buffer | null, owner: HandshakeOwner): Handshake {
		const common = { requestCert: true, isServer: true, servername: '', session: null };
		return new Handshake(input, { ...common, received, context: terms.context }, terms, owner);
	}

	static connect(input: HandshakeInput, terms: ClientTerms, owner: HandshakeOwner): Handshake {
		const { context, servername, session } = terms;
		const ticket = session?.ticket ?? null;
		const options = { requestCert: true, isServer: false, received: null, context, servername, session: ticket };
		const handshake = new Handshake(input, options, terms, owner);
		handshake.keep = terms.keep;
		handshake.known = session?.peer ?? null;
		handshake.socket.on('session', handshake.onTicket);
		return handshake;
	}

	private constructor(
		{ raw, abilities, timers }: HandshakeInput,
		options: Omit<Parameters<typeof SecureSocket.over>[2], 'alpn'>,
		{ judge, forget }: Pick<ServerTerms, 'judge' | 'forget'>,
		owner: HandshakeOwner,
	) {
		super();
		this.owner = owner;
		this.judge = judge;
		this.forget = forget;
		this.timers = timers;
		this.usesSession = options.session !== null;
		this.socket = SecureSocket.over(raw, this, { ...options, alpn: ALPN }, abilities);
		this.socket.on('secure', this.onSecure);
		this.socket.on('error', this.onError);
		this.socket.on('close', this.onClose);
		timers.arm(this, HANDSHAKE_MS);
	}

	override onTimer(): void {
		this.refuse({ fault: 'timeout', detail: `no whole handshake within ${HANDSHAKE_MS} ms` });
	}

	cancel(): void {
		this.refuse({ fault: 'closed', detail: 'given up' });
	}

	private readonly onSecure = (): void => {
		loopClock.refresh();
		if (this.isSettled) return;
		const { socket } = this;
		const isResumed = socket.isSessionReused();
		this.usesSession = isResumed;
		const outcome = this.outcome(isResumed);
		if (isRefusal(outcome)) return this.refuse(outcome);
		this.peer = outcome;
		this.settle();
		socket.accept();
		if (this.ticket !== null) this.onTicket(this.ticket);
		this.reader = this.owner.onSecure(socket, outcome, isResumed ? 'resumed' : 'ok');
	};

	private outcome(isResumed: boolean): VerifiedPeer | Refusal {
		const { socket, known } = this;
		const fault = socket.verifyError;
		const isKnown = isResumed && known !== null && fault === null;
		const outcome = isKnown ? known : this.judge(socket.getPeerX509Certificate(), fault);
		if (isRefusal(outcome) || !isResumed || outcome.expiresAt === 0) return outcome;
		return loopClock.wall() > outcome.expiresAt ? EXPIRED : outcome;
	}

	private readonly onTicket = (ticket: Buffer): void => {
		const { peer } = this;
		if (peer === null) this.ticket = ticket;
		else if (!this.socket.destroyed) this.keep?.({ ticket, peer });
	};

	private readonly onError = (error: NodeJS.ErrnoException): void => {
		this.refuse(failureOf(error));
	};

	private readonly onClose = (): void => {
		this.refuse({ fault: 'closed', detail: 'the peer ended the connection within the handshake' });
	};

	private refuse(refusal: Refusal): void {
		if (this.isSettled) return;
		loopClock.refresh();
		this.settle();
		if (this.usesSession) this.forget();
		// What breaks while it closes interests nobody.
		this.socket.on('error', () => undefined);
		this.socket.destroy();
		this.owner.onRefused(refusal);
	}

	private settle(): void {
		this.isSettled = true;
		this.timers.disarm(this);
		this.socket.removeListener('secure', this.onSecure);
		this.socket.removeListener('error', this.onError);
		this.socket.removeListener('close', this.onClose);
	}
}
