/** Skips the few CRLFs that may come before a start line (RFC 9112 §2.2): some senders put one after a body. */
import { FAILED } from './field-scanner.ts';
import { MAX_EMPTY_LINES } from './limits.ts';

const LF = 0x0a;
const CR = 0x0d;

export class EmptyLines {
	fault = '';
	private count = 0;
	private sawCr = false;

	/** Offset of the first byte of a start line, `end` when none has come yet, or `FAILED`. */
	skip(bytes: Uint8Array, from: number, end: number): number {
		for (let i = from; i < end; i++) {
			const c = bytes[i];
			if (this.sawCr) {
				if (c !== LF) return this.fail('bare CR');
				this.sawCr = false;
				if (++this.count > MAX_EMPTY_LINES) return this.fail('too many empty lines before a start line');
			} else if (c === CR) this.sawCr = true;
			else {
				this.count = 0;
				return i;
			}
		}
		return end;
	}

	private fail(detail: string): number {
		this.fault = detail;
		return FAILED;
	}
}
