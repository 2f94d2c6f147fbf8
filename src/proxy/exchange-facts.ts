/** What is known of an exchange: the record that metrics, access log and traces read when it is over. */
import type { Random } from '../clock.ts';
import type { Match, Side } from '../config/config.ts';
import type { ErrorCode, ProxyError } from '../error.ts';
import type { FilteredRequest } from '../filters/filter.ts';
import { FieldId } from '../http/field-id.ts';
import type { RequestHead } from '../http/head.ts';
import type { DownstreamStream } from '../ports/stream.ts';
import type { ExchangeRecord, RouteSeries } from '../ports/telemetry.ts';
import type { Attempt } from './attempt.ts';
import type { Backend } from './backend.ts';
import type { ProxyContext, Route } from './context.ts';
import type { Service } from './service.ts';
import type { Seat } from './sticky-sessions.ts';

/** What a request that no rule matches has matched. */
const ANY_MATCH: Match = { path: { type: 'PathPrefix', value: '/' }, methods: [], headers: [], queryParams: [] };

export abstract class ExchangeFacts implements ExchangeRecord, FilteredRequest {
	readonly context: ProxyContext;
	readonly stream: DownstreamStream;
	readonly head: RequestHead;
	/** Clock time of the first byte. */
	readonly startedNow: number;
	/** As it was asked for: a rewrite changes the head's. */
	readonly authority: string;
	matched: Route | null = null;
	match: Match = ANY_MATCH;
	/** Where it goes, once that has been chosen. */
	backend: Backend | null = null;
	/** The service of that backend. */
	upstream: Service | null = null;
	requestId = '';
	traceId = '';
	spanId = '';
	/** Span of whoever called, as the request says; `''` when the trace starts here. */
	callerSpanId = '';
	clientAddress = '';
	/** By which the client asked, as far as `trustedHops` lets us believe it. */
	scheme: 'http' | 'https';
	readonly attempts: Attempt[] = [];
	status = 0;
	errorCode: ErrorCode | '' = '';
	errorDetail = '';
	isLocalReply = false;
	/** A failure was not retried because all retries had been made. */
	isRetriesSpent = false;
	isTunnel = false;
	/** Where the session leads that the request belongs to. */
	session: Seat | null = null;
	/** Kept for the CORS filter. */
	allowedOrigin: string | undefined = undefined;
	deniedBy = '';
	wouldBeDeniedBy = '';
	/** A fault was injected that made it wait. */
	isDelayed = false;
	requestBytes = 0;
	responseBytes = 0;
	durationMs = 0;
	addedMs = 0;
	private flag = '';

	constructor(context: ProxyContext, stream: DownstreamStream, head: RequestHead) {
		this.context = context;
		this.stream = stream;
		this.head = head;
		this.authority = head.authority;
		this.scheme = stream.peer.scheme;
		this.startedNow = context.clock.now();
	}

	now(): number {
		return this.context.clock.now();
	}

	protected note(error: ProxyError): void {
		this.errorCode = error.code;
		this.errorDetail = error.detail;
		this.flag = error.flag;
	}

	get series(): RouteSeries | null {
		return this.matched?.series ?? null;
	}

	get route(): string {
		return this.matched?.rule.name ?? '';
	}

	get side(): Side {
		return this.context.side;
	}

	get portService(): string {
		return this.context.portService;
	}

	get service(): string {
		return this.upstream?.name ?? '';
	}

	get method(): string {
		return this.head.method;
	}

	get principal(): string {
		return this.stream.peer.principal;
	}

	get listenerPort(): number {
		return this.context.listenerPort;
	}

	get random(): Random {
		return this.context.random;
	}

	get target(): string {
		return this.head.target;
	}

	/** Edits never touch it. */
	get headText(): string {
		return this.head.headers.text;
	}

	get httpVersion(): number {
		return this.head.version;
	}

	get flags(): string {
		if (!this.isRetriesSpent && !this.isDelayed) return this.flag;
		const flags = [this.flag, this.isDelayed ? 'DI' : '', this.isRetriesSpent ? 'URX' : ''];
		return flags.filter((flag) => flag !== '').join(',');
	}

	get startedAt(): number {
		return this.context.clock.wall() - this.durationMs;
	}

	get peerAddress(): string {
		return this.stream.peer.address;
	}

	/** As it came, whatever the rule makes of it. */
	get userAgent(): string {
		return this.head.headers.received(FieldId.userAgent) ?? '';
	}
}
