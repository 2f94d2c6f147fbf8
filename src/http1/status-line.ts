/** Resumable scan of `HTTP-version SP status-code [ SP reason-phrase ] CRLF` (RFC 9112 §4); offsets as in `request-line.ts`. */
import { ProxyError } from '../error.ts';
import type { HttpVersion } from '../http/head.ts';
import { FIELD_VALUE } from '../http/tokens.ts';
import { FAILED, MORE } from './field-scanner.ts';
import type { LineScanner } from './head-reader.ts';
import { isVersion } from './request-line.ts';

const LF = 0x0a;
const CR = 0x0d;
const SP = 0x20;
const ZERO = 0x30;
const ONE = 0x31;

/** Where the code starts and ends: `HTTP/1.1 200`. */
const CODE_START = 9;
const CODE_END = 12;

const State = { text: 0, lineFeed: 1 } as const;

export class StatusLine implements LineScanner {
	fault: ProxyError | null = null;
	version: HttpVersion = 11;
	status = 0;
	/** Offsets of the reason phrase; equal when there is none. */
	reasonStart = 0;
	reasonEnd = 0;
	private state: number = State.text;

	begin(): void {
		this.state = State.text;
	}

	tooLong(): ProxyError {
		return new ProxyError('upstream_protocol_error', 'the status line is too long');
	}

	scan(bytes: Uint8Array, base: number, from: number, end: number): number {
		let i = from;
		if (this.state === State.text) {
			while (i < end && FIELD_VALUE[bytes[i] as number] === 1) i++;
			if (i === end) return MORE;
			if (bytes[i] !== CR) return this.fail(bytes[i] === LF ? 'bare LF' : 'control character in the status line');
			if (!this.readLine(bytes, base, i)) return FAILED;
			i++;
			this.state = State.lineFeed;
		}
		if (i === end) return MORE;
		return bytes[i] === LF ? i + 1 : this.fail('bare CR');
	}

	private readLine(bytes: Uint8Array, base: number, end: number): boolean {
		const length = end - base;
		if (length < CODE_END || !isVersion(bytes, base) || bytes[base + 8] !== SP)
			return this.refuse('no HTTP status line');
		if (bytes[base + 5] !== ONE) return this.refuse('another major version of HTTP');
		let status = 0;
		for (let i = CODE_START; i < CODE_END; i++) {
			const digit = (bytes[base + i] as number) - ZERO;
			if (digit < 0 || digit > 9) return this.refuse('the status code is no number');
			status = status * 10 + digit;
		}
		if (status < 100) return this.refuse('the status code is below 100');
		if (length > CODE_END && bytes[base + CODE_END] !== SP)
			return this.refuse('the status code has more than three digits');
		// A higher minor version is read as 1.1 (RFC 9110 §2.5).
		this.version = bytes[base + 7] === ZERO ? 10 : 11;
		this.status = status;
		this.reasonStart = Math.min(CODE_END + 1, length);
		this.reasonEnd = length;
		return true;
	}

	private refuse(detail: string): boolean {
		this.fail(detail);
		return false;
	}

	private fail(detail: string): number {
		this.fault = new ProxyError('upstream_protocol_error', detail);
		return FAILED;
	}
}
