/**
 * Faults that a rule makes on purpose, to see how callers bear them: a delay, an abort, or one after the other. Whether a
 * request gets either is drawn for each by itself.
 */
import type { FaultInjection } from '../config/config.ts';
import { ProxyError } from '../error.ts';
import type { FilteredRequest, RequestFilter, Verdict } from './filter.ts';

/** A verdict for some of the requests. */
class ChanceFilter implements RequestFilter {
	private readonly share: number;
	private readonly verdict: Verdict;

	constructor(percent: number, verdict: Verdict) {
		this.share = percent / 100;
		this.verdict = verdict;
	}

	onRequest(request: FilteredRequest): Verdict {
		return request.random.next() < this.share ? this.verdict : null;
	}
}

/** The delay comes first, so that an abort after it has waited. Empty when nothing can happen. */
export function faultFilters({ delay, abort }: FaultInjection): readonly RequestFilter[] {
	const filters: RequestFilter[] = [];
	if (delay !== null && delay.percent > 0 && delay.fixed > 0) {
		filters.push(new ChanceFilter(delay.percent, Object.freeze({ kind: 'wait', ms: delay.fixed })));
	}
	if (abort !== null && abort.percent > 0) {
		const detail = `${abort.percent} % of the requests get ${abort.status}, as the rule's fault says`;
		filters.push(new ChanceFilter(abort.percent, new ProxyError('fault_injected', detail, { status: abort.status })));
	}
	return filters;
}
