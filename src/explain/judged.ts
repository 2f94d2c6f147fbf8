/**
 * What authorization makes of a request of which nobody knows who sends it. The caller is taken for one who may, since people
 * ask about requests: only what is refused to everybody is refused. What a stranger would get, without identity and from
 * this machine, is told beside it.
 */
import type { AuthorizationFilter, Decision } from '../filters/authorization.ts';
import type { FilteredRequest, RequestFilter, Verdict } from '../filters/filter.ts';
import { copyForNextHop, type RequestHead } from '../http/head.ts';
import { stripRequestHopByHop } from '../http/hop-by-hop.ts';
import type { Step } from './steps.ts';

export interface Judged {
	/** Why it is refused; `''`: it is not. */
	readonly refusal: string;
	readonly steps: readonly Step[];
}

const WHAT = 'authorization';
export const LOOPBACK = '127.0.0.1';

/** An authorization that keeps in mind what it has decided. */
export class Guard implements RequestFilter {
	/** For whoever fits best. */
	decision: Decision | null = null;
	forStranger: Decision | null = null;
	readonly filter: AuthorizationFilter;

	constructor(filter: AuthorizationFilter) {
		this.filter = filter;
	}

	onRequest(request: Pick<FilteredRequest, 'head' | 'principal' | 'peerAddress'>): Verdict {
		const { filter } = this;
		this.decision = filter.decideForAnybody(request);
		this.forStranger = filter.decide(request);
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
export function judgeUnmatched(received: RequestHead, filter: AuthorizationFilter | null): Judged {
	if (filter === null) return { refusal: '', steps: [] };
	const head = copyForNextHop(received);
	stripRequestHopByHop(head);
	const guard = new Guard(filter);
	guard.onRequest({ head, principal: '', peerAddress: LOOPBACK });
	return judgedBy([guard]);
}

function sayRefusal({ decision }: Guard): string {
	return decision?.refusal?.detail ?? '';
}

function stepOf(guard: Guard): Step {
	const { decision, forStranger, filter } = guard;
	const { by = '', refusal = null } = decision ?? {};
	if (refusal !== null) return { what: WHAT, detail: filter.isDryRun ? `dry run: ${sayRefusal(guard)}` : `403: ${by}` };
	const kept = forStranger?.refusal ?? null;
	if (kept === null) return { what: WHAT, detail: `${forStranger?.by ?? by} lets it in` };
	const what = filter.isDryRun ? 'only a line in the log, as a dry run,' : '403';
	return {
		what: WHAT,
		detail: `${by} lets some in; ${what} for a caller without identity from ${LOOPBACK}: ${kept.detail}`,
	};
}
