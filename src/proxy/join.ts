/** The deadline of a request, and what a call of the app takes from the request that it is made for. */
import { grpcTimeoutOf } from '../http/grpc-timeout.ts';
import { endsWithClient, inheritedDeadline } from '../resilience/deadlines.ts';
import type { Joining, Route } from './context.ts';
import type { Exchange } from './exchange.ts';
import { GoneExchange } from './live-exchanges.ts';

/** The nearest of what the rule says and what the caller states. Before a filter can take the caller's word away. */
export function setDeadline(x: Exchange, { requestTimeoutMs, rule }: Route): void {
	if (requestTimeoutMs > 0) x.requestDeadline = x.startedNow + requestTimeoutMs;
	if (rule.timeouts.requestIsExplicit) x.statedDeadline = x.requestDeadline;
	const asked = grpcTimeoutOf(x.head.headers);
	if (asked === null) return;
	x.isGrpcTimed = true;
	const deadline = x.startedNow + asked;
	if (deadline < x.statedDeadline) x.statedDeadline = deadline;
	if (deadline >= x.requestDeadline) return;
	x.requestDeadline = deadline;
	x.deadlineBy = 'grpc-timeout';
}

/** A request to the app becomes known; a call of the app looks for the request that it is made for. */
export function join(x: Exchange): void {
	const { joining, side } = x.context;
	if (joining === null) return;
	if (side === 'inbound') joining.live.add(x);
	else if (x.callerSpanId !== '') joinCall(x, joining);
}

function joinCall(x: Exchange, { live, inherit, cancel }: Joining): void {
	const caller = live.find(x.traceId, x.callerSpanId, x.startedNow);
	if (caller === null) return;
	x.callerRequestId = caller.requestId;
	const deadline = inheritedDeadline(inherit, caller.statedDeadline, caller.requestDeadline);
	if (deadline < x.requestDeadline) {
		x.requestDeadline = deadline;
		x.deadlineBy = 'caller';
	}
	// A tunnel is a connection that the app keeps, not a piece of one request's work.
	const isTunnel = x.head.upgrade !== '' || x.head.method === 'CONNECT';
	if (isTunnel || !endsWithClient(cancel, x.head.method)) return;
	if (caller instanceof GoneExchange) x.hasClientLeft = caller.hasClientLeft;
	else live.attach(x, caller);
}
