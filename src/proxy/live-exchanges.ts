/**
 * The requests to the app that are under way, and the calls that the app makes for them.
 *
 * Theory of operation. An inbound exchange is known by our own span, which an app that passes `traceparent` on names as the
 * parent of its call, and by its trace, which is all that is left when the app has spans of its own. A trace leads to an
 * exchange only while it leads to exactly one. Both are looked up in tables of fixed size whose chains live in the exchanges
 * themselves: every request comes and goes, few are looked for, and a `Map` would spend a tenth of what a request costs. Our
 * spans are random, so their chains are short and singly linked; traces are chosen by callers, so their chains are doubly
 * linked, and a search in a long one is given up. The calls of an exchange are a list on the same links.
 *
 * An app that does not notice that its client has left, or that the time is up, goes on calling. So what ended that way is
 * remembered for a moment, by its span alone: a trace may have gone on with another request.
 */
import type { ErrorCode } from '../error.ts';

/** Beyond it exchanges are not known, and their calls are calls like others. More than a busy process has at once. */
const MAX_LIVE = 16_384;
/** Entries of a table: the last three hex digits of an id. With `MAX_LIVE` a chain of spans has four. */
const BUCKETS = 4096;
/** Exchanges that a search by trace looks at. More in one chain are no accident. */
const MAX_STEPS = 64;
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
	nextSpan: LiveExchange | null;
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
	private readonly spans: (LiveExchange | null)[] = new Array<null>(BUCKETS).fill(null);
	private readonly traces: (LiveExchange | null)[] = new Array<null>(BUCKETS).fill(null);
	/** By span, in the order in which they ended. */
	private readonly gone = new Map<string, GoneExchange>();
	/** How many are known. */
	size = 0;

	/** A request to the app begins. */
	add(exchange: LiveExchange): void {
		if (this.size >= MAX_LIVE) return;
		this.size++;
		const span = bucketOf(exchange.spanId);
		exchange.nextSpan = this.spans[span] as LiveExchange | null;
		this.spans[span] = exchange;
		const trace = bucketOf(exchange.traceId);
		const first = this.traces[trace] as LiveExchange | null;
		this.traces[trace] = exchange;
		exchange.linkAfter = first;
		if (first !== null) first.linkBefore = exchange;
	}

	/** The request that a call is made for. `parentSpanId` as the call names it. */
	find(traceId: string, parentSpanId: string, now: number): LiveExchange | GoneExchange | null {
		let each = this.spans[bucketOf(parentSpanId)] as LiveExchange | null;
		for (; each !== null; each = each.nextSpan) if (each.spanId === parentSpanId) return each;
		const gone = this.gone.get(parentSpanId);
		if (gone !== undefined && now - gone.endedAt <= GONE_MS) return gone;
		return this.onlyOf(traceId);
	}

	private onlyOf(traceId: string): LiveExchange | null {
		let found: LiveExchange | null = null;
		let each = this.traces[bucketOf(traceId)] as LiveExchange | null;
		for (let steps = 0; each !== null; each = each.linkAfter) {
			if (++steps > MAX_STEPS) return null;
			if (each.traceId !== traceId) continue;
			if (found !== null) return null;
			found = each;
		}
		return found;
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
		if (!this.takeOut(exchange)) return;
		this.size--;
		const trace = bucketOf(exchange.traceId);
		if (this.traces[trace] === exchange) this.traces[trace] = exchange.linkAfter;
		unlink(exchange);
		const { errorCode } = exchange;
		if (errorCode === 'client_closed' || errorCode === 'request_timeout') this.remember(exchange, now);
		if (exchange.firstCall !== null) releaseCalls(exchange);
	}

	/** From the chain of its span; false when it is not there. */
	private takeOut(exchange: LiveExchange): boolean {
		const bucket = bucketOf(exchange.spanId);
		let before: LiveExchange | null = null;
		let each = this.spans[bucket] as LiveExchange | null;
		while (each !== null && each !== exchange) {
			before = each;
			each = each.nextSpan;
		}
		if (each === null) return false;
		if (before === null) this.spans[bucket] = exchange.nextSpan;
		else before.nextSpan = exchange.nextSpan;
		exchange.nextSpan = null;
		return true;
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

/** Of lower-case hex digits; of anything else some bucket. */
function bucketOf(id: string): number {
	const last = id.length - 1;
	return digit(id.charCodeAt(last)) | (digit(id.charCodeAt(last - 1)) << 4) | (digit(id.charCodeAt(last - 2)) << 8);
}

/** `0`–`9` are 0x30–0x39, `a`–`f` are 0x61–0x66. */
function digit(code: number): number {
	return ((code & 0xf) + (code >> 6) * 9) & 0xf;
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
