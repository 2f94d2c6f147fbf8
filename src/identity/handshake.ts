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
import type { Refusal } from '../ports/handshake.ts';
import { SecureSocket } from './secure-socket.ts';
import type { ClientTerms, Judge, ServerTerms } from './terms.ts';

/** Longest wait for a peer to finish (`semantics`: TLS handshake 5 s). */
export const HANDSHAKE_MS = 5000;
/** Reasons of OpenSSL for which a peer that should speak TLS seems to speak something else. */
const PLAINTEXT = new Set(['ERR_SSL_HTTP_REQUEST', 'ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG']);
const ALPN = ['http/1.1'];

export interface HandshakeInput {
	readonly raw: net.Socket;
	readonly isShared: boolean;
	readonly timers: Timers;
}

export class Handshake extends TimerEntry implements RunningHandshake {
	/** Of the plain bytes. */
	reader: AcceptedReader | null = null;
	private readonly socket: SecureSocket;
	private readonly owner: HandshakeOwner;
	private readonly judge: Judge;
	private readonly timers: Timers;
	private isSettled = false;

	/** `received`: what has been read of the socket already. */
	static accept(input: HandshakeInput, terms: ServerTerms, received: Buffer | null, owner: HandshakeOwner): Handshake {
		const common = { requestCert: true, isServer: true, servername: '', session: null };
		return new Handshake(input, { ...common, received, context: terms.context }, terms.judge, owner);
	}

	static connect(input: HandshakeInput, terms: ClientTerms, owner: HandshakeOwner): Handshake {
		const { context, servername, session } = terms;
		const options = { requestCert: true, isServer: false, received: null, context, servername, session };
		const handshake = new Handshake(input, options, terms.judge, owner);
		// Node hands tickets on for as long as somebody listens; under TLS 1.3 they come after the handshake.
		handshake.socket.on('session', (ticket: Buffer) => terms.keep(ticket));
		return handshake;
	}

	private constructor(
		{ raw, isShared, timers }: HandshakeInput,
		options: Omit<Parameters<typeof SecureSocket.over>[2], 'alpn'>,
		judge: Judge,
		owner: HandshakeOwner,
	) {
		super();
		this.owner = owner;
		this.judge = judge;
		this.timers = timers;
		this.socket = SecureSocket.over(raw, this, { ...options, alpn: ALPN }, isShared);
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
		const outcome = this.judge(socket.getPeerX509Certificate(), socket.verifyError);
		if (isRefusal(outcome)) return this.refuse(outcome);
		this.settle();
		socket.accept();
		this.reader = this.owner.onSecure(socket, outcome, socket.isSessionReused() ? 'resumed' : 'ok');
	};

	private readonly onError = (error: NodeJS.ErrnoException): void => {
		this.refuse(refusalOf(error));
	};

	private readonly onClose = (): void => {
		this.refuse({ fault: 'closed', detail: 'the peer ended the connection within the handshake' });
	};

	private refuse(refusal: Refusal): void {
		if (this.isSettled) return;
		loopClock.refresh();
		this.settle();
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

function refusalOf({ code = '', message }: NodeJS.ErrnoException): Refusal {
	if (PLAINTEXT.has(code)) return { fault: 'plaintext', detail: `the peer does not speak TLS (${code})` };
	if (!code.startsWith('ERR_SSL')) return { fault: 'closed', detail: code === '' ? message : code };
	return { fault: 'protocol', detail: code };
}
