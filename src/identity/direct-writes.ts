/**
 * Writes on a TLS handle whose end nobody is called back for, unless somebody waits for it.
 *
 * Theory of operation. OpenSSL has encrypted a text before Node's call returns, and mostly the kernel has taken it, too. Node
 * says so in a later turn all the same, by a call into JavaScript that costs as much as the encryption: its TLS takes one write
 * at a time, so the stream above has to hear when the next one may come. Between sidecars the next one is another request or
 * response, and comes much later. So texts go past the stream, and the next write looks at how the last one has ended, which
 * Node notes in its request, and waits only where it has not.
 *
 * Where the kernel has not taken everything, the stream is given the text to wait for as ever: that is how it knows a slow reader.
 * While nothing is read, nobody would hear of a write that has failed, so then texts go through the stream as well.
 *
 * The calls are internals of Node 26; `abilities.ts` tries them on the running one before they are used.
 */
import { getSystemErrorName } from 'node:util';

/** Node's request to write: how it has ended is noted in it, where nobody is called back. */
export interface WriteRequest {
	/** `null`: it has not ended; 0, or a negative code of libuv. */
	readonly writeStatus: number | null;
	oncomplete: ((status: number) => void) | null;
	/** Negative once Node has let go of it: it has ended, or was never begun. */
	getAsyncId(): number;
}

export interface DirectHandle {
	/** Whoever breaks the connection is heard of, written to or not. */
	readonly reading: boolean;
	/** A code where the write has ended at once: 0, or negative. */
	writeLatin1String(request: null, text: string): WriteRequest | number;
}

export type WriteCallback = (error?: Error | null) => void;

/** EPROTO, as Node has it: OpenSSL does not take anything any more. */
const NOT_BEGUN = -71;

/** The last write of one connection. */
export class DirectWrites {
	private last: WriteRequest | null = null;
	/** The kernel has not taken all of the last one, and nobody waits for it yet: `afterLast` is to be called. */
	isHeld = false;

	/** Nothing is under way, and nothing has failed: another write may come. */
	get isOver(): boolean {
		return this.last === null || this.last.writeStatus === 0;
	}

	/** Calls back once the last write has ended. */
	afterLast(then: (error: Error | null) => void): void {
		const { last } = this;
		this.isHeld = false;
		if (last === null) then(null);
		else if (last.writeStatus === null) last.oncomplete = (status) => this.ended(status, then);
		else this.ended(last.writeStatus, then);
	}

	private ended(status: number, then: (error: Error | null) => void): void {
		this.last = null;
		then(faultOf(status));
	}

	/** Only when the last one is over. Returns what has failed at once. `below`: the handle of the socket that carries it. */
	write(handle: DirectHandle, below: { readonly writeQueueSize: number }, text: string): Error | null {
		const request = handle.writeLatin1String(null, text);
		if (typeof request === 'number') return faultOf(request);
		if (request.writeStatus !== null) return faultOf(request.writeStatus);
		if (request.getAsyncId() < 0) return faultOf(NOT_BEGUN);
		this.last = request;
		this.isHeld = below.writeQueueSize > 0;
		return null;
	}
}

/** As Node's own streams have it; `null` where nothing has failed. */
function faultOf(status: number): Error | null {
	if (status >= 0) return null;
	const code = getSystemErrorName(status);
	return Object.assign(new Error(`write ${code}`), { code, errno: status, syscall: 'write' });
}
