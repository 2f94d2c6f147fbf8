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
import type { ProxyError } from '../error.ts';
import { Framing, RequestHead } from '../http/head.ts';
import type { HeaderList } from '../http/header-list.ts';
import { BodyReader } from './body-reader.ts';
import { FAILED, MORE } from './field-scanner.ts';
import type { HeadReader } from './head-reader.ts';
import type { HeadLimits } from './limits.ts';
import { finishRequestHead } from './request-head.ts';
import { blameClient, giveScanner, type RequestScanner, takeScanner } from './request-scanner.ts';

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
	/** From the first byte of a head to its last. */
	private scanner: RequestScanner | null = null;
	/** Since the first body. */
	private body: BodyReader | null = null;
	private phase: number = Phase.idle;

	constructor(visitor: RequestVisitor, limits: HeadLimits) {
		this.visitor = visitor;
		this.limits = limits;
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
		if (this.phase === Phase.body) return this.readBody(buffer, start, end);
		if (this.phase === Phase.failed) return start;
		this.scanner ??= takeScanner();
		const { head, scanner } = this;
		let i = start;
		if (this.phase === Phase.idle) {
			i = scanner.emptyLines.skip(buffer, i, end);
			if (i === FAILED) {
				head.headers.reset();
				return this.fail(blameClient(scanner.emptyLines.fault, false), start);
			}
			if (i === end) return end;
			this.beginHead(scanner.head);
		}
		const at = scanner.head.read(buffer, i, end);
		if (at === MORE) return end;
		if (at === FAILED) return this.fail(scanner.head.error, i);
		const error = finishRequestHead(head, scanner.line);
		if (error !== null) return this.fail(error, at);
		const headBytes = scanner.head.bytesRead;
		this.scanner = null;
		giveScanner(scanner);
		return this.passHead(buffer, at, end, headBytes);
	}

	private beginHead(reader: HeadReader): void {
		this.phase = Phase.head;
		const { headerBytes, headers, requestLineBytes } = this.limits;
		// The line's limit is without its CRLF.
		reader.begin(this.head.headers, headerBytes, headers, requestLineBytes + 2);
	}

	private passHead(buffer: Buffer, at: number, end: number, headBytes: number): number {
		const { head } = this;
		if (head.framing === Framing.none) {
			this.phase = Phase.idle;
			this.visitor.onRequestHead(head);
			this.visitor.onMessageEnd(null);
			return at;
		}
		this.phase = Phase.body;
		this.body ??= new BodyReader(this.visitor, this.limits, false, blameClient);
		this.body.begin(head.framing, head.contentLength, headBytes, head.headers.parsed);
		this.visitor.onRequestHead(head);
		return at < end ? this.readBody(buffer, at, end) : at;
	}

	private readBody(buffer: Buffer, start: number, end: number): number {
		const body = this.body as BodyReader;
		const at = body.read(buffer, start, end);
		if (at === MORE) return end;
		if (at === FAILED) return this.fail(body.error, start);
		this.phase = Phase.idle;
		this.visitor.onMessageEnd(body.trailers);
		return at;
	}

	private fail(error: ProxyError | null, at: number): number {
		this.phase = Phase.failed;
		this.visitor.onParseError(error ?? blameClient('malformed request', false));
		return at;
	}
}
