/**
 * Says that a file, or one of the files of a folder, may have changed.
 *
 * Theory of operation. Folders are watched, not files: a rename over one, or a swap of a symbolic link on the way to it
 * (Kubernetes replaces `..data` in the mounted folder), makes another file of the same name, and a watch on the old one
 * would hear nothing more. Watched are the folders of the names and of what they lead to, found anew at each look.
 * Events are gathered until they have settled, so that a file in the middle of being written is seldom read. Not every
 * file system has events, so the files are looked at now and then as well; what counts then is which files they are,
 * their sizes and their times. A false alarm is cheap: whoever listens compares the content. A file that is away for a
 * moment, as some editors have it while they save, is only told of when the poll finds it missing: by then it is gone
 * for good.
 */
import { type FSWatcher, watch } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { routeFileNames } from '../config/source-file.ts';
import { filesOf } from './route-folder.ts';

/** Saving a file is several events within a few milliseconds. */
const SETTLE_MS = 50;
/** How late a change without an event may be noticed. */
const POLL_MS = 1000;
/** Names that Kubernetes uses beside the files of a mounted volume: `..data`, `..2026_01_01_…`. */
const VOLUME_PREFIX = '..';

/** One look at the files. */
interface Look {
	/** What the name of a folder leads to; `''`: the name is a file's. */
	readonly folder: string;
	/** As they are named. */
	readonly files: readonly string[];
	/** What these names lead to. */
	readonly targets: readonly string[];
	/** Tells this state from others; `''`: there is no file. */
	readonly fingerprint: string;
}

export class FileWatcher {
	/** A file or a folder. */
	private readonly given: string;
	private readonly onChange: () => void;
	private readonly watchers = new Map<string, FSWatcher>();
	/** Names whose events count. */
	private names: ReadonlySet<string> = new Set();
	private isFolder = false;
	private poll: NodeJS.Timeout | null = null;
	private settling: NodeJS.Timeout | null = null;
	/** What was there when the last alarm was given. */
	private seen: Look | null = null;
	private isStopped = false;

	/** `onChange` is also called for the first look: what has changed before it would otherwise be lost. */
	constructor(given: string, onChange: () => void) {
		this.given = path.resolve(given);
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
		const now = await lookAt(this.given);
		if (this.isStopped) return;
		this.watchFolders(now);
		if (isEvent ? isAnyAway(now, this.seen) : now.fingerprint === this.seen?.fingerprint) return;
		this.seen = now;
		this.onChange();
	}

	private watchFolders({ folder: own, targets }: Look): void {
		this.isFolder = own !== '';
		this.names = new Set([this.given, ...targets].map((file) => path.basename(file)));
		const folders = new Set([this.given, ...targets].map((file) => path.dirname(file)));
		if (own !== '') folders.add(own);
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
		if (this.isStopped || !(name === null || this.counts(name))) return;
		if (this.settling !== null) clearTimeout(this.settling);
		this.settling = setTimeout(() => this.look(true), SETTLE_MS);
		this.settling.unref();
	}

	private counts(name: string): boolean {
		if (this.names.has(name) || name.startsWith(VOLUME_PREFIX)) return true;
		return this.isFolder && routeFileNames([name]).length > 0;
	}
}

function isAnyAway({ files }: Look, seen: Look | null): boolean {
	return files.length === 0 || (seen?.files.some((file) => !files.includes(file)) ?? false);
}

async function lookAt(given: string): Promise<Look> {
	const facts = await stat(given).catch(() => null);
	const folder = facts?.isDirectory() === true ? await realpath(given).catch(() => '') : '';
	const named = await filesOf(given).catch(() => []);
	const found = await Promise.all(
		named.map(async (file) => {
			const target = await realpath(file).catch(() => '');
			return { file, target, fingerprint: target === '' ? '' : await fingerprintOf(target) };
		}),
	);
	const present = found.filter(({ fingerprint }) => fingerprint !== '');
	return {
		folder,
		files: present.map(({ file }) => file),
		targets: present.map(({ target }) => target),
		fingerprint: present.map(({ file, fingerprint }) => `${file} ${fingerprint}`).join('\n'),
	};
}

async function fingerprintOf(target: string): Promise<string> {
	const facts = await stat(target, { bigint: true }).catch(() => null);
	if (facts === null) return '';
	const { dev, ino, size, mtimeNs, ctimeNs } = facts;
	return [target, dev, ino, size, mtimeNs, ctimeNs].join(' ');
}
