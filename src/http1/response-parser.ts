/**
 * Responses from bytes, for one upstream connection; see `request-parser.ts` for the shape.
 *
 * Theory of operation. A response means nothing without its request, so the parser is armed with a method for each one:
 *
 *   idle ─expect()→ waiting ─first byte→ head ─→ body ─→ idle        (1xx: head ─→ waiting)       any fault: failed, for good
 *
 * A byte that comes while it is idle is a fault: nobody asked for it. After 101, or 2xx to CONNECT, the message is over at
 * the end of its head, and the bytes behind it are the tunnel's.
 */
import { ProxyError } from '../error.ts';
import { Framing, ResponseHead } from '../http/head.ts';
import type { HeaderList } from '../http/header-list.ts';
import { BodyReader } from './body-reader.ts';
import { EmptyLines } from './empty-lines.ts';
import { FAILED, MORE } from './field-scanner.ts';
import { HeadReader } from './head-reader.ts';
import type { HeadLimits } from './limits.ts';
import { MAX_INFORMATIONAL_RESPONSES } from './limits.ts';
import { finishResponseHead } from './response-head.ts';
import { StatusLine } from './status-line.ts';

export interface ResponseVisitor {
	/** 1xx other than 101. Heads are the parser's own object, valid until it parses the next head. */
	onInformational(head: ResponseHead): void;
	/** The final head, or 101. */
	onResponseHead(head: ResponseHead): void;
	/** Decoded body bytes: a borrowed part of the fed buffer. */
	onBody(buffer: Buffer, start: number, end: number): void;
	onMessageEnd(trailers: HeaderList | null): void;
	/** Always `upstream_protocol_error`. Nothing is consumed after it. */
	onParseError(error: ProxyError): void;
}

const Phase = { idle: 0, waiting: 1, head: 2, body: 3, failed: 4 } as const;
const SWITCHING_PROTOCOLS = 101;
const FIRST_FINAL_STATUS = 200;

export class ResponseParser {
	readonly head: ResponseHead = new ResponseHead();
	private visitor: ResponseVisitor;
	private limits: HeadLimits;
	private readonly line = new StatusLine();
	private readonly headReader: HeadReader;
	private readonly body: BodyReader;
	private readonly emptyLines = new EmptyLines();
	private phase: number = Phase.idle;
	private method = '';
	private informational = 0;

	constructor(visitor: ResponseVisitor, limits: HeadLimits) {
		this.visitor = visitor;
		this.limits = limits;
		this.headReader = new HeadReader(this.line, true, blameUpstream);
		this.body = new BodyReader(visitor, limits, true, blameUpstream);
	}

	/** Another connection's messages from now on. Only while it is idle. */
	serve(visitor: ResponseVisitor, limits: HeadLimits): void {
		this.visitor = visitor;
		this.limits = limits;
		this.body.serve(visitor, limits);
	}

	/** No expected response is outstanding. */
	get isIdle(): boolean {
		return this.phase === Phase.idle;
	}

	/** Arms the parser for the answer to this method: HEAD and CONNECT change the framing. */
	expect(method: string): void {
		if (this.phase === Phase.failed) return;
		this.method = method;
		this.informational = 0;
		this.phase = Phase.waiting;
	}

	/** Consumes bytes up to the end of the expected response at most; returns the offset after the last byte consumed. */
	feed(buffer: Buffer, start: number, end: number): number {
		let i = start;
		while (i < end && (this.phase === Phase.waiting || this.phase === Phase.head)) {
			if (this.phase === Phase.waiting) {
				i = this.emptyLines.skip(buffer, i, end);
				if (i === FAILED) return this.fail(blameUpstream(this.emptyLines.fault), start);
				if (i === end) return end;
				this.phase = Phase.head;
				const { headerBytes, headers } = this.limits;
				this.headReader.begin(this.head.headers, headerBytes, headers, headerBytes);
			}
			const at = this.headReader.read(buffer, i, end);
			if (at === MORE) return end;
			if (at === FAILED) return this.fail(this.headReader.error, i);
			const error = finishResponseHead(this.head, this.line, this.method);
			if (error !== null) return this.fail(error, at);
			if (this.passHead()) return at;
			i = at;
		}
		if (i === end) return end;
		if (this.phase === Phase.body) return this.readBody(buffer, i, end);
		if (this.phase === Phase.idle) return this.fail(blameUpstream('bytes on an idle connection'), i);
		return i;
	}

	/** Tells the visitor; true when the message is over. */
	private passHead(): boolean {
		const { head } = this;
		if (head.status < FIRST_FINAL_STATUS && head.status !== SWITCHING_PROTOCOLS) {
			this.phase = Phase.waiting;
			if (++this.informational > MAX_INFORMATIONAL_RESPONSES) {
				this.fail(blameUpstream('too many informational responses'), 0);
				return true;
			}
			this.visitor.onInformational(head);
			return false;
		}
		if (head.framing === Framing.none) {
			this.phase = Phase.idle;
			this.visitor.onResponseHead(head);
			this.visitor.onMessageEnd(null);
			return true;
		}
		this.phase = Phase.body;
		this.body.begin(head.framing, head.contentLength, this.headReader.bytesRead, head.headers.parsed);
		this.visitor.onResponseHead(head);
		return false;
	}

	private readBody(buffer: Buffer, start: number, end: number): number {
		const at = this.body.read(buffer, start, end);
		if (at === MORE) return end;
		if (at === FAILED) return this.fail(this.body.error, start);
		this.phase = Phase.idle;
		this.visitor.onMessageEnd(this.body.trailers);
		return at;
	}

	/**
	 * The connection has ended. True when that completed a close-delimited body (`onMessageEnd` was called). False when
	 * nothing was owed (`isIdle`), or a message was cut short (not `isIdle`).
	 */
	finish(): boolean {
		if (this.phase !== Phase.body || !this.body.endsWithConnection) return false;
		this.phase = Phase.idle;
		this.visitor.onMessageEnd(null);
		return true;
	}

	private fail(error: ProxyError | null, at: number): number {
		this.phase = Phase.failed;
		this.visitor.onParseError(error ?? blameUpstream('malformed response'));
		return at;
	}
}

function blameUpstream(detail: string): ProxyError {
	return new ProxyError('upstream_protocol_error', detail);
}
