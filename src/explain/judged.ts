/**
 * What authorization makes of a request of which nobody knows who sends it. `explain` takes it for that of a stranger: without
 * identity, from this machine. The `tests` of a file take the caller for whoever may, since they are about what is asked for:
 * there only what is refused to everybody is refused.
 */
import type { AuthorizationFilter, Decision } from '../filters/authorization.ts';
import type { FilteredRequest, RequestFilter, Verdict } from '../filters/filter.ts';
import { copyForNextHop, type RequestHead } from '../http/head.ts';
import { stripRequestHopByHop } from '../http/hop-by-hop.ts';
import type { Step } from './steps.ts';

export type AskedBy = 'stranger' | 'anybody';

export interface Judged {
	/** Why it is refused; `''`: it is not. */
	readonly refusal: string;
	readonly steps: readonly Step[];
}

const WHAT = 'authorization';
export const LOOPBACK = '127.0.0.1';

/** An authorization that keeps in mind what it has decided. */
export class Guard implements RequestFilter {
	decision: Decision | null = null;
	/** Others may. */
	isForSome = false;
	readonly filter: AuthorizationFilter;
	private readonly by: AskedBy;

	constructor(filter: AuthorizationFilter, by: AskedBy) {
		this.filter = filter;
		this.by = by;
	}

	onRequest(request: Pick<FilteredRequest, 'head' | 'principal' | 'peerAddress'>): Verdict {
		const { filter } = this;
		const forAnybody = filter.decideForAnybody(request);
		this.decision = this.by === 'anybody' ? forAnybody : filter.decide(request);
		this.isForSome = forAnybody.refusal === null;
		return filter.isDryRun ? null : this.decision.refusal;
	}
}

/** Of guards that were asked. */
export function judgedBy(guards: readonly Guard[]): Judged {
	const asked = guards.filter(({ decision }) => decision !== null);
	const refusing = asked.find(({ decision, filter }) => !filter.isDryRun && (decision?.refusal ?? null) !== null);
	return { refusal: refusing === undefined ? '' : sayRefusal(refusing), steps: asked.map(stepOf) };
}

/** The same for a request that no rule takes. */
export function judgeUnmatched(received: RequestHead, filter: AuthorizationFilter | null, by: AskedBy): Judged {
	if (filter === null) return { refusal: '', steps: [] };
	const head = copyForNextHop(received);
	stripRequestHopByHop(head);
	const guard = new Guard(filter, by);
	guard.onRequest({ head, principal: '', peerAddress: LOOPBACK });
	return judgedBy([guard]);
}

function sayRefusal({ decision, isForSome }: Guard): string {
	const who = isForSome ? `; this is for a caller without identity, from ${LOOPBACK}: others may` : '';
	return `${decision?.refusal?.detail ?? ''}${who}`;
}

function stepOf(guard: Guard): Step {
	const { by = '', refusal = null } = guard.decision ?? {};
	if (refusal === null) return { what: WHAT, detail: `${by} lets it in` };
	return { what: WHAT, detail: guard.filter.isDryRun ? `dry run: ${sayRefusal(guard)}` : `403: ${by}` };
}
