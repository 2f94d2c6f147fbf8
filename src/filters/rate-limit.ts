/** A rule's rate limit, as a filter: one token of the bucket that the request falls into, or 429 with `retry-after`. */
import type { RateLimit, RateLimitKey } from '../config/config.ts';
import { formatDuration } from '../config/duration.ts';
import { ProxyError } from '../error.ts';
import { BucketTable } from '../resilience/bucket-table.ts';
import type { FilteredRequest, RequestFilter, Verdict } from './filter.ts';

/** Buckets of one limit: some 4 MiB, and more callers than one app usually has at the same time. */
const MAX_BUCKETS = 10_000;
/** Longer keys are replaced by their digest, so that a table has an upper size in bytes. */
const MAX_KEY_CHARS = 128;
/** Between the parts of a key; stands in no address, name or field value. */
const SEPARATOR = '\n';
/** In front of a digest; no other key begins with it. */
const DIGEST_MARK = '\r';
const MS_PER_SECOND = 1000;

export class RateLimitFilter implements RequestFilter {
	private readonly by: readonly RateLimitKey[];
	private readonly buckets: BucketTable;
	private readonly digest: (text: string) => string;
	private readonly detail: string;

	/** `digest` maps long keys to short ones; it must not be possible to find two of the same digest. */
	constructor(limit: RateLimit, digest: (text: string) => string) {
		this.by = limit.by;
		this.buckets = new BucketTable(limit, MAX_BUCKETS);
		this.digest = digest;
		this.detail = describe(limit);
	}

	onRequest(request: FilteredRequest): Verdict {
		const wait = this.buckets.take(this.keyOf(request), request.now());
		if (wait === 0) return null;
		return new ProxyError('rate_limited', this.detail, { retryAfterSeconds: Math.ceil(wait / MS_PER_SECOND) });
	}

	private keyOf(request: FilteredRequest): string {
		let key = '';
		for (let i = 0; i < this.by.length; i++) {
			const part = partOf(this.by[i] as RateLimitKey, request);
			key = i === 0 ? part : key + SEPARATOR + part;
		}
		return key.length <= MAX_KEY_CHARS ? key : DIGEST_MARK + this.digest(key);
	}
}

function partOf(key: RateLimitKey, request: FilteredRequest): string {
	switch (key.by) {
		case 'peer':
			return request.principal === '' ? request.peerAddress : request.principal;
		case 'client':
			return request.clientAddress;
		case 'header':
			// Of several fields the first: a second one that the app ignores must not open another bucket. Without the field
			// all share one.
			return request.head.headers.get(key.name) ?? '';
	}
}

/** Of the settings alone: what a caller sent may be a secret. */
function describe({ requests, per, burst, by }: RateLimit): string {
	const keys = by.map((key) => (key.by === 'header' ? `header ${key.name}` : key.by)).join(', ');
	return `over the rule's rateLimit of { requests: ${requests}, per: ${formatDuration(per)}, burst: ${burst}, by: [${keys}] }`;
}
