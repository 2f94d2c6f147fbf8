/**
 * Takes a list of the API apart while it comes, item by item.
 *
 * A list answered from the API server's cache is one document however long (`limit` does not hold there), and parsing
 * megabytes at once would hold up every exchange. So the bytes are only counted through: braces, brackets and strings.
 * An item is parsed when it is whole, by whoever takes it; what is around `items` is small and parsed at the end. Whether
 * the bytes are JSON is for the parser to say; here they need only not grow beyond their bounds.
 */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_BRACE = 0x7b;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACE = 0x7d;
const CLOSE_BRACKET = 0x5d;
/** Inside the document and the array: where an item begins. */
const ITEM_DEPTH = 2;
/** Kind, version, and a token to go on with: some hundred bytes. */
const MAX_ENVELOPE_BYTES = 64 * 1024;

export class ListItems {
	private readonly maxItemBytes: number;
	private depth = 0;
	private isInString = false;
	private isEscaped = false;
	/** Within the array of the key `items` of the document itself. */
	private isInItems = false;
	private itemParts: Uint8Array[] = [];
	private itemBytes = 0;
	private around = '';

	constructor(maxItemBytes: number) {
		this.maxItemBytes = maxItemBytes;
	}

	/** The items that this chunk ends. `null`: one is too long, or what is around them. */
	*feed(chunk: Uint8Array): Generator<string | null> {
		/** Where in the chunk something begins that belongs together. */
		let start = 0;
		for (let at = 0; at < chunk.length; at++) {
			const byte = chunk[at] as number;
			if (this.isInString) this.passString(byte);
			else if (byte === QUOTE) this.isInString = true;
			else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
				this.depth++;
				if (this.isInItems || byte !== OPEN_BRACKET || this.depth !== ITEM_DEPTH) continue;
				if (!this.keepAround(chunk.subarray(start, at + 1))) return yield null;
				this.isInItems = /"items"\s*:\s*\[$/.test(this.around);
				start = at + 1;
			} else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
				if (this.isInItems && this.depth === ITEM_DEPTH) {
					start = at;
					this.isInItems = false;
				}
				this.depth--;
				if (!this.isInItems || this.depth !== ITEM_DEPTH) continue;
				const item = this.takeItem(chunk.subarray(start, at + 1));
				start = at + 1;
				yield item;
				if (item === null) return;
			} else if (byte === COMMA && this.isInItems && this.depth === ITEM_DEPTH) start = at + 1;
		}
		const rest = chunk.subarray(start);
		if (!(this.isInItems ? this.keepItem(rest) : this.keepAround(rest))) yield null;
	}

	/** The document without its items; `''` when it has not ended. */
	end(): string {
		return this.depth === 0 && !this.isInString ? this.around : '';
	}

	private passString(byte: number): void {
		if (this.isEscaped) this.isEscaped = false;
		else if (byte === BACKSLASH) this.isEscaped = true;
		else if (byte === QUOTE) this.isInString = false;
	}

	private keepAround(part: Uint8Array): boolean {
		// The envelope is ASCII but for nothing that we read.
		this.around += Buffer.from(part.buffer, part.byteOffset, part.length).toString('latin1');
		return this.around.length <= MAX_ENVELOPE_BYTES;
	}

	private keepItem(part: Uint8Array): boolean {
		this.itemBytes += part.length;
		if (this.itemBytes > this.maxItemBytes) return false;
		this.itemParts.push(part);
		return true;
	}

	private takeItem(last: Uint8Array): string | null {
		if (!this.keepItem(last)) return null;
		const item = Buffer.concat(this.itemParts, this.itemBytes).toString('utf8');
		this.itemParts = [];
		this.itemBytes = 0;
		return item;
	}
}
