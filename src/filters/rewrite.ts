/** URLRewrite: the backend is asked for another host or path than the caller has asked for. */
import type { RewriteFilter } from '../config/config.ts';
import { FieldId } from '../http/field-id.ts';
import type { FilteredRequest, RequestFilter } from './filter.ts';
import { PathChange } from './path-modifier.ts';

export class UrlRewrite implements RequestFilter {
	private readonly hostname: string;
	private readonly path: PathChange | null;

	constructor({ hostname, path }: RewriteFilter) {
		this.hostname = hostname;
		this.path = path === null ? null : new PathChange(path);
	}

	onRequest({ head, match }: FilteredRequest): null {
		const { hostname } = this;
		if (hostname !== '') {
			head.authority = hostname;
			// The codec writes a host of its own, from the authority, where no field says it.
			head.headers.removeId(FieldId.host);
		}
		head.path = this.path?.of(head, match) ?? head.path;
		return null;
	}
}
