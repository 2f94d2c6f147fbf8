/** Responses to the bytes of one HTTP/1 client: framing and persistence as its version understands them. */
import type net from 'node:net';
import { Framing, type HttpVersion, type ResponseHead } from '../http/head.ts';
import type { HeaderList } from '../http/header-list.ts';
import { writeResponseHead } from '../http1/write-head.ts';
import { WriteGather } from '../io/write-gather.ts';

export class ResponseWriter {
	readonly out: WriteGather;
	private readonly options: { clientVersion: HttpVersion; close: boolean; keepAliveTimeoutSeconds: number };
	private isChunked = false;
	/** A final head has been written, and no `reset` since. */
	hasBegun = false;

	constructor(socket: net.Socket, keepAliveTimeoutSeconds: number) {
		this.out = new WriteGather(socket);
		this.options = { clientVersion: 11, close: false, keepAliveTimeoutSeconds };
	}

	/** Of the request that is answered next. */
	set clientVersion(version: HttpVersion) {
		this.options.clientVersion = version;
	}

	/** A 1xx: HTTP/1.0 knows none (RFC 9110 §15.2). */
	inform(head: ResponseHead): void {
		if (this.options.clientVersion === 10) return;
		this.options.close = false;
		this.out.addText(writeResponseHead(head, this.options));
		this.out.flush();
	}

	/** Writes a final head; true when the connection ends with this response. */
	head(head: ResponseHead, isClosing: boolean): boolean {
		const isOld = this.options.clientVersion === 10;
		const endsWithConnection = head.framing === Framing.close || (head.framing === Framing.chunked && isOld);
		// What the app ends by closing becomes chunked towards HTTP/1.1: the client can tell a whole body from a cut one.
		if (endsWithConnection && !isOld) head.framing = Framing.chunked;
		this.isChunked = head.framing === Framing.chunked && !isOld;
		this.hasBegun = true;
		this.options.close = isClosing || (endsWithConnection && isOld);
		this.out.addText(writeResponseHead(head, this.options));
		return this.options.close;
	}

	write(buffer: Buffer, start: number, end: number): boolean {
		if (this.isChunked) this.out.addChunk(buffer, start, end);
		else this.out.addBytes(buffer, start, end);
		return this.out.isAccepting;
	}

	end(trailers: HeaderList | null): void {
		if (this.isChunked) this.out.addLastChunk(trailers);
	}

	/** What follows has no framing of ours: a tunnel, or the next response. */
	reset(): void {
		this.isChunked = false;
		this.hasBegun = false;
	}
}
