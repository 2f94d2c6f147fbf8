/**
 * Buffers for bodies on their way out, used again and again: a block of 80 KiB a chunk would be garbage that the
 * collector sees only as a small object, so the process would grow by tens of megabytes under one big transfer.
 */
import { Spares } from '../http1/spares.ts';
import { READ_BUFFER_BYTES, STRING_WRITE_BYTES } from './byte-socket.ts';

/** The biggest piece that is ever written at once: text that was waiting, and a whole read. */
export const BLOCK_BYTES = READ_BUFFER_BYTES + STRING_WRITE_BYTES;
/** Idle blocks that are kept: 5 MiB at most, for as many slow readers at once. */
const MAX_IDLE_BLOCKS = 64;

const idle = new Spares<Buffer>(MAX_IDLE_BLOCKS);

export function takeBlock(): Buffer {
	return idle.take() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES);
}

/** The caller vouches that nobody reads the block any more. */
export function giveBlock(block: Buffer): void {
	idle.give(block);
}
