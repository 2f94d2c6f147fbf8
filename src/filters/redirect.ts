/** RequestRedirect: the caller is sent elsewhere. */
import type { RedirectFilter } from '../config/config.ts';
import type { Answer, FilteredRequest, RequestFilter } from './filter.ts';
import { PathChange } from './path-modifier.ts';

const WELL_KNOWN = { http: '80', https: '443' } as const;

export class RequestRedirect implements RequestFilter {
	private readonly filter: RedirectFilter;
	private readonly path: PathChange | null;

	constructor(filter: RedirectFilter) {
		this.filter = filter;
		this.path = filter.path === null ? null : new PathChange(filter.path);
	}

	onRequest(request: FilteredRequest): Answer {
		const { head, match } = request;
		const path = this.path?.of(head, match) ?? (head.path.startsWith('/') ? head.path : '/');
		const location = originOf(this.filter, request) + path + head.query;
		return {
			kind: 'answer',
			made: 'redirect',
			status: this.filter.statusCode,
			headers: [{ name: 'location', value: location }],
			body: '',
		};
	}
}

/** Scheme, host and port: what is not written stays as it was asked for. */
function originOf({ scheme, hostname, port }: RedirectFilter, request: FilteredRequest): string {
	const asked = splitAuthority(request.authority);
	const ownScheme = scheme === '' ? request.scheme : scheme;
	const host = hostname === '' ? asked.host : hostname;
	// The port by which the caller came is the listener's as he knows it, whatever has been mapped in between. A written
	// scheme brings its own.
	const ownPort = port > 0 ? String(port) : scheme === '' ? asked.port : '';
	const shownPort = ownPort === '' || ownPort === WELL_KNOWN[ownScheme] ? '' : `:${ownPort}`;
	return `${ownScheme}://${host}${shownPort}`;
}

function splitAuthority(authority: string): { host: string; port: string } {
	const colon = authority.lastIndexOf(':');
	// The last colon of an IPv6 literal stands before its bracket.
	if (colon < 0 || colon < authority.lastIndexOf(']')) return { host: authority, port: '' };
	return { host: authority.slice(0, colon), port: authority.slice(colon + 1) };
}
