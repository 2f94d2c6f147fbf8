/**
 * Says that a file may have changed.
 *
 * Theory of operation. Folders are watched, not the file: a rename over it, or a swap of a symbolic link on the way to it
 * (Kubernetes replaces `..data` in the mounted folder), makes another file of the same name, and a watch on the old one
 * would hear nothing more. Watched are the folder of the name and the folder of what it leads to, found anew at each
 * look. Events are gathered until they have settled, so that a file in the middle of being written is seldom read. Not
 * every file system has events, so the file is looked at now and then as well; what counts then is which file it is, its
 * size and its times. A false alarm is cheap: whoever listens compares the content. A file that is away for a moment, as
 * some editors have it while they save, is only told of when the poll finds it missing.
 */
import { type FSWatcher, watch } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import path from 'node:path';

/** Saving a file is several events within a few milliseconds. */
const SETTLE_MS = 50;
/** How late a change without an event may be noticed. */
const POLL_MS = 1000;
/** Names that Kubernetes uses beside the files of a mounted volume: `..data`, `..2026_01_01_…`. */
const VOLUME_PREFIX = '..';

export class FileWatcher {
	private readonly file: string;
	private readonly onChange: () => void;
	private readonly watchers = new Map<string, FSWatcher>();
	private names: ReadonlySet<string> = new Set();
	private poll: NodeJS.Timeout | null = null;
	private settling: NodeJS.Timeout | null = null;
	/** What the file looked like; `''`: there was none. */
	private seen: string | null = null;
	private isStopped = false;

	/** `onChange` is also called for the first look: what has changed before it would otherwise be lost. */
	constructor(file: string, onChange: () => void) {
		this.file = path.resolve(file);
		this.onChange = onChange;
	}

	/** Does not keep the process alive. */
	start(): void {
		this.poll = setInterval(() => this.look(false), POLL_MS);
		this.poll.unref();
		this.look(false);
	}

	stop(): void {
		this.isStopped = true;
		if (this.poll !== null) clearInterval(this.poll);
		if (this.settling !== null) clearTimeout(this.settling);
		for (const watcher of this.watchers.values()) watcher.close();
		this.watchers.clear();
	}

	private look(isEvent: boolean): void {
		this.compare(isEvent).catch(() => undefined); // what cannot be read counts as missing; nothing else throws
	}

	private async compare(isEvent: boolean): Promise<void> {
		const target = await realpath(this.file).catch(() => '');
		const now = target === '' ? '' : await fingerprint(target);
		if (this.isStopped) return;
		this.watchFolders(target);
		if (isEvent ? now === '' : now === this.seen) return;
		this.seen = now;
		this.onChange();
	}

	private watchFolders(target: string): void {
		const files = target === '' ? [this.file] : [this.file, target];
		this.names = new Set(files.map((file) => path.basename(file)));
		const folders = new Set(files.map((file) => path.dirname(file)));
		for (const [folder, watcher] of this.watchers) {
			if (folders.has(folder)) continue;
			watcher.close();
			this.watchers.delete(folder);
		}
		for (const folder of folders) if (!this.watchers.has(folder)) this.watchFolder(folder);
	}

	private watchFolder(folder: string): void {
		try {
			const watcher = watch(folder, { persistent: false }, (_event, name) => this.onEvent(name));
			// The folder is gone, or the system has no more watches to give: the poll goes on.
			watcher.on('error', () => this.forget(folder, watcher));
			this.watchers.set(folder, watcher);
		} catch {
			// The same, at once. The next look tries again.
		}
	}

	private forget(folder: string, watcher: FSWatcher): void {
		watcher.close();
		if (this.watchers.get(folder) === watcher) this.watchers.delete(folder);
	}

	private onEvent(name: string | null): void {
		if (this.isStopped || !(name === null || this.names.has(name) || name.startsWith(VOLUME_PREFIX))) return;
		if (this.settling !== null) clearTimeout(this.settling);
		this.settling = setTimeout(() => this.look(true), SETTLE_MS);
		this.settling.unref();
	}
}

async function fingerprint(target: string): Promise<string> {
	const facts = await stat(target, { bigint: true }).catch(() => null);
	if (facts === null) return '';
	const { dev, ino, size, mtimeNs, ctimeNs } = facts;
	return [target, dev, ino, size, mtimeNs, ctimeNs].join(' ');
}
