/** What is known of an exchange: the record that metrics, access log and traces read when it is over. */
import { TimerEntry } from '../clock.ts';
import type { ErrorCode, ProxyError } from '../error.ts';
import type { RequestHead } from '../http/head.ts';
import type { DownstreamStream } from '../ports/stream.ts';
import type { ExchangeRecord, RouteSeries } from '../ports/telemetry.ts';
import type { Attempt } from './attempt.ts';
import type { ProxyContext, Route } from './context.ts';

export abstract class ExchangeFacts extends TimerEntry implements ExchangeRecord {
	readonly context: ProxyContext;
	readonly stream: DownstreamStream;
	readonly head: RequestHead;
	/** Clock time of the first byte. */
	readonly startedNow: number;
	matched: Route | null = null;
	requestId = '';
	traceId = '';
	spanId = '';
	clientAddress = '';
	readonly attempts: Attempt[] = [];
	status = 0;
	errorCode: ErrorCode | '' = '';
	errorDetail = '';
	isLocalReply = false;
	/** A failure was not retried because all retries had been made. */
	isRetriesSpent = false;
	isTunnel = false;
	requestBytes = 0;
	responseBytes = 0;
	durationMs = 0;
	addedMs = 0;
	private flag = '';

	constructor(context: ProxyContext, stream: DownstreamStream, head: RequestHead) {
		super();
		this.context = context;
		this.stream = stream;
		this.head = head;
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

	get method(): string {
		return this.head.method;
	}

	get scheme(): string {
		return this.stream.peer.scheme;
	}

	get authority(): string {
		return this.head.authority;
	}

	get target(): string {
		return this.head.target;
	}

	get httpVersion(): number {
		return this.head.version;
	}

	get flags(): string {
		if (!this.isRetriesSpent) return this.flag;
		return this.flag === '' ? 'URX' : `${this.flag},URX`;
	}

	get startedAt(): number {
		return this.context.clock.wall() - this.durationMs;
	}

	get peerAddress(): string {
		return this.stream.peer.address;
	}

	get userAgent(): string {
		return this.head.headers.get('user-agent') ?? '';
	}
}
