/** Cuts a stream of JSON documents, one a line, into lines. Takes bytes as they come: a chunk may end anywhere. */

const LINE_FEED = 10;

export class JsonLines {
	private readonly maxBytes: number;
	/** The beginning of a line whose end has not come. */
	private parts: Uint8Array[] = [];
	private bytes = 0;

	/** `maxBytes`: the longest line, and with it the most that is kept. */
	constructor(maxBytes: number) {
		this.maxBytes = maxBytes;
	}

	/** The lines that this chunk ends, without their ends, empty ones left out. `null`: a line is too long. */
	*feed(chunk: Uint8Array): Generator<string | null> {
		let start = 0;
		for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
			const line = this.take(chunk.subarray(start, end));
			start = end + 1;
			if (line !== '') yield line;
			if (line === null) return;
		}
		if (start < chunk.length && !this.keep(chunk.subarray(start))) yield null;
	}

	private keep(part: Uint8Array): boolean {
		this.bytes += part.length;
		if (this.bytes > this.maxBytes) return false;
		this.parts.push(part);
		return true;
	}

	private take(last: Uint8Array): string | null {
		if (!this.keep(last)) return null;
		const line = Buffer.concat(this.parts, this.bytes).toString('utf8').trim();
		this.parts = [];
		this.bytes = 0;
		return line;
	}
}
