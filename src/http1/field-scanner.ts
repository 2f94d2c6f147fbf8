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
	begin(maxFields: number): void {
		this.state = State.lineStart;
		this.maxFields = maxFields;
		this.mended = false;
	}

	/** Goes on at bytes[from]; returns the offset just after the section, `MORE` or `FAILED`. */
	scan(bytes: Uint8Array, base: number, from: number, end: number): number {
		const list = this.list;
		let state = this.state;
		let i = from;
		while (i < end) {
			if (state === State.lineStart) {
				if (bytes[i] === CR) {
					state = State.sectionEnd;
					i++;
					continue;
				}
				if (list.parsed >= this.maxFields) return this.failMany();
				this.start = i - base;
				state = State.name;
			}
			if (state === State.name) {
				while (i < end && TOKEN[bytes[i] as number] === 1) i++;
				if (i === end) break;
				state = this.endName(bytes, base, i);
				if (state < 0) return FAILED;
				i++;
			}
			if (state === State.nameGap) {
				while (i < end && (bytes[i] === SP || bytes[i] === HTAB)) i++;
				if (i === end) break;
				if (bytes[i] !== COLON) return this.fail('a field line has no colon after its name');
				state = State.whitespace;
				i++;
			}
			if (state === State.whitespace) {
				while (i < end && (bytes[i] === SP || bytes[i] === HTAB)) i++;
				if (i === end) break;
				this.start = i - base;
				state = State.value;
			}
			if (state === State.value) {
				while (i < end && FIELD_VALUE[bytes[i] as number] === 1) i++;
				if (i === end) break;
				if (bytes[i] !== CR) return this.failValue(bytes[i] as number);
				this.endValue(bytes, base, i);
				state = State.lineFeed;
				i++;
				if (i === end) break;
			}
			if (bytes[i] !== LF) return this.fail('bare CR');
			i++;
			if (state === State.sectionEnd) return i;
			state = State.lineStart;
		}
		this.state = state;
		return MORE;
	}

	/** The byte after the token decides; returns the next state, or `FAILED`. */
	private endName(bytes: Uint8Array, base: number, i: number): number {
		const start = this.start + base;
		const c = bytes[i] as number;
		const isBlank = c === SP || c === HTAB;
		if (i === start) return this.failName(c, isBlank);
		if (c !== COLON && !(isBlank && this.mendsNames)) {
			if (isBlank) return this.fail('whitespace before the colon of a field');
			if (c === CR || c === LF) return this.fail('a field line has no colon');
			return this.fail('invalid character in a field name');
		}
		const list = this.list;
		const o = list.parsed * SPAN;
		if (o + SPAN > list.spans.length) list.growSpans();
		const spans = list.spans;
		spans[o] = this.start;
		spans[o + 1] = i - base;
		spans[o + 4] = fieldIdOfBytes(bytes, start, i);
		if (!isBlank) return State.whitespace;
		this.mended = true;
		return State.nameGap;
	}

	/** Cuts the blanks after a value and counts the field. */
	private endValue(bytes: Uint8Array, base: number, i: number): void {
		const list = this.list;
		const o = list.parsed * SPAN;
		const start = this.start + base;
		let end = i;
		while (end > start && (bytes[end - 1] === SP || bytes[end - 1] === HTAB)) end--;
		list.spans[o + 2] = this.start;
		list.spans[o + 3] = end - base;
		list.parsed++;
	}

	private failName(c: number, isBlank: boolean): number {
		if (isBlank)
			return this.fail(this.list.parsed === 0 ? 'whitespace before the first field' : 'obsolete line folding');
		if (c === COLON) return this.fail('empty field name');
		if (c === LF) return this.fail('bare LF');
		return this.fail('invalid character in a field name');
	}

	private failValue(c: number): number {
		return this.fail(c === LF ? 'bare LF' : 'control character in a field value');
	}

	private failMany(): number {
		this.tooMany = true;
		return this.fail(`more than ${this.maxFields} fields`);
	}

	private fail(detail: string): number {
		this.fault = detail;
		return FAILED;
	}
}
