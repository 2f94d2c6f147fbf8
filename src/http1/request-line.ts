/**
 * Resumable scan of `method SP request-target SP HTTP-version CRLF` (RFC 9112 §3). Offsets are relative to the start of
 * the message, as in `field-scanner.ts`. What the target means is decided later, from the finished text.
 */
import { ProxyError } from '../error.ts';
import type { HttpVersion } from '../http/head.ts';
import { TOKEN } from '../http/tokens.ts';
import { FAILED, MORE } from './field-scanner.ts';
import type { LineScanner } from './head-reader.ts';

const LF = 0x0a;
const CR = 0x0d;
const SP = 0x20;
const HASH = 0x23;
const DOT = 0x2e;
const ZERO = 0x30;
const ONE = 0x31;
const NINE = 0x39;

/** Classes of target bytes; 0 is what no target may have: controls, SP, `#`, DEL. */
const PLAIN = 1;
const QUESTION_MARK = 2;
/** `%`, `.` and `\` are what `normalizePath` may have to change. */
const UNUSUAL = 4;
const TARGET = new Uint8Array(256);
// Wider than RFC 3986, as every server is: `|`, `{`, quotes and raw UTF-8 come from real clients.
for (let c = 0x21; c < 256; c++) TARGET[c] = c === 0x7f || c === HASH ? 0 : PLAIN;
TARGET[0x3f] = QUESTION_MARK;
for (const c of '%.\\') TARGET[c.charCodeAt(0)] = UNUSUAL;

const VERSION_BYTES = [...'HTTP/'].map((c) => c.charCodeAt(0));
/** Length of `HTTP/1.1`. */
const VERSION_LENGTH = 8;
const MAJOR_AT = 5;
const DOT_AT = 6;
const MINOR_AT = 7;

const State = { method: 0, target: 1, version: 2, lineFeed: 3 } as const;

export class RequestLine implements LineScanner {
	fault: ProxyError | null = null;
	methodEnd = 0;
	targetStart = 0;
	targetEnd = 0;
	version: HttpVersion = 11;
	/** Classes that occur in the target. */
	private classes = 0;
	private state: number = State.method;

	begin(): void {
		this.state = State.method;
		this.classes = 0;
	}

	/** The target has a `?` somewhere. */
	get hasQuery(): boolean {
		return (this.classes & QUESTION_MARK) !== 0;
	}

	/** The path may not be in its normal form. */
	get isUnusual(): boolean {
		return (this.classes & UNUSUAL) !== 0;
	}

	tooLong(maxBytes: number): ProxyError {
		return new ProxyError('target_too_long', `the request line is longer than ${maxBytes} bytes`);
	}

	scan(bytes: Uint8Array, base: number, from: number, end: number): number {
		const targetBytes = TARGET;
		let i = from;
		if (this.state === State.method) {
			while (i < end && TOKEN[bytes[i] as number] === 1) i++;
			if (i === end) return MORE;
			if (bytes[i] !== SP || i === base) return this.fail(methodFault(bytes[i] as number));
			this.methodEnd = i - base;
			this.targetStart = ++i - base;
			this.state = State.target;
		}
		if (this.state === State.target) {
			let classes = this.classes;
			let kind = 0;
			while (i < end) {
				kind = targetBytes[bytes[i] as number] as number;
				if (kind === 0) break;
				classes |= kind;
				i++;
			}
			this.classes = classes;
			if (i === end) return MORE;
			if (bytes[i] !== SP || i - base === this.targetStart) return this.fail(targetFault(bytes[i] as number));
			this.targetEnd = i - base;
			i++;
			this.state = State.version;
		}
		if (this.state === State.version) {
			while (i < end && targetBytes[bytes[i] as number] !== 0) i++;
			if (i === end) return MORE;
			if (bytes[i] !== CR) return this.fail(bytes[i] === LF ? 'bare LF' : 'invalid character after the target');
			if (!this.readVersion(bytes, base + this.targetEnd + 1, i)) return FAILED;
			i++;
			this.state = State.lineFeed;
		}
		if (i === end) return MORE;
		return bytes[i] === LF ? i + 1 : this.fail('bare CR');
	}

	/** RFC 9112 §2.3. A higher minor version is served as 1.1 (RFC 9110 §2.5), another major one not at all. */
	private readVersion(bytes: Uint8Array, start: number, end: number): boolean {
		if (end - start !== VERSION_LENGTH || !isVersion(bytes, start)) {
			this.fail('the request line has no HTTP version');
			return false;
		}
		if (bytes[start + MAJOR_AT] !== ONE) {
			this.fault = new ProxyError('unsupported_version', 'only HTTP/1.0 and HTTP/1.1 are spoken here');
			return false;
		}
		this.version = bytes[start + MINOR_AT] === ZERO ? 10 : 11;
		return true;
	}

	private fail(detail: string): number {
		this.fault = new ProxyError('bad_request', detail);
		return FAILED;
	}
}

/** `HTTP/` DIGIT `.` DIGIT */
export function isVersion(bytes: Uint8Array, start: number): boolean {
	for (let i = 0; i < VERSION_BYTES.length; i++) {
		if (bytes[start + i] !== VERSION_BYTES[i]) return false;
	}
	return (
		isDigit(bytes[start + MAJOR_AT] as number) &&
		bytes[start + DOT_AT] === DOT &&
		isDigit(bytes[start + MINOR_AT] as number)
	);
}

function isDigit(c: number): boolean {
	return c >= ZERO && c <= NINE;
}

function methodFault(c: number): string {
	return c === LF ? 'bare LF' : 'the method is no token';
}

function targetFault(c: number): string {
	if (c === HASH) return 'the target has a fragment';
	if (c === SP) return 'the target is empty';
	if (c === LF) return 'bare LF';
	if (c === CR) return 'the request line has no HTTP version';
	return 'control character in the target';
}
