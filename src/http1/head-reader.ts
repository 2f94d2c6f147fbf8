/**
 * Reads a start line and its fields, or a trailer section, into a `HeaderList`.
 *
 * Theory of operation. A section that lies whole in the fed buffer is scanned where it lies. One that does not is copied
 * into an accumulation buffer of its own, which grows as bytes come and is given back when it grew large; the scan goes
 * on there where it stopped, so each byte is copied and looked at once however small the pieces are. At the end one
 * `latin1` string is made of the whole section. A section is judged by its offset from its own start only, limits
 * included, so the verdict does not depend on how the bytes were cut.
 */
import type { ProxyError } from '../error.ts';
import { HeaderList, SPAN } from '../http/header-list.ts';
import { FAILED, FieldScanner, MORE } from './field-scanner.ts';

/** Scans one start line; offsets that it keeps are relative to `base`. */
export interface LineScanner {
	readonly fault: ProxyError | null;
	begin(): void;
	/** Offset just after the line, `MORE` or `FAILED` (then `fault` is set). */
	scan(bytes: Uint8Array, base: number, from: number, end: number): number;
	/** The line is longer than so many bytes, its CRLF not counted. */
	tooLong(maxBytes: number): ProxyError;
}

/** Makes the error of a malformed section: requests and responses blame differently. */
export type Blame = (detail: string, isLimit: boolean) => ProxyError;

interface Latin1Bytes extends Uint8Array {
	/** Node's own fast path behind `buffer.toString('latin1')`. */
	latin1Slice(start: number, end: number): string;
}

/** Of a reader that has not begun. */
const NO_LIST = new HeaderList();
const CRLF_BYTES = 2;
/** Most heads that come in pieces fit in this. */
const FIRST_CAPACITY = 1024;
/** An accumulation buffer above this is given back after use, so that idle connections hold little. */
const KEPT_CAPACITY = 4096;

export class HeadReader {
	error: ProxyError | null = null;
	/** Bytes of the section, its empty line included; valid once it is complete. */
	bytesRead = 0;
	private readonly line: LineScanner | null;
	private list: HeaderList = NO_LIST;
	private readonly fields: FieldScanner;
	private readonly blame: Blame;
	private pending: Buffer | null = null;
	private pendingLength = 0;
	private maxBytes = 0;
	private maxLineBytes = 0;
	private inLine = false;
	private lineEnd = 0;

	constructor(line: LineScanner | null, mendsNames: boolean, blame: Blame) {
		this.line = line;
		this.fields = new FieldScanner(NO_LIST, mendsNames);
		this.blame = blame;
	}

	/** Gets ready for a new section, which is read into `list`. `maxLineBytes` counts the CRLF. Trailers have no start line, so no such limit. */
	begin(list: HeaderList, maxBytes: number, maxFields: number, maxLineBytes: number): void {
		this.list = list;
		this.maxBytes = maxBytes;
		this.maxLineBytes = Math.min(maxLineBytes, maxBytes);
		this.pendingLength = 0;
		this.lineEnd = 0;
		this.inLine = this.line !== null;
		list.reset();
		this.line?.begin();
		this.fields.begin(list, maxFields);
	}

	/** Consumes bytes of the section: returns the offset after it, `MORE` (all are consumed) or `FAILED` (`error` is set). */
	read(buffer: Buffer, start: number, end: number): number {
		if (this.pendingLength > 0) return this.readOn(buffer, start, end);
		const at = this.scan(buffer, start, start, end);
		if (at >= 0) this.complete(buffer, start, at);
		else if (at === MORE) this.keep(buffer, start, end);
		return at;
	}

	private readOn(buffer: Buffer, start: number, end: number): number {
		const before = this.pendingLength;
		this.keep(buffer, start, Math.min(end, start + this.maxBytes - before));
		const pending = this.pending as Buffer;
		const at = this.scan(pending, 0, before, this.pendingLength);
		if (at < 0) return at;
		this.complete(pending, 0, at);
		this.pendingLength = 0;
		if (pending.length > KEPT_CAPACITY) this.pending = null;
		return start + at - before;
	}

	/** Bytes beyond a limit are never scanned; running into one is the fault. */
	private scan(bytes: Buffer, base: number, from: number, end: number): number {
		let at = from;
		if (this.inLine) {
			const line = this.line as LineScanner;
			const limit = base + this.maxLineBytes;
			at = line.scan(bytes, base, from, Math.min(end, limit));
			if (at < 0) {
				if (at === FAILED) this.error = line.fault;
				else if (end >= limit)
					return this.failWith(
						this.maxLineBytes < this.maxBytes ? line.tooLong(this.maxLineBytes - CRLF_BYTES) : this.tooLarge(),
					);
				return at;
			}
			this.inLine = false;
			this.lineEnd = at - base;
		}
		const limit = base + this.maxBytes;
		at = this.fields.scan(bytes, base, at, Math.min(end, limit));
		if (at === FAILED) this.error = this.blame(this.fields.fault, this.fields.tooMany);
		else if (at === MORE && end >= limit) return this.failWith(this.tooLarge());
		return at;
	}

	private tooLarge(): ProxyError {
		return this.blame(`the head is larger than ${this.maxBytes} bytes`, true);
	}

	private failWith(error: ProxyError): number {
		this.error = error;
		return FAILED;
	}

	private keep(buffer: Buffer, start: number, end: number): void {
		const length = this.pendingLength + end - start;
		let pending = this.pending;
		if (pending === null || pending.length < length) {
			let capacity = pending === null ? FIRST_CAPACITY : pending.length * 2;
			while (capacity < length) capacity *= 2;
			const bigger = Buffer.allocUnsafeSlow(capacity);
			pending?.copy(bigger, 0, 0, this.pendingLength);
			pending = bigger;
			this.pending = bigger;
		}
		buffer.copy(pending, this.pendingLength, start, end);
		this.pendingLength = length;
	}

	private complete(bytes: Buffer, base: number, at: number): void {
		const list = this.list;
		this.bytesRead = at - base;
		list.text = (bytes as Buffer & Latin1Bytes).latin1Slice(base, at);
		list.textStart = this.lineEnd;
		list.textEnd = at - base - 2;
		if (this.fields.mended) rewriteLines(list);
	}
}

/** Writes the field lines anew, as they should have been sent; the spans follow. The text before them stays. */
function rewriteLines(list: HeaderList): void {
	const { spans } = list;
	let text = list.text.slice(0, list.textStart);
	for (let k = 0; k < list.parsed; k++) {
		const o = k * SPAN;
		const name = list.nameAt(k);
		const value = list.valueAt(k);
		const start = text.length;
		text += `${name}: ${value}\r\n`;
		spans[o] = start;
		spans[o + 1] = start + name.length;
		spans[o + 2] = start + name.length + 2;
		spans[o + 3] = start + name.length + 2 + value.length;
	}
	list.textEnd = text.length;
	list.text = `${text}\r\n`;
}
