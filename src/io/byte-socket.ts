/**
 * A TCP or Unix socket reduced to what a protocol needs: bytes in, bytes out, three ends.
 *
 * Theory of operation. All sockets of the process read into one shared buffer (`onread`): callbacks are synchronous, so
 * by the time the next read happens the bytes have been parsed, copied or written on. That saves a 64 KiB slab a read and
 * the garbage that follows. Node offers `onread` for sockets that it dials; for accepted ones `accept-shared.ts` uses an
 * internal hook where the running Node has it, and the plain `data` event where not.
 *
 * Socket errors are translated nowhere but in the owners of these callbacks.
 */
import type net from 'node:net';
import { loopClock } from './loop-clock.ts';

/** Bytes a read may bring: one full pipe of a default loopback socket, and what libuv itself would allocate. */
export const READ_BUFFER_BYTES = 64 * 1024;

/** Strings up to this many bytes are encoded on the C++ stack and written at once, without an allocation. */
export const STRING_WRITE_BYTES = 16 * 1024;

export const sharedReadBuffer: Buffer = Buffer.allocUnsafeSlow(READ_BUFFER_BYTES);

export interface SocketOwner {
	/** Borrowed bytes: nothing of `buffer` may be kept after the call returns. */
	onBytes(buffer: Buffer, length: number): void;
	/** The peer has sent its last byte (FIN). */
	onPeerEnd(): void;
	onWritable(): void;
	/** The socket is gone. Called once, last. `error` is the system's, if there was one. */
	onClosed(error: Error | null): void;
}

/** Wires the events that every socket has, however its bytes come in. */
export function watchSocket(socket: net.Socket, owner: SocketOwner): void {
	let failure: Error | null = null;
	socket.on('error', (error) => {
		failure = error;
	});
	socket.on('end', () => {
		loopClock.refresh();
		owner.onPeerEnd();
	});
	socket.on('drain', () => {
		loopClock.refresh();
		owner.onWritable();
	});
	socket.on('close', () => {
		loopClock.refresh();
		owner.onClosed(failure);
	});
}
