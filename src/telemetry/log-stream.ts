/**
 * Where log lines go: stdout, stderr or a file.
 *
 * Theory of operation. Lines gather in one string and are handed to sonic-boom when there are 8 KiB of them or 100 ms
 * after the first; sonic-boom writes off the event loop, one write at a time. Behind it at most `MAX_BUFFERED` bytes
 * wait; when whoever reads is slower than that, whole hand-overs are dropped and their lines counted. Nothing here
 * blocks the loop.
 *
 * A pipe is opened anew without blocking where the system allows it: a write that blocks holds a thread of the pool,
 * and the process could not even exit before somebody reads.
 */
import { constants, fstatSync, openSync } from 'node:fs';
import sonicBoom from 'sonic-boom';
import { Alarm, type Timers } from '../clock.ts';

/** Handed over at once at this size; below sonic-boom's own write size of 16 KiB. */
const BATCH_CHARS = 8 * 1024;
/** How late a line may come out. */
const FLUSH_AFTER_MS = 100;
/** Lines of a few seconds under load; beyond it they are dropped. */
const MAX_BUFFERED_BYTES = 4 * 1024 * 1024;
/** What a stuck reader may cost us at the end. */
const CLOSE_TIMEOUT_MS = 1000;

export type LogDestination = 'stdout' | 'stderr' | { readonly file: string };

/** What takes whole lines, each with its line feed. */
export interface LineWriter {
	write(line: string): void;
}

export interface LogStreamOptions {
	readonly destination: LogDestination;
	readonly timers: Timers;
	/** Hears when the destination begins to fail, once until a write has worked again. */
	readonly onTrouble?: (reason: string) => void;
	readonly maxBufferedBytes?: number;
}

export class LogStream implements LineWriter {
	/** Lines lost so far. */
	dropped = 0;
	private readonly sonic: sonicBoom.SonicBoom;
	private readonly isFile: boolean;
	private readonly timers: Timers;
	/** Flushes a batch that did not fill in time. */
	private readonly timer: Alarm;
	private batch = '';
	private batchLines = 0;
	private isFailing = false;
	private closed: Promise<void> | null = null;

	constructor({ destination, timers, onTrouble, maxBufferedBytes }: LogStreamOptions) {
		this.timers = timers;
		this.timer = new Alarm(() => this.flush());
		this.isFile = typeof destination !== 'string';
		const dest = typeof destination === 'string' ? standardFd(destination) : destination.file;
		this.sonic = new sonicBoom.SonicBoom({
			dest,
			maxLength: maxBufferedBytes ?? MAX_BUFFERED_BYTES,
			append: true,
			mkdir: true,
		});
		this.sonic.on('drop', () => {
			this.dropped += this.batchLines;
		});
		this.sonic.on('write', () => {
			this.isFailing = false;
		});
		// A reader that is gone, a full disk: what cannot be written stays buffered and is tried again with the next batch.
		this.sonic.on('error', (error: Error) => {
			if (!this.isFailing) onTrouble?.(error.message);
			this.isFailing = true;
		});
	}

	/** One line, its line feed included. */
	write(line: string): void {
		if (this.closed !== null) {
			this.dropped++;
			return;
		}
		if (this.batchLines === 0) this.timers.arm(this.timer, FLUSH_AFTER_MS);
		this.batch += line;
		this.batchLines++;
		if (this.batch.length >= BATCH_CHARS) this.flush();
	}

	/** Hands over what has gathered. */
	flush(): void {
		if (this.batchLines === 0) return;
		this.timers.disarm(this.timer);
		this.sonic.write(this.batch);
		this.batch = '';
		this.batchLines = 0;
	}

	/** Blocks until all is written, or fails: only for the last words of a process that dies. */
	flushSync(): void {
		this.flush();
		try {
			this.sonic.flushSync();
		} catch {
			this.dropped++;
		}
	}

	/** Opens the file by its name again, after rotation has moved it. A standard stream stays as it is. */
	reopen(): void {
		if (this.closed !== null || !this.isFile) return;
		this.flush();
		this.sonic.reopen();
	}

	/** Writes what is left, for a second at most. Idempotent. */
	close(): Promise<void> {
		if (this.closed === null) {
			this.flush();
			this.closed = this.finish();
		}
		return this.closed;
	}

	private finish(): Promise<void> {
		return new Promise((resolve) => {
			const deadline = AbortSignal.timeout(CLOSE_TIMEOUT_MS);
			const done = () => {
				deadline.removeEventListener('abort', giveUp);
				resolve();
			};
			const giveUp = () => {
				this.sonic.destroy();
				done();
			};
			deadline.addEventListener('abort', giveUp);
			this.sonic.once('close', done);
			this.sonic.end();
		});
	}
}

const STANDARD_FD = { stdout: 1, stderr: 2 } as const;

/** A descriptor of our own that does not block, for a pipe; else the one that we were given. */
function standardFd(destination: 'stdout' | 'stderr'): number {
	const fd = STANDARD_FD[destination];
	try {
		// A regular file opened anew would be written from its start, a socket cannot be opened by name.
		if (!fstatSync(fd).isFIFO()) return fd;
		return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK);
	} catch {
		return fd;
	}
}
