/**
 * Whether a request gets another attempt beside the one that takes long, as a value with its reason.
 *
 * Theory of operation. `Hedging` is what the requests of one rule have in common: how long an attempt may take alone, and the
 * budget. How long attempts take is learned from those that were first, however they ended: one that was given up because its
 * hedge was faster had taken at least so long, and if it were left out, the quantile would sink with each hedge. The hedges
 * themselves are no sample of anything: they are made when the service is slow, and often cut short.
 *
 * `decideHedge` only looks. When it says `hedge`, the caller asks the breaker, draws an endpoint, and then takes from the budget.
 */
import type { HedgePolicy, RetryPolicy } from '../config/config.ts';
import { HedgeBudget } from './hedge-budget.ts';
import { LatencyQuantile, UNKNOWN } from './latency-quantile.ts';
import { isIdempotent, isRetriedStatus } from './retry.ts';

/** Why a hedge that was due has not been made (`outrigger_hedges_skipped_total`). */
export type HedgeSkipReason =
	| 'samples'
	| 'response_started'
	| 'max'
	| 'method'
	| 'body'
	| 'session'
	| 'no_endpoint'
	| 'budget'
	| 'circuit_open';

/** What became of a hedge (`outrigger_hedges_total`). */
export type HedgeOutcome = 'won' | 'lost' | 'failed';

export type HedgeVerdict = 'hedge' | HedgeSkipReason;

/** Everything that the decision rests on. The caller may keep one object and fill it anew. */
export interface HedgeInput {
	/** Hedges of this request so far, and how many there may be. */
	made: number;
	max: number;
	method: string;
	/** It asks for another protocol: two answers would be two tunnels. */
	isUpgrade: boolean;
	/** There is no body, or it is still kept. */
	bodyReplayable: boolean;
	/** It belongs to a session, which leads to one endpoint. */
	hasSession: boolean;
	/** The first byte of an answer has come, if only of an interim one. */
	responseStarted: boolean;
	/** There is an endpoint that it is not at already. */
	hasEndpoint: boolean;
	/** `HedgeBudget.hasOne`. */
	hasBudget: boolean;
}

export function decideHedge(i: HedgeInput): HedgeVerdict {
	if (i.responseStarted) return 'response_started';
	if (i.made >= i.max) return 'max';
	if (!mayBeHedged(i.method, i.isUpgrade)) return 'method';
	if (!i.bodyReplayable) return 'body';
	if (i.hasSession) return 'session';
	if (!i.hasEndpoint) return 'no_endpoint';
	return i.hasBudget ? 'hedge' : 'budget';
}

/** Whether two endpoints may do what the request asks for. */
export function mayBeHedged(method: string, isUpgrade: boolean): boolean {
	return !isUpgrade && isIdempotent(method);
}

/** What gateways say of a backend that they cannot reach: where no status is retried. */
const GATEWAY_ERRORS: ReadonlySet<number> = new Set([502, 503, 504]);

/** Whether an answer with this status gives way to an attempt that is still under way: fast failures must not win. */
export function givesWay(policy: RetryPolicy | null, status: number): boolean {
	const isNoneRetried = policy === null || policy.codes.length === 0;
	return isNoneRetried ? GATEWAY_ERRORS.has(status) : isRetriedStatus(policy, status);
}

const QUANTILE = 0.95;
/** An attempt that takes less is not slow, whatever the others do. */
const LEAST_MS = 1;

export class Hedging {
	readonly policy: HedgePolicy;
	readonly budget: HedgeBudget;
	private readonly latency: LatencyQuantile;

	/** `now` is monotonic milliseconds, here and below. */
	constructor(policy: HedgePolicy, now: number) {
		this.policy = policy;
		this.budget = new HedgeBudget(policy.budgetPercent);
		this.latency = new LatencyQuantile(QUANTILE, now);
	}

	/** How long an attempt may take alone; negative: not known yet. */
	afterMs(now: number): number {
		const { after } = this.policy;
		if (after !== 'p95') return after;
		const latencyMs = this.latency.valueAt(now);
		return latencyMs === UNKNOWN ? UNKNOWN : Math.max(LEAST_MS, latencyMs);
	}

	/** A first attempt was answered after so many milliseconds, or had taken so many when it was given up. */
	observe(latencyMs: number, now: number): void {
		if (this.policy.after === 'p95') this.latency.observe(latencyMs, now);
	}
}
