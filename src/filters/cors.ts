/**
 * CORS: which other origins a browser lets ask (Fetch standard, "CORS protocol"; the Gateway API's HTTPCORSFilter).
 *
 * A preflight is answered here and never reaches the backend: with what is allowed when its origin is, with a bare 204
 * otherwise, which a browser takes for a no and anybody else for nothing. All other requests go on whatever their origin:
 * it is the browser that keeps the answer from the page. The file decides alone, so what the backend says about CORS is
 * replaced. With credentials a browser takes no `*`: what was asked for is given back by name.
 */
import type { CorsFilter, HeaderValue } from '../config/config.ts';
import type { ResponseHead } from '../http/head.ts';
import type { HeaderList } from '../http/header-list.ts';
import type { Answer, FilteredRequest, RequestFilter, ResponseFilter } from './filter.ts';
import { OriginList } from './origin-list.ts';

const ANY = '*';
const ORIGIN = 'origin';
const ASKED_METHOD = 'access-control-request-method';
const ASKED_HEADERS = 'access-control-request-headers';
const NO_CONTENT = 204;
const VARY_PREFLIGHT = `${ORIGIN}, ${ASKED_METHOD}, ${ASKED_HEADERS}`;
/** What a response says about CORS, ours in place of the backend's. */
const OURS = [
	'access-control-allow-origin',
	'access-control-allow-credentials',
	'access-control-expose-headers',
] as const;

export class Cors implements RequestFilter, ResponseFilter {
	/** A page must be able to read why a request of its has failed. */
	readonly editsFailures = true;
	private readonly filter: CorsFilter;
	private readonly origins: OriginList;
	private readonly methods: string;
	private readonly headers: string;
	private readonly exposed: string;

	constructor(filter: CorsFilter) {
		this.filter = filter;
		this.origins = new OriginList(filter.allowOrigins);
		this.methods = listed(filter.allowMethods);
		this.headers = listed(filter.allowHeaders);
		this.exposed = listed(filter.exposeHeaders);
	}

	onRequest({ head }: FilteredRequest): Answer | null {
		if (head.method !== 'OPTIONS') return null;
		const origin = head.headers.get(ORIGIN);
		const method = head.headers.get(ASKED_METHOD);
		if (origin === undefined || method === undefined) return null;
		const headers = this.origins.allows(origin) ? this.permission(head.headers, method) : NOTHING;
		return { kind: 'answer', made: 'cors_preflight', status: NO_CONTENT, headers, body: '' };
	}

	/** `access-control-allow-origin` and the like are added by `onResponse`, as to every answer. */
	private permission(asked: HeaderList, method: string): HeaderValue[] {
		const said: HeaderValue[] = [];
		const { allowCredentials, maxAge } = this.filter;
		const methods = this.methods === ANY && allowCredentials ? method : this.methods;
		if (methods !== '') said.push({ name: 'access-control-allow-methods', value: methods });
		const wanted = asked.joined(ASKED_HEADERS) ?? '';
		const headers = this.headers === ANY && allowCredentials ? wanted : this.headers;
		if (headers !== '') said.push({ name: 'access-control-allow-headers', value: headers });
		said.push({ name: 'access-control-max-age', value: String(maxAge) }, { name: 'vary', value: VARY_PREFLIGHT });
		return said;
	}

	onResponse(head: ResponseHead, request: FilteredRequest): void {
		const { headers } = head;
		for (let i = 0; i < OURS.length; i++) headers.remove(OURS[i] as string);
		const { allowCredentials } = this.filter;
		const isPublic = this.origins.allowsAny && !allowCredentials;
		// Whoever keeps answers must keep one for each origin, also when this one had none.
		if (!isPublic && !saysVary(headers)) headers.append('vary', ORIGIN);
		const origin = request.head.headers.get(ORIGIN);
		if (origin === undefined || !this.origins.allows(origin)) return;
		headers.append('access-control-allow-origin', isPublic ? ANY : origin);
		if (allowCredentials) headers.append('access-control-allow-credentials', 'true');
		if (this.exposed !== '') headers.append('access-control-expose-headers', this.exposed);
	}
}

const NOTHING: readonly HeaderValue[] = [{ name: 'vary', value: VARY_PREFLIGHT }];

function listed(values: readonly string[]): string {
	return values.includes(ANY) ? ANY : values.join(', ');
}

function saysVary(headers: HeaderList): boolean {
	const listed = headers.joined('vary') ?? '';
	return listed.split(',').some((part) => part.trim().toLowerCase() === ORIGIN || part.trim() === ANY);
}
