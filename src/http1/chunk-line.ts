/**
 * Resumable scan of `chunk-size [ chunk-ext ] CRLF` (RFC 9112 §7.1), to the letter: plain hexadecimal digits, extensions
 * of the form `;name[=token|"quoted"]` with blanks only where the grammar has BWS, CRLF and nothing else at the end.
 */
import { FIELD_VALUE, HEX, TOKEN } from '../http/tokens.ts';
import { FAILED, MORE } from './field-scanner.ts';
import { MAX_CHUNK_EXTENSION_BYTES } from './limits.ts';

const HTAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SP = 0x20;
const QUOTE = 0x22;
const SEMICOLON = 0x3b;
const EQUALS = 0x3d;
const BACKSLASH = 0x5c;

/** 64 bits; more digits are padding that some parsers wrap around at. */
const MAX_SIZE_DIGITS = 16;

const State = {
	sizeStart: 0,
	size: 1,
	/** Blanks before a `;`. */
	gap: 2,
	/** After a `;`, blanks before a name. */
	nameStart: 3,
	name: 4,
	/** Blanks between a name and `=` or `;`. */
	nameGap: 5,
	/** After `=`, blanks before a value. */
	valueStart: 6,
	value: 7,
	quoted: 8,
	quotedPair: 9,
	afterQuoted: 10,
	lineFeed: 11,
} as const;

export class ChunkLine {
	/** Bytes of the chunk's data, once the line is complete. */
	size = 0;
	fault = '';
	private state: number = State.sizeStart;
	private digits = 0;
	private extensionBytes = 0;

	/** A new message: its extensions are counted from zero. */
	beginMessage(): void {
		this.extensionBytes = 0;
		this.begin();
	}

	begin(): void {
		this.state = State.sizeStart;
		this.size = 0;
		this.digits = 0;
	}

	/** Offset just after the line, `MORE` or `FAILED`. */
	scan(bytes: Uint8Array, from: number, end: number): number {
		let i = from;
		while (i < end) {
			const c = bytes[i++] as number;
			if (this.state <= State.size) {
				const digit = HEX[c] as number;
				if (digit > 0) {
					if (!this.addDigit(digit - 1)) return FAILED;
					continue;
				}
				if (this.state === State.sizeStart) return this.fail('a chunk has no size');
			} else if (this.state === State.lineFeed) {
				return c === LF ? i : this.fail('bare CR in a chunk line');
			}
			const next = nextState(this.state, c);
			if (next < 0) return this.fail(c === LF ? 'bare LF in a chunk line' : faultIn(this.state));
			if (next !== State.lineFeed && ++this.extensionBytes > MAX_CHUNK_EXTENSION_BYTES) {
				return this.fail(`more than ${MAX_CHUNK_EXTENSION_BYTES} bytes of chunk extensions`);
			}
			this.state = next;
		}
		return MORE;
	}

	private addDigit(digit: number): boolean {
		this.state = State.size;
		this.size = this.size * 16 + digit;
		if (++this.digits <= MAX_SIZE_DIGITS && this.size <= Number.MAX_SAFE_INTEGER) return true;
		this.fail('a chunk size is too large');
		return false;
	}

	private fail(detail: string): number {
		this.fault = detail;
		return FAILED;
	}
}

/** The state after this byte; -1 when the grammar has no place for it. */
function nextState(state: number, c: number): number {
	const isBlank = c === SP || c === HTAB;
	switch (state) {
		case State.size:
		case State.afterQuoted:
			if (c === CR) return State.lineFeed;
			if (c === SEMICOLON) return State.nameStart;
			return isBlank ? State.gap : -1;
		case State.gap:
			if (c === SEMICOLON) return State.nameStart;
			return isBlank ? State.gap : -1;
		case State.nameStart:
			if (TOKEN[c] === 1) return State.name;
			return isBlank ? State.nameStart : -1;
		case State.name:
			if (TOKEN[c] === 1) return State.name;
			if (c === CR) return State.lineFeed;
			return isBlank ? State.nameGap : afterName(c);
		case State.nameGap:
			return isBlank ? State.nameGap : afterName(c);
		case State.valueStart:
			if (TOKEN[c] === 1) return State.value;
			if (c === QUOTE) return State.quoted;
			return isBlank ? State.valueStart : -1;
		case State.value:
			if (TOKEN[c] === 1) return State.value;
			if (c === CR) return State.lineFeed;
			if (c === SEMICOLON) return State.nameStart;
			return isBlank ? State.gap : -1;
		case State.quoted:
			if (c === QUOTE) return State.afterQuoted;
			if (c === BACKSLASH) return State.quotedPair;
			return FIELD_VALUE[c] === 1 ? State.quoted : -1;
		case State.quotedPair:
			return FIELD_VALUE[c] === 1 ? State.quoted : -1;
		default:
			return -1;
	}
}

function afterName(c: number): number {
	if (c === EQUALS) return State.valueStart;
	return c === SEMICOLON ? State.nameStart : -1;
}

function faultIn(state: number): string {
	return state === State.size ? 'a chunk size is no plain hexadecimal number' : 'malformed chunk extension';
}
