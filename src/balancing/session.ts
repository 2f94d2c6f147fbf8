/**
 * Session persistence of a rule (the Gateway API's GEP-1619): a client stays with the endpoint that answered it first, by
 * a token that it was given in a cookie or a field.
 *
 * Theory of operation. A token names an endpoint by a digest of rule, backend and address. So any replica can read it,
 * before and after a restart, and there is no table of sessions that could be filled up. Rules do not share sessions, as
 * GEP-1619 demands. With an absolute timeout the token also carries when it was issued: the time-out holds whatever the
 * client makes of `Max-Age`.
 *
 * Tokens are not signed. Whoever makes one up reaches an endpoint of the same rule, to which it could have been sent
 * anyway, or stays longer than it should; what a session may do is for the app to decide. The digest hides addresses from
 * those who look at a token, not from those who try out all addresses of names that they know.
 *
 * A session goes before weights, those of 0 included (GEP-1619, "Traffic Splitting"): draining a backend by its weight
 * keeps its sessions. A token that is unknown, too old or of an endpoint that is gone counts as none: the request is
 * balanced as the first one was, and the answer brings a new token.
 */
import type { SessionPersistence } from '../config/config.ts';
import { cookieEnd, cookieValue, nextCookie } from '../http/cookie.ts';
import { FieldId } from '../http/field-id.ts';
import type { HeaderList } from '../http/header-list.ts';

export interface SessionEndpoint<T> {
	/** Name of the backend in the rule. */
	readonly backend: string;
	/** Where the endpoint is, in any form that is the same everywhere. */
	readonly address: string;
	/** What `find` gives back: each endpoint its own. */
	readonly value: T;
}

/** 96 bits of base64url: no two endpoints share a digest by chance. */
const DIGEST_CHARS = 16;
const TIME_MARK = '.';
/** Milliseconds since the Unix epoch in base 36, until the year 5188. */
const ISSUED = /^[0-9a-z]{1,9}$/;
const RADIX = 36;
/** Replicas' clocks differ; what comes from further ahead is made up, and would never end. */
const MAX_SKEW_MS = 60_000;
/**
 * `Path=/`: the paths that the client sees may have been rewritten on the way. `Lax`, not `Strict`: a session would be lost
 * by following a link from another site.
 */
const COOKIE_ATTRIBUTES = '; Path=/; HttpOnly; SameSite=Lax';
const MS_PER_SECOND = 1000;

export class Sessions<T> {
	private readonly settings: SessionPersistence;
	private readonly attributes: string;
	private readonly byDigest = new Map<string, T>();
	private readonly digests = new Map<T, string>();

	/**
	 * `scope` is the rule's name. `endpoints` are all of the rule's, those without weight included; when they change, another
	 * `Sessions` takes over. `digest` gives at least 16 characters of base64url or hex, by which its text cannot be found.
	 */
	constructor(
		settings: SessionPersistence,
		scope: string,
		endpoints: Iterable<SessionEndpoint<T>>,
		digest: (text: string) => string,
	) {
		this.settings = settings;
		const maxAge = Math.ceil(settings.absoluteTimeout / MS_PER_SECOND);
		this.attributes = settings.isPermanent ? `; Max-Age=${maxAge}${COOKIE_ATTRIBUTES}` : COOKIE_ATTRIBUTES;
		for (const { backend, address, value } of endpoints) {
			const name = digest(JSON.stringify([scope, backend, address])).slice(0, DIGEST_CHARS);
			this.byDigest.set(name, value);
			this.digests.set(value, name);
		}
	}

	/** The endpoint of the session that a request belongs to; `null` when it begins one. `wallMs`: since the Unix epoch. */
	find(headers: HeaderList, wallMs: number): T | null {
		const { type, sessionName } = this.settings;
		if (type === 'Header') {
			const token = headers.get(sessionName.toLowerCase());
			return token === undefined ? null : this.endpointOf(token, wallMs);
		}
		for (let i = headers.indexOf(FieldId.cookie); i >= 0; i = headers.indexOf(FieldId.cookie, i + 1)) {
			const found = this.findInCookies(headers.valueAt(i), wallMs);
			if (found !== null) return found;
		}
		for (
			let k = headers.addedIds.indexOf(FieldId.cookie);
			k >= 0;
			k = headers.addedIds.indexOf(FieldId.cookie, k + 1)
		) {
			const found = this.findInCookies(headers.added[k * 2 + 1] as string, wallMs);
			if (found !== null) return found;
		}
		return null;
	}

	/**
	 * Gives the client its token, for the response of the endpoint that answered. Nothing is added while the session that the
	 * request belongs to (`carried`, from `find`) goes on: a token is not renewed, else its time-out would never come.
	 * `isSecure`: the client came over TLS.
	 */
	keep(response: HeaderList, answered: T, carried: T | null, isSecure: boolean, wallMs: number): void {
		if (answered === carried) return;
		const digest = this.digests.get(answered);
		if (digest === undefined) return;
		const { type, sessionName, absoluteTimeout } = this.settings;
		const token = absoluteTimeout === 0 ? digest : digest + TIME_MARK + Math.floor(wallMs).toString(RADIX);
		if (type === 'Header') {
			response.remove(sessionName.toLowerCase());
			response.append(sessionName, token);
			return;
		}
		response.appendId(FieldId.setCookie, `${sessionName}=${token}${this.attributes}${isSecure ? '; Secure' : ''}`);
	}

	/** Browsers send several cookies of one name when they were set for several paths or domains. */
	private findInCookies(line: string, wallMs: number): T | null {
		const { sessionName } = this.settings;
		for (
			let at = nextCookie(line, sessionName, 0);
			at >= 0;
			at = nextCookie(line, sessionName, cookieEnd(line, at) + 1)
		) {
			const found = this.endpointOf(cookieValue(line, at), wallMs);
			if (found !== null) return found;
		}
		return null;
	}

	private endpointOf(token: string, wallMs: number): T | null {
		const digestEnd = token.indexOf(TIME_MARK);
		const found = this.byDigest.get(digestEnd < 0 ? token : token.slice(0, digestEnd));
		if (found === undefined) return null;
		const { absoluteTimeout } = this.settings;
		if (absoluteTimeout === 0) return found;
		const issued = digestEnd < 0 ? '' : token.slice(digestEnd + 1);
		if (!ISSUED.test(issued)) return null;
		const age = wallMs - Number.parseInt(issued, RADIX);
		return age < absoluteTimeout && age >= -MAX_SKEW_MS ? found : null;
	}
}
