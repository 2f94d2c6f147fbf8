/**
 * What is kept of a request's body so that another attempt can send it again.
 *
 * Theory of operation. Until an attempt has a connection every byte that comes is kept (the client is paused at once, so
 * that is at most one read beyond the limit). Once sent, the bytes stay only if a retry could want them and they fit
 * `REPLAY_BYTES`; otherwise they are let go and the body counts as not replayable.
 */
import type { UpstreamStream } from '../ports/stream.ts';

/** As Linkerd: enough for nearly all JSON requests, small enough to be held for each request under way. */
export const REPLAY_BYTES = 64 * 1024;

export class RequestBody {
	private chunks: Buffer[] = [];
	private bytes = 0;
	private isKept = true;

	/** All that has come so far could be sent again. */
	get isReplayable(): boolean {
		return this.isKept && this.bytes <= REPLAY_BYTES;
	}

	/** Copies borrowed bytes. */
	keep(buffer: Buffer, start: number, end: number): void {
		if (!this.isKept) return;
		this.chunks.push(Buffer.from(buffer.subarray(start, end)));
		this.bytes += end - start;
	}

	/** As `keep`, for bytes that are being sent as well: lets go of everything once it is too much. */
	keepSent(buffer: Buffer, start: number, end: number): void {
		if (this.bytes + end - start > REPLAY_BYTES) this.drop();
		else this.keep(buffer, start, end);
	}

	/** Sends what is kept. False when the connection wants a pause. */
	sendTo(stream: UpstreamStream): boolean {
		let accepting = true;
		for (const chunk of this.chunks) accepting = stream.write(chunk, 0, chunk.length);
		return accepting;
	}

	/** Gives a mirror what has come before there was one. */
	copyTo(mirror: { data(buffer: Buffer, start: number, end: number): void }): void {
		for (const chunk of this.chunks) mirror.data(chunk, 0, chunk.length);
	}

	/** Nobody will want it again. */
	drop(): void {
		this.isKept = false;
		this.chunks = [];
	}

	/** After sending: too much to keep. */
	get isOverLimit(): boolean {
		return this.bytes > REPLAY_BYTES;
	}
}
