/**
 * CORS of the Gateway API (HTTPCORSFilter), for browsers (Fetch standard, "CORS protocol").
 *
 * Theory of operation. The rule alone says who may read its responses. A preflight never reaches a backend: it is answered
 * here. Every other response of the rule, errors included, loses the `access-control-*` fields that the backend wrote and
 * gets ours, so that a script can read why its request failed. The decision is made on the way in, from the `Origin` that
 * came, because another filter may edit that field for the backend.
 *
 * A preflight from another origin gets 204 without a field. The Gateway API allows that and 403, and the browser goes no
 * further either way: nothing is allowed that is not said to be. 403 would show ordinary strangers as errors of the app.
 *
 * `*` is never said with credentials: the standard does not know it there. Then the origin, the method or the names that
 * were asked for are said. For methods and names that is done without credentials as well: `*` would leave out
 * `authorization`, which the file allows.
 */
import type { CorsFilter, HeaderValue } from '../config/config.ts';
import type { ResponseHead } from '../http/head.ts';
import { type HeaderList, SPAN } from '../http/header-list.ts';
import { isToken, listHas } from '../http/tokens.ts';
import type { Answer, FilteredRequest, RequestFilter, ResponseFilter } from './filter.ts';
import { OriginList } from './origin-list.ts';

const ANY = '*';
const ALLOW_ORIGIN = 'access-control-allow-origin';
const ALLOW_CREDENTIALS = 'access-control-allow-credentials';
const ALLOW_METHODS = 'access-control-allow-methods';
const ALLOW_HEADERS = 'access-control-allow-headers';
const EXPOSE_HEADERS = 'access-control-expose-headers';
const MAX_AGE = 'access-control-max-age';
const REQUEST_METHOD = 'access-control-request-method';
const REQUEST_HEADERS = 'access-control-request-headers';
/** What all fields have in common that a response can carry. */
const PREFIX = 'access-control-';
const NO_CONTENT = 204;
/** What is said back must be short: dozens of header names are. Longer lists are not allowed. */
const MAX_ECHO_LENGTH = 4096;
/** Names of fields in a list, as browsers write it. */
const NAMES = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+(?:[ \t]*,[ \t]*[!#$%&'*+.^_`|~0-9A-Za-z-]+)*$/;

export class Cors implements RequestFilter, ResponseFilter {
	readonly editsFailures = true;
	readonly #origins: OriginList;
	/** Every origin gets the same answer, `*`. */
	readonly #isSame: boolean;
	readonly #credentials: boolean;
	/** As the header has them; `''`: none; `*`: what is asked for. */
	readonly #methods: string;
	readonly #headers: string;
	/** As the header has them; `''`: none; `*` with credentials: all that the response has. */
	readonly #exposed: string;
	readonly #maxAge: string;
	/** What the answer to a preflight depends on. */
	readonly #varyPreflight: string;

	constructor(filter: CorsFilter) {
		this.#origins = new OriginList(filter.allowOrigins);
		this.#credentials = filter.allowCredentials;
		this.#isSame = this.#origins.takesAll && !filter.allowCredentials;
		this.#methods = listOf(filter.allowMethods);
		this.#headers = listOf(filter.allowHeaders);
		this.#exposed = listOf(filter.exposeHeaders);
		this.#maxAge = String(filter.maxAge);
		const varied = [
			this.#isSame ? '' : 'origin',
			this.#methods === ANY ? REQUEST_METHOD : '',
			this.#headers === ANY ? REQUEST_HEADERS : '',
		];
		this.#varyPreflight = varied.filter((name) => name !== '').join(', ');
	}

	onRequest(request: FilteredRequest): Answer | null {
		const allowed = this.#decide(request);
		if (!isPreflight(request)) return null;
		const headers: HeaderValue[] = [];
		if (allowed !== '') this.#sayAllowed(headers, allowed, request.head.headers);
		if (this.#varyPreflight !== '') headers.push({ name: 'vary', value: this.#varyPreflight });
		return { kind: 'answer', made: 'cors_preflight', status: NO_CONTENT, headers, body: '' };
	}

	onResponse(head: ResponseHead, request: FilteredRequest): void {
		// It has its fields already, or is an error, which allows nothing.
		if (isPreflight(request)) return;
		const { headers } = head;
		removeAccessControl(headers);
		if (!this.#isSame) vary(headers);
		const allowed = this.#decide(request);
		if (allowed === '') return;
		headers.appendAs(0, ALLOW_ORIGIN, allowed);
		if (this.#credentials) headers.appendAs(0, ALLOW_CREDENTIALS, 'true');
		const exposed = this.#exposed === ANY && this.#credentials ? namesOf(headers) : this.#exposed;
		if (exposed !== '') headers.appendAs(0, EXPOSE_HEADERS, exposed);
	}

	/** The value of `access-control-allow-origin`; `''` when there is none. An error may come before the first filter. */
	#decide(request: FilteredRequest): string {
		if (request.allowedOrigin !== undefined) return request.allowedOrigin;
		// Two fields make a list, which is no origin.
		const origin = this.#isSame ? ANY : (request.head.headers.joined('origin') ?? '');
		request.allowedOrigin = this.#isSame || this.#origins.has(origin) ? origin : '';
		return request.allowedOrigin;
	}

	#sayAllowed(headers: HeaderValue[], origin: string, asked: HeaderList): void {
		headers.push({ name: ALLOW_ORIGIN, value: origin });
		if (this.#credentials) headers.push({ name: ALLOW_CREDENTIALS, value: 'true' });
		const methods = this.#methods === ANY ? methodOf(asked) : this.#methods;
		if (methods !== '') headers.push({ name: ALLOW_METHODS, value: methods });
		const names = this.#headers === ANY ? namesAskedFor(asked) : this.#headers;
		if (names !== '') headers.push({ name: ALLOW_HEADERS, value: names });
		// The standard wants it with the response itself; the Gateway API's conformance tests want it here as well.
		if (this.#exposed !== '' && !(this.#exposed === ANY && this.#credentials)) {
			headers.push({ name: EXPOSE_HEADERS, value: this.#exposed });
		}
		headers.push({ name: MAX_AGE, value: this.#maxAge });
	}
}

function listOf(words: readonly string[]): string {
	return words.includes(ANY) ? ANY : words.join(', ');
}

/** Fetch standard, "CORS-preflight request". */
function isPreflight({ head }: FilteredRequest): boolean {
	return head.method === 'OPTIONS' && head.headers.has(REQUEST_METHOD) && head.headers.has('origin');
}

function methodOf(asked: HeaderList): string {
	const method = asked.joined(REQUEST_METHOD) ?? '';
	return method.length <= MAX_ECHO_LENGTH && isToken(method) ? method : '';
}

function namesAskedFor(asked: HeaderList): string {
	const names = asked.joined(REQUEST_HEADERS) ?? '';
	return names.length <= MAX_ECHO_LENGTH && NAMES.test(names) ? names : '';
}

/** The standard hides cookies whatever is said. */
function namesOf(headers: HeaderList): string {
	const names = new Set<string>();
	headers.forEach((name, _value) => {
		names.add(name.toLowerCase());
	});
	names.delete('set-cookie');
	return [...names].join(', ');
}

/** One pass over the names. None of these fields has a `FieldId`. */
function removeAccessControl(headers: HeaderList): void {
	const { spans, parsed, added } = headers;
	for (let i = 0; i < parsed; i++) {
		const length = (spans[i * SPAN + 1] as number) - (spans[i * SPAN] as number);
		if (length > PREFIX.length && !headers.isRemoved(i) && isAccessControl(headers.nameAt(i))) headers.removeAt(i);
	}
	for (let k = added.length - 2; k >= 0; k = Math.min(k, added.length) - 2) {
		const name = added[k] as string;
		// All fields of the name go, some of them further ahead.
		if (isAccessControl(name)) headers.removeOther(name.toLowerCase());
	}
}

function isAccessControl(name: string): boolean {
	return name.length > PREFIX.length && name.slice(0, PREFIX.length).toLowerCase() === PREFIX;
}

/** Caches must not give one origin the answer to another (Fetch standard, "CORS protocol and HTTP caches"). */
function vary(headers: HeaderList): void {
	const said = headers.joined('vary');
	if (said !== undefined && (listHas(said, 0, said.length, 'origin') || listHas(said, 0, said.length, ANY))) return;
	headers.appendAs(0, 'vary', 'origin');
}
