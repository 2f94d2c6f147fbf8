/**
 * Resumable scan of a field section: `*( field-line CRLF ) CRLF` (RFC 9112 §5).
 *
 * Theory of operation. The scanner is a byte-level state machine. Offsets that outlive a call are relative to `base`, the
 * place where the message starts in whatever buffer it lies at the moment; so a scan that ran out of bytes goes on where
 * it stopped, in another buffer, and never looks at a byte twice. Every byte is judged when it is passed: what the
 * scanner lets through is a valid section, whatever the chunks in which it came.
 *
 *   lineStart ─token→ name ─":"→ whitespace ─→ value ─CR→ lineFeed ─LF→ lineStart
 *       └────CR→ sectionEnd ─LF→ done           (nameGap: only where a blank before the colon is mended)
 */
import type { HeaderList } from '../http/header-list.ts';
import { SPAN } from '../http/header-list.ts';
import { FIELD_VALUE, TOKEN } from '../http/tokens.ts';
import { fieldIdOfBytes } from './field-names.ts';

/** The scan used up its bytes and wants more. */
export const MORE = -1;
/** The bytes are malformed; `fault` says how. */
export const FAILED = -2;

const HTAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SP = 0x20;
const COLON = 0x3a;

const State = { lineStart: 0, name: 1, nameGap: 2, whitespace: 3, value: 4, lineFeed: 5, sectionEnd: 6 } as const;

export class FieldScanner {
	/** What is wrong, for people. Names no byte of the message. */
	fault = '';
	/** The fault is a limit, not the syntax. */
	tooMany = false;
	/** A blank before a colon was passed over: the lines are not as they should be sent on. */
	mended = false;
	private readonly mendsNames: boolean;
	private list: HeaderList;
	private maxFields = 0;
	private state: number = State.lineStart;
	private start = 0;

	constructor(list: HeaderList, mendsNames: boolean) {
		this.list = list;
		this.mendsNames = mendsNames;
	}

	/** Gets ready for a new section; `list` must be empty. */
	begin(list: HeaderList, maxFields: number): void {
		this.list = list;
		this.state = State.lineStart;
		this.maxFields = maxFields;
		this.mended = false;
	}

	/** Goes on at bytes[from]; returns the offset just after the section, `MORE` or `FAILED`. */
	scan(bytes: Uint8Array, base: number, from: number, end: number): number {
		const at = this.state === State.lineStart ? this.scanLines(bytes, base, from, end) : from;
		return this.scanOn(bytes, base, at, end);
	}

	/**
	 * Takes as many whole, plain lines as there are and returns where they end. Whatever is not plain (cut off, malformed,
	 * empty, one too many) is left to the state machine, which says what it is.
	 */
	private scanLines(bytes: Uint8Array, base: number, from: number, end: number): number {
		// Locals: bindings and properties would be loaded and checked anew for every byte.
		const token = TOKEN;
		const fieldValue = FIELD_VALUE;
		const { list } = this;
		const full = this.maxFields * SPAN;
		let { spans } = list;
		let line = from;
		let o = list.parsed * SPAN;
		while (o < full) {
			if (o === spans.length) {
				list.growSpans();
				spans = list.spans;
			}
			let i = line;
			while (i < end && token[bytes[i] as number] === 1) i++;
			if (i === line || i >= end || bytes[i] !== COLON) break;
			const nameEnd = i++;
			while (i < end && isBlank(bytes[i] as number)) i++;
			const value = i;
			while (i < end && fieldValue[bytes[i] as number] === 1) i++;
			if (i + 1 >= end || bytes[i] !== CR || bytes[i + 1] !== LF) break;
			let valueEnd = i;
			while (valueEnd > value && isBlank(bytes[valueEnd - 1] as number)) valueEnd--;
			spans[o] = line - base;
			spans[o + 1] = nameEnd - base;
			spans[o + 2] = value - base;
			spans[o + 3] = valueEnd - base;
			spans[o + 4] = fieldIdOfBytes(bytes, line, nameEnd);
			o += SPAN;
			line = i + 2;
		}
		list.parsed = o / SPAN;
		return line;
	}

	private scanOn(bytes: Uint8Array, base: number, from: number, end: number): number {
		let i = from;
		while (i < end) {
			const c = bytes[i] as number;
			switch (this.state) {
				case State.lineStart:
					if (c === CR) {
						this.state = State.sectionEnd;
						i++;
						break;
					}
					if (this.list.parsed >= this.maxFields) return this.failMany();
					this.start = i - base;
					this.state = State.name;
					break;
				case State.name:
					i = skip(TOKEN, bytes, i, end);
					if (i === end) return MORE;
					if (!this.endName(bytes, base, i++)) return FAILED;
					break;
				case State.nameGap:
					i++;
					if (c === COLON) this.state = State.whitespace;
					else if (!isBlank(c)) return this.fail('a field line has no colon after its name');
					break;
				case State.whitespace:
					if (isBlank(c)) i++;
					else {
						this.start = i - base;
						this.state = State.value;
					}
					break;
				case State.value:
					i = skip(FIELD_VALUE, bytes, i, end);
					if (i === end) return MORE;
					if (!this.endValue(bytes, base, i++)) return FAILED;
					break;
				default:
					if (c !== LF) return this.fail('bare CR');
					i++;
					if (this.state === State.sectionEnd) return i;
					this.state = State.lineStart;
			}
		}
		return MORE;
	}

	/** The byte behind a name decides what comes. */
	private endName(bytes: Uint8Array, base: number, i: number): boolean {
		const c = bytes[i] as number;
		const start = base + this.start;
		if (i === start || c !== COLON) {
			if (i === start || !isBlank(c) || !this.mendsNames) return this.refuseName(c, i === start);
			this.mended = true;
		}
		const { list } = this;
		const o = list.parsed * SPAN;
		if (o + SPAN > list.spans.length) list.growSpans();
		list.spans[o] = this.start;
		list.spans[o + 1] = i - base;
		list.spans[o + 4] = fieldIdOfBytes(bytes, start, i);
		this.state = c === COLON ? State.whitespace : State.nameGap;
		return true;
	}

	private endValue(bytes: Uint8Array, base: number, i: number): boolean {
		const c = bytes[i] as number;
		if (c !== CR) return this.refuse(c === LF ? 'bare LF' : 'control character in a field value');
		const { list } = this;
		const o = list.parsed * SPAN;
		let end = i - base;
		while (end > this.start && isBlank(bytes[base + end - 1] as number)) end--;
		list.spans[o + 2] = this.start;
		list.spans[o + 3] = end;
		list.parsed++;
		this.state = State.lineFeed;
		return true;
	}

	private refuseName(c: number, isEmpty: boolean): false {
		if (c === LF || c === CR) return this.refuse(isEmpty ? 'bare LF' : 'a field line has no colon');
		if (!isBlank(c))
			return this.refuse(isEmpty && c === COLON ? 'empty field name' : 'invalid character in a field name');
		if (!isEmpty) return this.refuse('whitespace before the colon of a field');
		return this.refuse(this.list.parsed === 0 ? 'whitespace before the first field' : 'obsolete line folding');
	}

	private failMany(): number {
		this.tooMany = true;
		return this.fail('too many fields');
	}

	private fail(detail: string): number {
		this.fault = detail;
		return FAILED;
	}

	private refuse(detail: string): false {
		this.fault = detail;
		return false;
	}
}

function isBlank(c: number): boolean {
	return c === SP || c === HTAB;
}

/** Offset of the first byte that is not of this class. */
function skip(allowed: Uint8Array, bytes: Uint8Array, from: number, end: number): number {
	let i = from;
	while (i < end && allowed[bytes[i] as number] === 1) i++;
	return i;
}
