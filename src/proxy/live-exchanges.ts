/**
 * The requests to the app that are under way, and the calls that the app makes for them.
 *
 * Theory of operation. An inbound exchange is known by our own span, which an app that passes `traceparent` on names as the
 * parent of its call, and by its trace, which is all that is left when the app has spans of its own. A trace leads to an
 * exchange only while it leads to exactly one. All exchanges of a trace, and all calls of an exchange, are doubly linked
 * lists whose links live in the exchanges themselves; an exchange is in one list only, as one of its trace or as a call.
 *
 * An app that does not notice that its client has left, or that the time is up, goes on calling. So what ended that way is
 * remembered for a moment, by its span alone: a trace may have gone on with another request.
 */
import type { ErrorCode } from '../error.ts';

/** Beyond it exchanges are not known, and their calls are calls like others. More than a busy process has at once. */
const MAX_LIVE = 16_384;
/** Remembered ends; beyond it the oldest is forgotten. */
const MAX_GONE = 1024;
/** Long enough for an app to go from one call to the next; a job that it began meanwhile is not this request's any more. */
const GONE_MS = 5000;

/** What is known of a request that a call is made for. */
export interface Caller {
	readonly requestId: string;
	/** Clock times; Infinity: none. */
	readonly statedDeadline: number;
	readonly requestDeadline: number;
}

export interface LiveExchange extends Caller {
	readonly traceId: string;
	/** Our own span. */
	readonly spanId: string;
	/** How it ended; `''` while it has not, or when all went well. */
	readonly errorCode: ErrorCode | '';
	/** The links belong to `LiveExchanges`. */
	linkBefore: LiveExchange | null;
	linkAfter: LiveExchange | null;
	/** The call at the head of the list. */
	firstCall: LiveExchange | null;
	/** Of a call: the exchange in whose list it is. */
	madeFor: LiveExchange | null;
	/** Of a call: the client of the exchange that it was made for has left. */
	onClientLeft(): void;
}

/** A request that has ended before its answer was whole. */
export class GoneExchange implements Caller {
	readonly requestId: string;
	readonly statedDeadline: number;
	readonly requestDeadline: number;
	readonly hasClientLeft: boolean;
	readonly endedAt: number;

	constructor(exchange: LiveExchange, now: number) {
		this.requestId = exchange.requestId;
		this.statedDeadline = exchange.statedDeadline;
		this.requestDeadline = exchange.requestDeadline;
		this.hasClientLeft = exchange.errorCode === 'client_closed';
		this.endedAt = now;
	}
}

export class LiveExchanges {
	private readonly bySpan = new Map<string, LiveExchange>();
	/** The first of each trace. */
	private readonly byTrace = new Map<string, LiveExchange>();
	/** By span, in the order in which they ended. */
	private readonly gone = new Map<string, GoneExchange>();

	/** How many are known. */
	get size(): number {
		return this.bySpan.size;
	}

	/** A request to the app begins. */
	add(exchange: LiveExchange): void {
		if (this.bySpan.size >= MAX_LIVE) return;
		this.bySpan.set(exchange.spanId, exchange);
		const first = this.byTrace.get(exchange.traceId) ?? null;
		this.byTrace.set(exchange.traceId, exchange);
		exchange.linkAfter = first;
		if (first !== null) first.linkBefore = exchange;
	}

	/** The request that a call is made for. `parentSpanId` as the call names it. */
	find(traceId: string, parentSpanId: string, now: number): LiveExchange | GoneExchange | null {
		const exact = this.bySpan.get(parentSpanId);
		if (exact !== undefined) return exact;
		const gone = this.gone.get(parentSpanId);
		if (gone !== undefined && now - gone.endedAt <= GONE_MS) return gone;
		const first = this.byTrace.get(traceId);
		return first !== undefined && first.linkAfter === null ? first : null;
	}

	/** The call is to end with the exchange's client. */
	attach(call: LiveExchange, exchange: LiveExchange): void {
		const { firstCall } = exchange;
		call.madeFor = exchange;
		call.linkAfter = firstCall;
		if (firstCall !== null) firstCall.linkBefore = call;
		exchange.firstCall = call;
	}

	/** An exchange of either kind is over. Does nothing with one that is not known. */
	remove(exchange: LiveExchange, now: number): void {
		if (exchange.madeFor !== null) return this.removeCall(exchange, exchange.madeFor);
		if (!this.bySpan.delete(exchange.spanId)) return;
		const { linkAfter, traceId, errorCode } = exchange;
		if (exchange.linkBefore === null) {
			if (linkAfter === null) this.byTrace.delete(traceId);
			else this.byTrace.set(traceId, linkAfter);
		}
		unlink(exchange);
		if (errorCode === 'client_closed' || errorCode === 'request_timeout') this.remember(exchange, now);
		if (exchange.firstCall !== null) releaseCalls(exchange);
	}

	private removeCall(call: LiveExchange, exchange: LiveExchange): void {
		if (exchange.firstCall === call) exchange.firstCall = call.linkAfter;
		unlink(call);
		call.madeFor = null;
	}

	private remember(exchange: LiveExchange, now: number): void {
		const { gone } = this;
		gone.set(exchange.spanId, new GoneExchange(exchange, now));
		if (gone.size > MAX_GONE) {
			for (const oldest of gone.keys()) {
				gone.delete(oldest);
				break;
			}
		}
	}
}

function unlink(exchange: LiveExchange): void {
	const { linkBefore, linkAfter } = exchange;
	if (linkBefore !== null) linkBefore.linkAfter = linkAfter;
	if (linkAfter !== null) linkAfter.linkBefore = linkBefore;
	exchange.linkBefore = null;
	exchange.linkAfter = null;
}

/** Each call is out of the list before it hears of it: what it does then may begin and end others. */
function releaseCalls(exchange: LiveExchange): void {
	const hasLeft = exchange.errorCode === 'client_closed';
	for (let call = exchange.firstCall; call !== null; call = exchange.firstCall) {
		exchange.firstCall = call.linkAfter;
		unlink(call);
		call.madeFor = null;
		if (hasLeft) call.onClientLeft();
	}
}
