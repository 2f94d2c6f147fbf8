/**
 * Cuts the bytes of a gRPC answer into messages: a flag, four bytes of length, the message (gRPC over HTTP/2,
 * "Length-Prefixed-Message"). Bytes may come in pieces of any size; a message is copied once, when it is whole.
 */

const HEAD_BYTES = 5;

/** Nothing more can be read of the answer. `reason`: to be said after "the answer". */
export interface BrokenFrame {
	readonly reason: string;
}

export class GrpcFrames {
	private readonly maxBytes: number;
	private pieces: Uint8Array[] = [];
	/** In `pieces`. */
	private bytes = 0;
	/** Of the message under way; -1: its length is not known yet. */
	private length = -1;

	/** `maxBytes`: of a message; more is not gathered. */
	constructor(maxBytes: number) {
		this.maxBytes = maxBytes;
	}

	/** The messages that are whole now. */
	feed(chunk: Uint8Array): Uint8Array[] | BrokenFrame {
		const messages: Uint8Array[] = [];
		if (chunk.length > 0) this.pieces.push(chunk);
		this.bytes += chunk.length;
		while (true) {
			if (this.length < 0) {
				if (this.bytes < HEAD_BYTES) return messages;
				const broken = this.readHead();
				if (broken !== null) return broken;
			}
			if (this.bytes < this.length) return messages;
			messages.push(this.take(this.length));
			this.length = -1;
		}
	}

	private readHead(): BrokenFrame | null {
		const [flag = 0, a = 0, b = 0, c = 0, d = 0] = this.take(HEAD_BYTES);
		// None was offered (grpc-accept-encoding).
		if (flag !== 0) return { reason: 'is compressed' };
		this.length = a * 2 ** 24 + b * 2 ** 16 + c * 2 ** 8 + d;
		return this.length > this.maxBytes ? { reason: `is longer than ${this.maxBytes} bytes` } : null;
	}

	/** As many bytes must be there. */
	private take(count: number): Uint8Array {
		const taken = new Uint8Array(count);
		let at = 0;
		let used = 0;
		for (const piece of this.pieces) {
			const part = piece.subarray(0, count - at);
			taken.set(part, at);
			at += part.length;
			if (part.length < piece.length) {
				this.pieces[used] = piece.subarray(part.length);
				break;
			}
			used++;
		}
		this.pieces.splice(0, used);
		this.bytes -= count;
		return taken;
	}
}
