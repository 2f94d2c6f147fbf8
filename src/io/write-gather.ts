/**
 * Gathers what belongs together into one write: a head and the body that came with it, a chunk and its framing.
 *
 * Theory of operation. Text waits in a string (latin1) until `flush`, or until the next piece would carry it over what
 * Node writes without an allocation. Bigger pieces go out in one block with the text before them. Borrowed bytes are
 * always copied: into the string, or into the block. A block belongs to the kernel's queue until the socket has nothing
 * left to write; most writes end at once, and then it goes straight back to its pool.
 *
 * Text leaves together with that of the other connections, when the event loop has read all that it found ready, or
 * earlier when enough of them wait. A write wakes its reader, which costs as much as the rest of the write: one that is
 * awake already is not woken again. Whoever ends or cuts a connection calls `flushNow` first.
 */
import type net from 'node:net';
import type { HeaderList } from '../http/header-list.ts';
import { chunkHeader, LAST_CHUNK, writeTrailers } from '../http1/chunked-writer.ts';
import { BLOCK_BYTES, giveBlock, takeBlock } from './block-pool.ts';
import { STRING_WRITE_BYTES } from './byte-socket.ts';

/**
 * So many connections wait for the end of the turn at most: what has been read first should not wait for all the rest. Fewer wake
 * their readers more often (64 instead of 16: 2 % of a request).
 */
const MAX_WAITING = 64;

const waiting: WriteGather[] = [];

function flushWaiting(): void {
	// What is written may fail at once, but nothing that is called from here adds to the list.
	for (let i = 0; i < waiting.length; i++) waiting[i]?.flushNow();
	waiting.length = 0;
}

/** A socket that has a shorter way for latin1 text than its stream. */
export interface TextSocket {
	/** As `write(text, 'latin1')`. */
	writeText(text: string): void;
}

export class WriteGather {
	private readonly socket: net.Socket;
	private readonly texts: TextSocket | null;
	private text = '';
	private isWaiting = false;
	/** Something has been handed to the socket since the owner cleared this. */
	hasWritten = false;
	/** Blocks that the socket has not finished writing. */
	private lent: Buffer[] | null = null;

	constructor(socket: net.Socket) {
		this.socket = socket;
		this.texts = isTextSocket(socket) ? socket : null;
	}

	/** latin1 text; leaves with the next flush. */
	addText(text: string): void {
		this.text = this.text === '' ? text : this.text + text;
		if (this.text.length > STRING_WRITE_BYTES) this.flushNow();
	}

	/** A slice of a borrowed buffer as one chunk (RFC 9112 §7.1). Not empty: that would end the body. */
	addChunk(buffer: Buffer, start: number, end: number): void {
		this.addText(chunkHeader(end - start));
		this.addBytes(buffer, start, end);
		this.addText('\r\n');
	}

	/** The end of a chunked body. */
	addLastChunk(trailers: HeaderList | null): void {
		this.addText(trailers === null ? LAST_CHUNK : writeTrailers(trailers));
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
		this.text = '';
		this.hasWritten = true;
		if (text.length + length > BLOCK_BYTES) this.writeOwn(text, buffer, start, end);
		else this.writeBlock(text, buffer, start, end);
	}

	private writeBlock(text: string, buffer: Buffer, start: number, end: number): void {
		this.reclaim();
		const block = takeBlock();
		if (text !== '') block.write(text, 0, 'latin1');
		buffer.copy(block, text.length, start, end);
		this.socket.write(block.subarray(0, text.length + end - start));
		if (this.socket.writableLength === 0) giveBlock(block);
		else if (this.lent === null) this.lent = [block];
		else this.lent.push(block);
	}

	/** Held-back bytes may be more than a block; they are rare. */
	private writeOwn(text: string, buffer: Buffer, start: number, end: number): void {
		const own = Buffer.allocUnsafe(text.length + end - start);
		own.write(text, 0, 'latin1');
		buffer.copy(own, text.length, start, end);
		this.socket.write(own);
	}

	/** Takes lent blocks back once the socket has written everything. */
	reclaim(): void {
		if (this.lent === null || this.socket.writableLength > 0) return;
		for (const block of this.lent) giveBlock(block);
		this.lent = null;
	}

	/** Lets the text leave by the end of this turn of the event loop. */
	flush(): void {
		if (this.isWaiting || this.text === '') return;
		this.isWaiting = true;
		const { length } = waiting;
		waiting.push(this);
		if (length === 0) setImmediate(flushWaiting);
		else if (length >= MAX_WAITING) flushWaiting();
	}

	flushNow(): void {
		this.isWaiting = false;
		const { text } = this;
		if (text === '') return;
		this.text = '';
		this.hasWritten = true;
		if (this.texts !== null) this.texts.writeText(text);
		else this.socket.write(text, 'latin1');
	}

	/** The connection is gone: nothing leaves any more. */
	discard(): void {
		this.text = '';
	}

	/** False when the peer reads slower than we write: wait for the socket's `drain`. A big write alone asks for one, too. */
	get isAccepting(): boolean {
		return !this.socket.writableNeedDrain || this.socket.writableLength === 0;
	}
}

function isTextSocket(socket: net.Socket): socket is net.Socket & TextSocket {
	return 'writeText' in socket;
}
