/**
 * This workload's certificate, key and trust bundle from three files that somebody else keeps up to date.
 *
 * Theory of operation. Whoever renews a pair writes two files, so for a moment they do not fit. All three are read whenever
 * one of them may have changed; what fits is handed on, and anything else is looked at again until it does. What was good
 * stays meanwhile. A fault is told once it has stood for longer than a renewal takes.
 */
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { TimerEntry, type Timers } from '../clock.ts';
import { CalmLooks } from '../io/calm-looks.ts';
import { FileWatcher } from '../io/file-watcher.ts';
import { UNREADABLE } from '../io/read-errors.ts';
import { isMaterial, type Material, type MaterialTexts, materialOf } from './material.ts';

/** Between two looks at what does not fit. */
const AGAIN_MS = 250;
/** How long a renewal may take before its halves are news. */
const PATIENCE_MS = 2000;
/** Many times what 256 certificates take. */
const MAX_FILE_BYTES = 2 ** 20;
/** More than a key that its owner writes and its group reads (0640). */
const LOOSE = 0o137;

export interface MaterialSink {
	/** Another one than before. */
	onMaterial(material: Material): void;
	/** There is none, or the last one stays. Told once for each reason. */
	onFault(reason: string): void;
	/** A fault that was told of has passed, and what is in force is up to date. */
	onWell(): void;
	/** What was in force is to be used no longer. */
	onWithdrawn(reason: string): void;
	onLooseKey(file: string, mode: string): void;
}

export interface MaterialSource {
	/** Resolves after the first look: `''`, or why there is nothing yet. */
	start(): Promise<string>;
	stop(): void;
	/** How it is with the source itself, for `/certs`. */
	describe(): object;
}

export interface CertificateFilesOptions {
	readonly files: MaterialTexts;
	/** Seen from which the paths are. */
	readonly folder: string;
	readonly timers: Timers;
	readonly sink: MaterialSink;
}

export class CertificateFiles extends TimerEntry implements MaterialSource {
	private readonly options: CertificateFilesOptions;
	private readonly paths: MaterialTexts;
	private readonly watchers: readonly FileWatcher[];
	private readonly looks = new CalmLooks(() => this.look());
	/** In force. */
	private texts: MaterialTexts | null = null;
	/** Looks in a row that found something that does not fit; those for which a file has just changed do not count. */
	private misses = 0;
	private told = '';
	private warnedOf = '';
	private isStopped = false;

	constructor(options: CertificateFilesOptions) {
		super();
		const { files, folder } = options;
		this.options = options;
		this.paths = {
			certificate: path.resolve(folder, files.certificate),
			key: path.resolve(folder, files.key),
			trustBundle: path.resolve(folder, files.trustBundle),
		};
		this.watchers = Object.values(this.paths).map((file) => new FileWatcher(file, () => this.looks.alarm()));
	}

	async start(): Promise<string> {
		const reason = await this.take();
		for (const watcher of this.watchers) watcher.start();
		if (reason !== '') this.options.timers.arm(this, AGAIN_MS);
		return reason;
	}

	stop(): void {
		this.isStopped = true;
		this.looks.stop();
		this.options.timers.disarm(this);
		for (const watcher of this.watchers) watcher.stop();
	}

	/** A fault of files is told to the sink, and there is nothing else to say. */
	describe(): object {
		return {};
	}

	override onTimer(): void {
		this.misses++;
		this.looks.alarm();
	}

	private async look(): Promise<void> {
		const reason = await this.take();
		if (this.isStopped) return;
		if (reason === '') {
			this.misses = 0;
			this.options.timers.disarm(this);
			if (this.told !== '') this.options.sink.onWell();
			this.told = '';
			return;
		}
		this.options.timers.arm(this, AGAIN_MS);
		if (this.misses * AGAIN_MS < PATIENCE_MS || reason === this.told) return;
		this.told = reason;
		this.options.sink.onFault(reason);
	}

	/** `''`: what is there is in force. */
	private async take(): Promise<string> {
		const { sink } = this.options;
		const read = await this.read();
		if (this.isStopped) return '';
		if (typeof read === 'string') return read;
		const { texts } = this;
		if (texts !== null && PARTS.every((part) => texts[part] === read[part])) return '';
		const material = materialOf(read);
		if (!isMaterial(material)) return `${this.paths[material.part]} ${material.reason}`;
		this.texts = read;
		sink.onMaterial(material);
		return '';
	}

	private async read(): Promise<MaterialTexts | string> {
		const texts = { certificate: '', key: '', trustBundle: '' };
		for (const part of PARTS) {
			const file = this.paths[part];
			try {
				const { size, mode } = await stat(file);
				if (size > MAX_FILE_BYTES) return `${file} has more than ${MAX_FILE_BYTES} bytes`;
				texts[part] = await readFile(file, 'latin1');
				if (part === 'key' && !this.isStopped) this.lookAtMode(file, mode);
			} catch (error) {
				const { code = '' } = error as NodeJS.ErrnoException;
				return `${file}: ${UNREADABLE[code] ?? `it cannot be read (${code})`}`;
			}
		}
		return texts;
	}

	private lookAtMode(file: string, mode: number): void {
		const shown = (mode & 0o777).toString(8).padStart(4, '0');
		const isLoose = (mode & LOOSE) !== 0;
		if (isLoose && this.warnedOf !== shown) this.options.sink.onLooseKey(file, shown);
		this.warnedOf = isLoose ? shown : '';
	}
}

const PARTS = ['certificate', 'key', 'trustBundle'] as const satisfies (keyof MaterialTexts)[];
