/**
 * Requests from bytes: a visitor is called, no event objects are made, no socket is known.
 *
 * Theory of operation. One parser serves one connection. `feed` goes through the phases
 *
 *   idle ─first byte→ head ─→ body ─→ idle      (no body: head ─→ idle)        any fault: failed, for good
 *
 * and returns at the end of each message, so that the caller decides when the next one is looked at. All strictness is
 * here and in the scanners below it: what reaches the visitor is valid (semantics "HTTP messages"; RFC 9112).
 */
import { ProxyError } from '../error.ts';
import { Framing, RequestHead } from '../http/head.ts';
import type { HeaderList } from '../http/header-list.ts';
import { BodyReader } from './body-reader.ts';
import { EmptyLines } from './empty-lines.ts';
import { FAILED, MORE } from './field-scanner.ts';
import { HeadReader } from './head-reader.ts';
import type { HeadLimits } from './limits.ts';
import { finishRequestHead } from './request-head.ts';
import { RequestLine } from './request-line.ts';

export interface RequestVisitor {
	/** `head` is the parser's own object, valid until it parses the next head. */
	onRequestHead(head: RequestHead): void;
	/** Decoded body bytes: a borrowed part of the fed buffer. */
	onBody(buffer: Buffer, start: number, end: number): void;
	/** The list is the parser's own, as the head is. */
	onMessageEnd(trailers: HeaderList | null): void;
	/** Nothing is consumed after it. */
	onParseError(error: ProxyError): void;
}

const Phase = { idle: 0, head: 1, body: 2, failed: 3 } as const;

export class RequestParser {
	readonly head: RequestHead = new RequestHead();
	private readonly visitor: RequestVisitor;
	private readonly limits: HeadLimits;
	private readonly line: RequestLine;
	private readonly headReader: HeadReader;
	private readonly body: BodyReader;
	private readonly emptyLines = new EmptyLines();
	private phase: number = Phase.idle;

	constructor(visitor: RequestVisitor, limits: HeadLimits) {
		this.visitor = visitor;
		this.limits = limits;
		this.line = new RequestLine(limits.requestLineBytes);
		this.headReader = new HeadReader(this.line, this.head.headers, false, blameClient);
		this.body = new BodyReader(visitor, limits, false, blameClient);
	}

	/** No byte of the next message has come; empty lines do not count. */
	get isIdle(): boolean {
		return this.phase === Phase.idle;
	}

	/** A head has begun and is not complete. */
	get isInHead(): boolean {
		return this.phase === Phase.head;
	}

	/**
	 * Consumes bytes of at most one message and returns the offset after the last byte consumed. It stops right behind the
	 * end of a message; what is left then is the next request, or a tunnel's.
	 */
	feed(buffer: Buffer, start: number, end: number): number {
		let i = start;
		if (this.phase === Phase.idle) {
			i = this.emptyLines.skip(buffer, i, end);
			if (i === FAILED) {
				this.head.headers.reset();
				return this.fail(blameClient(this.emptyLines.fault, false), start);
			}
			if (i === end) return end;
			this.beginHead();
		}
		if (this.phase === Phase.head) {
			const at = this.headReader.read(buffer, i, end);
			if (at === MORE) return end;
			if (at === FAILED) return this.fail(this.headReader.error, i);
			const error = finishRequestHead(this.head, this.line);
			if (error !== null) return this.fail(error, at);
			return this.passHead(buffer, at, end);
		}
		return this.phase === Phase.body ? this.readBody(buffer, i, end) : i;
	}

	private beginHead(): void {
		this.phase = Phase.head;
		// The line's limit is without its CRLF.
		this.headReader.begin(this.limits.headerBytes, this.limits.headers, this.limits.requestLineBytes + 2);
	}

	private passHead(buffer: Buffer, at: number, end: number): number {
		const { head } = this;
		if (head.framing === Framing.none) {
			this.phase = Phase.idle;
			this.visitor.onRequestHead(head);
			this.visitor.onMessageEnd(null);
			return at;
		}
		this.phase = Phase.body;
		this.body.begin(head.framing, head.contentLength, this.headReader.bytesRead, head.headers.parsed);
		this.visitor.onRequestHead(head);
		return at < end ? this.readBody(buffer, at, end) : at;
	}

	private readBody(buffer: Buffer, start: number, end: number): number {
		const at = this.body.read(buffer, start, end);
		if (at === MORE) return end;
		if (at === FAILED) return this.fail(this.body.error, start);
		this.phase = Phase.idle;
		this.visitor.onMessageEnd(this.body.trailers);
		return at;
	}

	private fail(error: ProxyError | null, at: number): number {
		this.phase = Phase.failed;
		this.visitor.onParseError(error ?? blameClient('malformed request', false));
		return at;
	}
}

function blameClient(detail: string, isLimit: boolean): ProxyError {
	return new ProxyError(isLimit ? 'head_too_large' : 'bad_request', detail);
}
