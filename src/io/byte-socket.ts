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

const NOTHING = Buffer.alloc(0);

/** Calls back once everything has been handed to the system; at once when it has been. */
export function afterWrites(socket: net.Socket, then: () => void): void {
	if (socket.writableLength === 0) then();
	else {
		socket.write(NOTHING, () => {
			loopClock.refresh();
			then();
		});
	}
}

/** Ends our side, but not before the queue is empty: once the system's `shutdown` is asked for there is no RST any more. */
export function endAfterWrites(socket: net.Socket): void {
	afterWrites(socket, () => socket.end());
}

/** RST, so that nothing that was cut looks whole. Unix sockets have none, and one that is just ending must do without. */
export function resetSocket(socket: net.Socket): void {
	const isEnding = socket.writableEnded && !socket.writableFinished;
	if (isEnding || socket.destroyed || socket.remoteFamily === undefined) socket.destroy();
	else socket.resetAndDestroy();
}
