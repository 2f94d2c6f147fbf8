/** Trust bundles that services name for themselves: each file is read and watched once, however many services name it. */
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { CalmLooks } from '../io/calm-looks.ts';
import { FileWatcher } from '../io/file-watcher.ts';
import { UNREADABLE } from '../io/read-errors.ts';
import type { Log } from '../ports/log.ts';
import { certificatesIn } from './material.ts';

const MAX_FILE_BYTES = 2 ** 20;

export interface Bundle {
	/** PEM; `''`: there is none yet. */
	readonly pem: string;
	/** Why what is in the file is not in force; `''`: it is. */
	readonly fault: string;
}

class BundleFile {
	bundle: Bundle = { pem: '', fault: 'has not been read yet' };
	private readonly file: string;
	private readonly log: Log;
	private readonly watcher: FileWatcher;
	private readonly looks = new CalmLooks(() => this.look());

	constructor(file: string, log: Log) {
		this.file = file;
		this.log = log;
		this.watcher = new FileWatcher(file, () => this.looks.alarm());
	}

	async start(): Promise<void> {
		await this.look();
		this.watcher.start();
	}

	stop(): void {
		this.looks.stop();
		this.watcher.stop();
	}

	private async look(): Promise<void> {
		const pem = await bundleIn(this.file);
		const { bundle } = this;
		if (typeof pem === 'string') {
			if (pem !== bundle.pem) this.log.info({ file: this.file }, 'trust bundle taken over');
			this.bundle = { pem, fault: '' };
			return;
		}
		if (pem.fault === bundle.fault) return;
		this.bundle = { pem: bundle.pem, fault: pem.fault };
		const kept = bundle.pem === '' ? 'there is none' : 'the last one stays';
		this.log.error({ file: this.file, reason: pem.fault }, `trust bundle cannot be taken over: ${kept}`);
	}
}

export class BundleFiles {
	private readonly folder: string;
	private readonly log: Log;
	private readonly files = new Map<string, BundleFile>();

	constructor(folder: string, log: Log) {
		this.folder = folder;
		this.log = log;
	}

	/** Reads those that are new. They stay until `keep` leaves them out. */
	async add(names: Iterable<string>): Promise<void> {
		const started: Promise<void>[] = [];
		for (const name of names) {
			if (name === '' || this.files.has(name)) continue;
			const file = new BundleFile(path.resolve(this.folder, name), this.log);
			this.files.set(name, file);
			started.push(file.start());
		}
		await Promise.all(started);
	}

	/** Only these are named any more. */
	keep(names: ReadonlySet<string>): void {
		for (const [name, file] of this.files) {
			if (names.has(name)) continue;
			file.stop();
			this.files.delete(name);
		}
	}

	of(name: string): Bundle {
		return this.files.get(name)?.bundle ?? { pem: '', fault: 'has not been read yet' };
	}

	stop(): void {
		this.keep(new Set());
	}
}

async function bundleIn(file: string): Promise<string | { readonly fault: string }> {
	try {
		const { size } = await stat(file);
		if (size > MAX_FILE_BYTES) return { fault: `has more than ${MAX_FILE_BYTES} bytes` };
		const pem = await readFile(file, 'latin1');
		const certificates = certificatesIn(pem);
		if (typeof certificates === 'string') return { fault: certificates };
		return certificates.length === 0 ? { fault: 'holds no certificate' } : pem;
	} catch (error) {
		const { code = '' } = error as NodeJS.ErrnoException;
		return { fault: UNREADABLE[code] ?? `cannot be read (${code})` };
	}
}
