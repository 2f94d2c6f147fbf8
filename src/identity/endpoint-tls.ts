/** TLS towards one endpoint: who it must be, and the session to go on with. */
import type net from 'node:net';
import type { Timers } from '../clock.ts';
import type { PeerName } from '../config/identity-config.ts';
import { parseSpiffeId } from '../config/spiffe-id.ts';
import { loopClock } from '../io/loop-clock.ts';
import { type HandshakeOwner, isRefusal, type OutboundTls, type RunningHandshake } from '../io/secure.ts';
import type { Refusal } from '../ports/handshake.ts';
import type { ClientCredentials, ClientTrust } from './client-trust.ts';
import { Handshake } from './handshake.ts';
import { serverJudge } from './judges.ts';
import type { SecureAbilities } from './secure-socket.ts';
import type { Judge, KnownSession } from './terms.ts';

export interface EndpointTlsOptions {
	readonly trust: ClientTrust;
	/** One of them it must have. Empty: any SPIFFE id of our own trust domain. */
	readonly names: readonly PeerName[];
	readonly servername: string;
	readonly abilities: SecureAbilities;
}

export class EndpointTls implements OutboundTls {
	private readonly options: EndpointTlsOptions;
	private session: KnownSession | null = null;
	/** Under which the session was made: it proves nothing under others. */
	private credentials: ClientCredentials | null = null;
	private judge: Judge | null = null;
	/** Trust domain of the names, where nothing that is believed speaks for any of them; `''`: something does. */
	private stranger = '';

	constructor(options: EndpointTlsOptions) {
		this.options = options;
	}

	version(): object | null {
		const credentials = this.options.trust.credentials();
		return isRefusal(credentials) ? this.credentials : credentials;
	}

	connect(raw: net.Socket, timers: Timers, owner: HandshakeOwner): RunningHandshake | Refusal {
		const { trust, names, servername, abilities } = this.options;
		const credentials = trust.credentials();
		if (isRefusal(credentials)) return credentials;
		if (credentials !== this.credentials || this.judge === null) {
			this.credentials = credentials;
			this.session = null;
			const { trustDomains, vouching, ownDomain } = credentials;
			this.judge = serverJudge({ names, ownDomain, trustDomains, vouching });
			this.stranger = strangerAmong(names, trustDomains);
		}
		if (this.stranger !== '') return strange(this.stranger);
		const { context } = credentials;
		const { judge } = this;
		const { session: known } = this;
		const session = known !== null && loopClock.wall() < known.peer.expiresAt ? known : null;
		const keep = (next: KnownSession): void => {
			if (this.credentials === credentials) this.session = next;
		};
		const forget = (): void => {
			if (this.session === session) this.session = null;
		};
		return Handshake.connect({ raw, abilities, timers }, { context, servername, judge, session, keep, forget }, owner);
	}
}

/** Whatever certificate came, it would be refused: there is no need to look at one. */
function strangerAmong(names: readonly PeerName[], trustDomains: ReadonlySet<string>): string {
	let stranger = '';
	for (const { type, value } of names) {
		const id = type === 'uri' ? parseSpiffeId(value) : null;
		if (id === null || !id.ok || trustDomains.size === 0 || trustDomains.has(id.trustDomain)) return '';
		stranger = id.trustDomain;
	}
	return stranger;
}

function strange(trustDomain: string): Refusal {
	return { fault: 'wrong_trust_domain', detail: `the trust bundle does not speak for ${trustDomain}` };
}
