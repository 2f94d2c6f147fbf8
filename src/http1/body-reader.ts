/**
 * Takes the framing off a body (RFC 9112 §6, §7): by length, chunked with trailers, or until the connection closes.
 *
 * Theory of operation. `begin` arms it with what the head said. `read` hands each run of body bytes on as offsets in the
 * fed buffer (nothing is copied) and stops right behind the last byte of the message, trailers included. It reports the
 * end by its result, not through the visitor, so that its owner is ready for the next message before the visitor is told.
 */
import type { ProxyError } from '../error.ts';
import { Framing } from '../http/head.ts';
import { HeaderList } from '../http/header-list.ts';
import { ChunkLine } from './chunk-line.ts';
import { FAILED, MORE } from './field-scanner.ts';
import type { Blame } from './head-reader.ts';
import { HeadReader } from './head-reader.ts';
import type { HeadLimits } from './limits.ts';
import { forbiddenTrailer } from './trailer-fields.ts';

export interface BodyVisitor {
	onBody(buffer: Buffer, start: number, end: number): void;
}

const LF = 0x0a;
const CR = 0x0d;

const State = { data: 0, untilClose: 1, chunkLine: 2, chunkData: 3, chunkCr: 4, chunkLf: 5, trailers: 6 } as const;

export class BodyReader {
	error: ProxyError | null = null;
	/** Trailers of the message that has just ended; valid until the next one's. */
	private readonly list = new HeaderList();
	private readonly chunk = new ChunkLine();
	private readonly trailerReader: HeadReader;
	private visitor: BodyVisitor;
	private limits: HeadLimits;
	private readonly blame: Blame;
	private state: number = State.data;
	private left = 0;
	private headBytes = 0;
	private headFields = 0;

	constructor(visitor: BodyVisitor, limits: HeadLimits, mendsNames: boolean, blame: Blame) {
		this.visitor = visitor;
		this.limits = limits;
		this.blame = blame;
		this.trailerReader = new HeadReader(null, mendsNames, blame);
	}

	/** From the next message on. */
	serve(visitor: BodyVisitor, limits: HeadLimits): void {
		this.visitor = visitor;
		this.limits = limits;
	}

	/** Arms for a body; `framing` is not `none`. The head's size is what trailers have left of the limits. */
	begin(framing: Framing, contentLength: number, headBytes: number, headFields: number): void {
		this.headBytes = headBytes;
		this.headFields = headFields;
		if (this.list.parsed > 0) this.list.reset();
		if (framing === Framing.chunked) {
			this.state = State.chunkLine;
			this.chunk.beginMessage();
		} else {
			this.state = framing === Framing.length ? State.data : State.untilClose;
			this.left = contentLength;
		}
	}

	/** Trailers, or `null` when there were none. */
	get trailers(): HeaderList | null {
		return this.list.parsed > 0 ? this.list : null;
	}

	get endsWithConnection(): boolean {
		return this.state === State.untilClose;
	}

	/** Offset after the body's last byte, `MORE` (all bytes are consumed) or `FAILED` (`error` is set). */
	read(buffer: Buffer, start: number, end: number): number {
		let i = start;
		while (i < end) {
			switch (this.state) {
				case State.data:
				case State.chunkData: {
					i = this.passData(buffer, i, end);
					if (this.left > 0) return MORE;
					if (this.state === State.data) return i;
					this.state = State.chunkCr;
					break;
				}
				case State.untilClose:
					this.visitor.onBody(buffer, i, end);
					return MORE;
				case State.chunkLine:
					i = this.chunk.scan(buffer, i, end);
					if (i === MORE) return MORE;
					if (i === FAILED) return this.fail(this.chunk.fault);
					this.beginChunk();
					break;
				case State.chunkCr:
					if (buffer[i++] !== CR) return this.fail('chunk data is longer than its size');
					this.state = State.chunkLf;
					break;
				case State.chunkLf:
					if (buffer[i++] !== LF) return this.fail('bare CR after chunk data');
					this.state = State.chunkLine;
					this.chunk.begin();
					break;
				default:
					return this.readTrailers(buffer, i, end);
			}
		}
		return MORE;
	}

	private passData(buffer: Buffer, start: number, end: number): number {
		const length = Math.min(end - start, this.left);
		this.left -= length;
		this.visitor.onBody(buffer, start, start + length);
		return start + length;
	}

	private beginChunk(): void {
		if (this.chunk.size > 0) {
			this.left = this.chunk.size;
			this.state = State.chunkData;
			return;
		}
		const bytesLeft = this.limits.headerBytes - this.headBytes;
		// The empty line alone always has room.
		const { headers } = this.limits;
		this.trailerReader.begin(this.list, Math.max(bytesLeft, 2), headers - this.headFields, bytesLeft);
		this.state = State.trailers;
	}

	private readTrailers(buffer: Buffer, start: number, end: number): number {
		const at = this.trailerReader.read(buffer, start, end);
		if (at === FAILED) this.error = this.trailerReader.error;
		if (at < 0) return at;
		const name = forbiddenTrailer(this.list);
		return name === '' ? at : this.fail(`${name} is not allowed as a trailer`);
	}

	private fail(detail: string): number {
		this.error = this.blame(detail, false);
		return FAILED;
	}
}
