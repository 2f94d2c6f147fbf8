/** What a call of the app takes from the request that it is made for (`outbound.deadlines`). Times are those of one clock. */
import type { DeadlinePolicy } from '../config/config.ts';

type Inherit = DeadlinePolicy['inherit'];
type Cancel = DeadlinePolicy['cancel'];

const NEVER = Number.POSITIVE_INFINITY;
/**
 * Share of the rule's own `timeouts.request` that an attempt must have had before a nearer deadline of somebody else counts
 * against its service. All of it would blind the circuit to a service that hangs, where calls inherit a little less than that.
 */
const FAIR_SHARE = 0.5;

/**
 * The deadline that a call takes over; Infinity: none. `stated`: by `grpc-timeout` or a written `timeouts.request`; `inForce`: the
 * request's own, whatever it comes from. A request that has none any more (it became a tunnel) has none to give.
 */
export function inheritedDeadline(inherit: Inherit, stated: number, inForce: number): number {
	switch (inherit) {
		case 'explicit':
			return inForce === NEVER ? NEVER : stated;
		case 'always':
			return inForce;
		case 'off':
			return NEVER;
	}
}

/**
 * Whether a service that has not answered in `hadMs` has failed, though its rule would have given it `ruleMs` (0: any time).
 * What a caller states may be next to nothing: were that to count, anybody could open the circuit for all others.
 */
export function hadFairTime(hadMs: number, ruleMs: number): boolean {
	return ruleMs > 0 && hadMs >= ruleMs * FAIR_SHARE;
}

/** Whether a call ends with the client that it was made for. Safe methods whose end harms nobody (RFC 9110 §9.2.1). */
export function endsWithClient(cancel: Cancel, method: string): boolean {
	switch (cancel) {
		case 'safe':
			return method === 'GET' || method === 'HEAD';
		case 'always':
			return true;
		case 'off':
			return false;
	}
}
