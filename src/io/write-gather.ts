/**
 * Gathers what belongs together into one write: a head and the body that came with it, a chunk and its framing.
 *
 * Text waits in a string (latin1) until `flush`, or until the next piece would carry it over what Node writes without an
 * allocation. Bigger bodies go out in one buffer with the text before them. Borrowed bytes are always copied: into the
 * string, or into that buffer.
 */
import type net from 'node:net';
import { STRING_WRITE_BYTES } from './byte-socket.ts';

export class WriteGather {
	private readonly socket: net.Socket;
	private text = '';
	/** Bytes that were handed to the socket, for the log. */
	bytes = 0;

	constructor(socket: net.Socket) {
		this.socket = socket;
	}

	get isEmpty(): boolean {
		return this.text === '';
	}

	/** latin1 text; leaves with the next flush. */
	addText(text: string): void {
		this.text = this.text === '' ? text : this.text + text;
		if (this.text.length > STRING_WRITE_BYTES) this.flush();
	}

	/** A slice of a borrowed buffer. */
	addBytes(buffer: Buffer, start: number, end: number): void {
		const length = end - start;
		const { text } = this;
		if (text.length + length <= STRING_WRITE_BYTES) {
			const piece = buffer.toString('latin1', start, end);
			this.text = text === '' ? piece : text + piece;
			return;
		}
		const block = Buffer.allocUnsafe(text.length + length);
		if (text !== '') block.write(text, 0, 'latin1');
		buffer.copy(block, text.length, start, end);
		this.text = '';
		this.bytes += block.length;
		this.socket.write(block);
	}

	flush(): void {
		const { text } = this;
		if (text === '') return;
		this.text = '';
		this.bytes += text.length;
		this.socket.write(text, 'latin1');
	}

	/** False when the peer reads slower than we write: wait for the socket's `drain`. */
	get isAccepting(): boolean {
		return !this.socket.writableNeedDrain;
	}
}
