/** Hedges: another attempt beside one that takes long, where the rule says so (`resilience/hedge.ts`). */
import { decideHedge, type HedgeInput, type Hedging, mayBeHedged } from '../resilience/hedge.ts';
import type { Attempt } from './attempt.ts';
import { chooseBeside, hasBeside } from './choose.ts';
import type { Route } from './context.ts';
import type { Exchange } from './exchange.ts';
import type { Service } from './service.ts';

/** Asked once for a request, before its first attempt. `null`: it is not hedged. */
export function hedgingFor(x: Exchange, { hedging }: Route): Hedging | null {
	if (hedging === null) return null;
	if (!mayBeHedged(x.head.method, x.head.upgrade !== '')) {
		x.context.recorder.hedgeSkipped('method');
		return null;
	}
	hedging.budget.earn();
	return hedging;
}

/** What the decision looks at; one object, filled anew each time. */
const INPUT: HedgeInput = {
	made: 0,
	max: 0,
	method: '',
	isUpgrade: false,
	bodyReplayable: false,
	hasSession: false,
	responseStarted: false,
	hasEndpoint: false,
	hasBudget: false,
};

/** What is under way takes long: another attempt, or why there is none. */
export function hedge(x: Exchange): void {
	const { hedging, head, body, context } = x;
	if (hedging === null) return;
	INPUT.made = x.attempts.reduce((made, { isHedge }) => (isHedge ? made + 1 : made), 0);
	INPUT.max = hedging.policy.max;
	INPUT.method = head.method;
	INPUT.isUpgrade = head.upgrade !== '';
	INPUT.bodyReplayable = body === null || body.isReplayable;
	INPUT.hasSession = x.session !== null;
	INPUT.responseStarted = x.underWay.some(hasRead);
	INPUT.hasEndpoint = hasBeside(x);
	INPUT.hasBudget = hedging.budget.hasOne;
	const verdict = decideHedge(INPUT);
	if (verdict !== 'hedge') return context.recorder.hedgeSkipped(verdict);
	const service = x.upstream as Service;
	const now = x.now();
	if (service.allow(now) !== null) return context.recorder.hedgeSkipped('circuit_open');
	// Drawn last: a hedge that is not made must cost no endpoint its turn, or they would all fall to the same one.
	const endpoint = chooseBeside(x);
	if (endpoint === null) {
		service.forgive(now);
		return context.recorder.hedgeSkipped('no_endpoint');
	}
	hedging.budget.spend();
	x.hedge(endpoint, hedging);
}

function hasRead({ stream }: Attempt): boolean {
	return stream?.hasRead ?? false;
}
