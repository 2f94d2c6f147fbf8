/** What a call of the app takes from the request that it is made for (`outbound.deadlines`). Times are those of one clock. */
import type { OutboundConfig } from '../config/config.ts';

type Inherit = OutboundConfig['deadlines']['inherit'];
type Cancel = OutboundConfig['deadlines']['cancel'];

const NEVER = Number.POSITIVE_INFINITY;

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
