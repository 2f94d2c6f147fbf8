/**
 * Follows the route file of a running sidecar.
 *
 * Theory of operation. Each alarm of the watcher leads to one look at the content, and only a content that is neither the
 * running one nor the one rejected last is parsed, in another process. One look at a time: an alarm during a look makes
 * for one more after it, so the last state of the file is always the one decided about. A good file is taken over whole
 * by `App.reload`; anything else leaves the running one and is told three times: in the log, in the metrics, at `/config`.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { Taken } from '../app/taken.ts';
import type { App } from '../app.ts';
import type { Issue } from '../config/issue.ts';
import { FileWatcher } from '../io/file-watcher.ts';
import type { Log } from '../ports/log.ts';
import { loadRegexCompiler, noRegex } from '../routing/regex.ts';
import { needsRegex } from '../routing/table.ts';
import type { CompiledFile, GoodFile } from './compile-file.ts';
import { HASH_ALGORITHM, HASH_DIGITS } from './file-hash.ts';

export interface ReloaderOptions {
	readonly file: string;
	readonly app: Pick<App, 'hash' | 'reload' | 'reject' | 'forgetRejected'>;
	readonly log: Log;
	compile(file: string): Promise<CompiledFile>;
}

/** What the data plane takes over of a file; loads the engine of regular expressions if the file needs it. */
export async function taken({ config, effective }: GoodFile): Promise<Taken> {
	const rules = [...config.inbound.routes, ...(config.outbound?.routes ?? [])];
	const compileRegex = needsRegex(rules) ? await loadRegexCompiler() : noRegex;
	return { config, effectiveConfig: effective, compileRegex };
}

export class Reloader {
	private readonly options: ReloaderOptions;
	private readonly watcher: FileWatcher;
	/** Of the content rejected last; `null`: the file on disk is the running one. */
	private rejectedHash: string | null = null;
	private isLooking = false;
	private isAlarmed = false;
	private isStopped = false;

	constructor(options: ReloaderOptions) {
		this.options = options;
		this.watcher = new FileWatcher(options.file, () => this.onAlarm());
	}

	start(): void {
		this.watcher.start();
	}

	stop(): void {
		this.isStopped = true;
		this.watcher.stop();
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
		while (this.isAlarmed && !this.isStopped) {
			this.isAlarmed = false;
			const hash = await hashOf(this.options.file).catch(() => MISSING);
			await this.look(hash).catch((error: unknown) => this.reject(hash, [this.failure(error)]));
		}
	}

	private async look(hash: string): Promise<void> {
		const { app, file, compile } = this.options;
		if (hash === this.rejectedHash) return;
		if (hash === app.hash) return this.settle();
		if (hash === MISSING) return this.reject(hash, [this.failure('the file cannot be read')]);
		const compiled = await compile(file);
		if (this.isStopped) return;
		if (!compiled.ok) return this.reject(hash, compiled.issues);
		// It was caught while it was being written, and turned out to be the running one.
		if (compiled.config.hash === app.hash) return this.settle();
		const next = await taken(compiled);
		if (this.isStopped) return;
		const issues = await app.reload(next, file);
		if (issues.length > 0) return this.reject(hash, issues);
		this.accepted(compiled);
	}

	private accepted({ config, warnings }: GoodFile): void {
		const { log } = this.options;
		this.rejectedHash = null;
		for (const warning of warnings) log.warn(fieldsOf(warning), warning.message);
		log.info({ hash: config.hash }, 'the route file was reloaded');
	}

	/** Nothing to take over; if there was something wrong with the file, it has been mended. */
	private settle(): void {
		if (this.rejectedHash === null) return;
		const { app, log } = this.options;
		this.rejectedHash = null;
		app.forgetRejected();
		log.info({ hash: app.hash }, 'the route file is the running one again');
	}

	private reject(hash: string, issues: readonly Issue[]): void {
		if (this.isStopped) return;
		const { app, log } = this.options;
		this.rejectedHash = hash;
		app.reject(hash, issues);
		for (const issue of issues) log.error(fieldsOf(issue), issue.message);
		const fields = { hash, running: app.hash, issues: issues.length };
		log.error(fields, 'the route file was rejected: the running one stays in force');
	}

	/** What went wrong before the file's own mistakes could be found. */
	private failure(cause: unknown): Issue {
		const { file } = this.options;
		const message = cause instanceof Error ? cause.message : String(cause);
		const place = { file, line: 1, column: 1, length: 1 };
		return { ...place, severity: 'error', path: '', message, excerpt: '', expected: '', hint: '' };
	}
}

/** In place of the hash of a file that cannot be read. */
const MISSING = '';

/** As `compile-entry.ts` makes it, in pieces: a large file does not hold up the event loop. */
async function hashOf(file: string): Promise<string> {
	const hash = createHash(HASH_ALGORITHM);
	for await (const piece of createReadStream(file)) hash.update(piece as Buffer);
	return hash.digest('hex').slice(0, HASH_DIGITS);
}

function fieldsOf({ file, line, column, path, expected, hint }: Issue): Record<string, unknown> {
	const more = { ...(expected === '' ? {} : { expected }), ...(hint === '' ? {} : { hint }) };
	return { at: `${file}:${line}:${column}`, path, ...more };
}
