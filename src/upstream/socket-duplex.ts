/**
 * A dialed socket as a Node stream, for Node's own protocols. Dialed sockets read into one buffer that all share, so the
 * bytes are copied here: not for the data path.
 */
import type net from 'node:net';
import { Duplex } from 'node:stream';
import type { DialedReader } from './dial.ts';

export class SocketDuplex extends Duplex implements DialedReader {
	private readonly socket: net.Socket;

	constructor(socket: net.Socket) {
		super({ allowHalfOpen: false });
		this.socket = socket;
		socket.on('error', (error) => this.destroy(error));
		socket.on('end', () => this.push(null));
		socket.on('close', () => this.destroy());
	}

	onBytes(buffer: Buffer, length: number): void {
		if (!this.push(Buffer.from(buffer.subarray(0, length)))) this.socket.pause();
	}

	override _read(): void {
		this.socket.resume();
	}

	override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
		this.socket.write(chunk, done);
	}

	override _final(done: (error?: Error | null) => void): void {
		this.socket.end(done);
	}

	override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
		this.socket.destroy();
		done(error);
	}
}
