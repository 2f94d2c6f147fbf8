/** Keeps a client with the backend and endpoint that answered it first, where a rule says so (`balancing/session.ts`). */
import { type SessionEndpoint, Sessions } from '../balancing/session.ts';
import type { SessionPersistence } from '../config/config.ts';
import type { HeaderList } from '../http/header-list.ts';
import type { Backend } from './backend.ts';
import type { Endpoint } from './endpoint.ts';

/** One endpoint as a part of one backend of the rule: two backends may share an endpoint, and no session. */
export interface Seat {
	readonly backend: Backend;
	readonly endpoint: Endpoint;
}

export interface StickySettings {
	readonly settings: SessionPersistence;
	/** By which the rule is known: rules share no sessions. */
	readonly scope: string;
	/** All of them, those without weight included: their sessions go on. */
	readonly backends: readonly Backend[];
	digest(text: string): string;
}

/** The first request makes the tokens: a reload with many rules in front of many endpoints would take seconds for all. */
export class StickySessions {
	private readonly options: StickySettings;
	private known: Sessions<Seat> | null = null;
	/** Of the groups that `known` was made of, together. */
	private version = 0;
	private readonly seats = new Map<Backend, Map<Endpoint, Seat>>();

	constructor(options: StickySettings) {
		this.options = options;
	}

	private get sessions(): Sessions<Seat> {
		let version = 0;
		// Versions only grow, so the sum is another one when any of them is.
		for (const { group } of this.options.backends) version += group?.version ?? 0;
		if (this.known === null || version !== this.version) this.known = this.build();
		this.version = version;
		return this.known;
	}

	private build(): Sessions<Seat> {
		const { settings, scope, backends, digest } = this.options;
		const all: SessionEndpoint<Seat>[] = [];
		for (const backend of backends) {
			const seats = new Map<Endpoint, Seat>();
			for (const endpoint of backend.endpoints) {
				const seat = { backend, endpoint };
				seats.set(endpoint, seat);
				all.push({ backend: backend.label, address: endpoint.address, value: seat });
			}
			this.seats.set(backend, seats);
		}
		return new Sessions(settings, scope, all, digest);
	}

	/** Where the session of a request leads; `null` when it has none. `wallMs`: since the Unix epoch. */
	find(headers: HeaderList, wallMs: number): Seat | null {
		return this.sessions.find(headers, wallMs);
	}

	/** Gives the client a token for the endpoint that has answered, unless the one it brought (`carried`) leads there. */
	keep(response: HeaderList, answered: Seat, carried: Seat | null, isSecure: boolean, wallMs: number): void {
		const { sessions } = this;
		const seat = this.seats.get(answered.backend)?.get(answered.endpoint);
		if (seat !== undefined) sessions.keep(response, seat, carried, isSecure, wallMs);
	}
}
