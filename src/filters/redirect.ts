/** RequestRedirect of the Gateway API: an answer that names another place to ask. */
import type { RedirectFilter } from '../config/config.ts';
import { ProxyError } from '../error.ts';
import { hostEnd } from '../http/authority.ts';
import type { Answer, FilteredRequest, RequestFilter } from './filter.ts';
import { PathReplacement } from './path-replacement.ts';

const HTTP_PORT = 80;
const HTTPS_PORT = 443;
/** Bytes that no URI has (RFC 3986 §2), but that clients send in targets all the same. */
const NO_URI_CHAR = /[^\x21-\x7e]/g;

export class RequestRedirect implements RequestFilter {
	readonly #filter: RedirectFilter;
	readonly #path: PathReplacement | null;

	constructor(filter: RedirectFilter) {
		this.#filter = filter;
		this.#path = filter.path === null ? null : new PathReplacement(filter.path);
	}

	onRequest(request: FilteredRequest): Answer | ProxyError {
		const { scheme, hostname, statusCode } = this.#filter;
		const host = hostname === '' ? request.authority.slice(0, hostEnd(request.authority)) : hostname;
		// HTTP/1.0 may name none. A `location` without one would say less than the file does.
		if (host === '') return new ProxyError('bad_request', 'the redirect needs a host, and the request names none');
		const newScheme = scheme === '' ? request.scheme : scheme;
		const port = this.#port(request);
		const isUsual = port === 0 || port === (newScheme === 'http' ? HTTP_PORT : HTTPS_PORT);
		const location = `${newScheme}://${host}${isUsual ? '' : `:${port}`}${this.#target(request)}`;
		return {
			kind: 'answer',
			made: 'redirect',
			status: statusCode,
			headers: [{ name: 'location', value: location }],
			body: '',
		};
	}

	/**
	 * 0: the well-known one. The Gateway API speaks of the listener's port and means the one that clients know. In front of a
	 * sidecar there is a Service, a port mapping or an intercepted connection, so clients know another one: what they say.
	 */
	#port({ authority, listenerPort }: FilteredRequest): number {
		const { scheme, port } = this.#filter;
		if (port > 0 || scheme !== '') return port;
		return authority === '' ? listenerPort : Number(authority.slice(hostEnd(authority) + 1));
	}

	/** Path and query; the query stays as it was. Without a path (`OPTIONS *`) there is none in the URL (RFC 9112 §3.2.4). */
	#target({ head, match }: FilteredRequest): string {
		if (!head.path.startsWith('/')) return '';
		const path = this.#path === null ? head.path : this.#path.replace(head.path, match);
		return (path + head.query).replace(NO_URI_CHAR, percentEncoded);
	}
}

/** Heads are latin1: a character is a byte. */
function percentEncoded(char: string): string {
	return `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}
