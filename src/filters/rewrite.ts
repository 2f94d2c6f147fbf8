/** URLRewrite of the Gateway API: another host or path for the backend. The query stays as it came. */
import type { RewriteFilter } from '../config/config.ts';
import { FieldId } from '../http/field-id.ts';
import { TargetForm } from '../http/head.ts';
import type { FilteredRequest, RequestFilter } from './filter.ts';
import { PathReplacement } from './path-replacement.ts';

export class UrlRewrite implements RequestFilter {
	readonly #hostname: string;
	readonly #path: PathReplacement | null;

	constructor({ hostname, path }: RewriteFilter) {
		this.#hostname = hostname;
		this.#path = path === null ? null : new PathReplacement(path);
	}

	onRequest({ head, match }: FilteredRequest): null {
		// The authority of CONNECT is where the tunnel leads: no part of a URL (RFC 9110 §9.3.6).
		if (head.targetForm === TargetForm.authority) return null;
		if (this.#hostname !== '') {
			// Without a field of its own the writer says `host` as the authority has it, first, and for any form of target.
			head.headers.removeId(FieldId.host);
			head.authority = this.#hostname;
		}
		if (this.#path !== null) head.path = this.#path.replace(head.path, match);
		return null;
	}
}
