/**
 * The endpoints of a service from a file of their own, which may change at any time.
 *
 * Theory of operation. As with the route file: each alarm of the watcher leads to one look at the content, and only a
 * content that has not been judged yet is parsed, in another process (`compile`). One look at a time: an alarm during a look
 * makes for one more after it. A good content is told when its list is another one; comments and layout are no update. Of a bad
 * content, or of no file, the reason is told once, and the last good list stays. The first good content after that is told
 * even when its list is the last one: whoever was told of the trouble hears that it is over.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { TimerEntry, type Timers } from '../clock.ts';
import { FileWatcher } from '../io/file-watcher.ts';
import { loopClock } from '../io/loop-clock.ts';
import type { EndpointSink, EndpointWatch } from '../ports/endpoint-source.ts';
import { type CompiledEndpoints, FILE_HASH } from './endpoint-file.ts';

export interface FileWatchParts {
	readonly timers: Timers;
	/** Rejects when the other process fails; a bad file is no failure but a result. */
	compile(file: string): Promise<CompiledEndpoints>;
}

/** After the other process has failed: whatever kept it from working may pass. */
const AGAIN_MS = 5000;

export class FileWatch extends TimerEntry implements EndpointWatch {
	private readonly file: string;
	private readonly parts: FileWatchParts;
	private readonly watcher: FileWatcher;
	/** `null`: not started, or stopped. */
	private sink: EndpointSink | null = null;
	private good: Extract<CompiledEndpoints, { readonly ok: true }> | null = null;
	/** Of the content that was found bad last; `''`: none is. */
	private badHash = '';
	/** Why the list in force is not what is in the file; `''`: it is. */
	private reason = '';
	private isLooking = false;
	private isAlarmed = false;

	constructor(file: string, parts: FileWatchParts) {
		super();
		this.file = file;
		this.parts = parts;
		this.watcher = new FileWatcher(file, () => this.onAlarm());
	}

	start(sink: EndpointSink): void {
		this.sink = sink;
		this.watcher.start();
	}

	stop(): void {
		this.sink = null;
		this.watcher.stop();
		this.parts.timers.disarm(this);
	}

	override onTimer(): void {
		this.onAlarm();
	}

	private onAlarm(): void {
		this.isAlarmed = true;
		if (this.isLooking) return;
		this.isLooking = true;
		const calm = (): void => {
			this.isLooking = false;
		};
		this.lookUntilCalm().then(calm, calm);
	}

	private async lookUntilCalm(): Promise<void> {
		while (this.isAlarmed && this.sink !== null) {
			this.isAlarmed = false;
			await this.look();
		}
	}

	private async look(): Promise<void> {
		let hash = '';
		try {
			hash = await hashOf(this.file);
		} catch (error) {
			return this.failed('', `${this.file}: ${unreadable(error as NodeJS.ErrnoException)}`);
		}
		if (hash === this.badHash) return;
		if (hash === this.good?.hash) return this.took(this.good);
		try {
			const compiled = await this.parts.compile(this.file);
			if (compiled.ok) this.took(compiled);
			else this.failed(compiled.hash, compiled.reason);
		} catch (error) {
			this.failed('', `${this.file}: ${(error as Error).message}`);
			if (this.sink !== null) this.parts.timers.arm(this, AGAIN_MS);
		}
	}

	private took(good: Extract<CompiledEndpoints, { readonly ok: true }>): void {
		const { sink } = this;
		if (sink === null) return;
		const isNews = good.digest !== this.good?.digest || this.reason !== '';
		this.good = good;
		this.badHash = '';
		this.reason = '';
		// A promise is no door of the event loop's that the data path's clock knows of.
		loopClock.refresh();
		if (isNews) sink.update(good.endpoints);
	}

	private failed(hash: string, reason: string): void {
		const { sink } = this;
		if (sink === null) return;
		this.badHash = hash;
		if (reason === this.reason) return;
		this.reason = reason;
		loopClock.refresh();
		sink.failed(reason);
	}
}

/** In pieces: a large file does not hold up the event loop. */
async function hashOf(file: string): Promise<string> {
	const hash = createHash(FILE_HASH);
	for await (const piece of createReadStream(file)) hash.update(piece as Buffer);
	return hash.digest('hex');
}

function unreadable({ code, message }: NodeJS.ErrnoException): string {
	return UNREADABLE[code ?? ''] ?? message;
}

const UNREADABLE: Readonly<Record<string, string>> = {
	ENOENT: 'there is no such file',
	EACCES: 'the file may not be read',
	EISDIR: 'this is a folder, not a file',
};
