/**
 * Follows the route file, or the folder of files, of a running sidecar.
 *
 * Theory of operation. Each alarm of the watcher leads to one look at the content, and only a content that is neither the
 * running one nor the one rejected last is parsed, in another process. One look at a time: an alarm during a look makes
 * for one more after it, so the last state of the file is always the one decided about. A good file is taken over whole
 * by `App.reload`; anything else leaves the running one and is told three times: in the log, in the metrics, at `/config`.
 *
 * What is hashed here is read once more by the other process, and may have changed in between. So it is the hash of what
 * that process has read that counts once it has judged.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { Taken } from '../app/taken.ts';
import type { App } from '../app.ts';
import type { Issue } from '../config/issue.ts';
import { CalmLooks } from '../io/calm-looks.ts';
import { FileWatcher } from '../io/file-watcher.ts';
import { filesOf } from '../io/route-folder.ts';
import type { Log } from '../ports/log.ts';
import { loadRegexCompiler, noRegex } from '../routing/regex.ts';
import { needsRegex } from '../routing/table.ts';
import type { CompiledFile, GoodFile } from './compiled-file.ts';
import { digestOf, HASH_ALGORITHM, titleOf } from './file-hash.ts';

import { MAX_LOOKS } from './route-files.ts';
import { aboutFile, EMPTY_FOLDER, unreadable } from './unreadable.ts';

/** Issues of one version of the file that are told one by one while requests are served; `check` lists them all. */
const MAX_TOLD = 100;

export interface ReloaderOptions {
	/** Or folder. */
	readonly file: string;
	readonly app: Pick<App, 'hash' | 'reload' | 'reject' | 'forgetRejected'>;
	readonly log: Log;
	compile(file: string): Promise<CompiledFile>;
}

/** What the data plane takes over of a file; loads the engine of regular expressions if the file needs it. */
export async function taken({ config, effective, masked }: GoodFile): Promise<Taken> {
	const rules = [...config.inbound.routes, ...(config.outbound?.routes ?? [])];
	const compileRegex = needsRegex(rules) ? await loadRegexCompiler() : noRegex;
	return { config, effectiveConfig: effective, masked, compileRegex };
}

export class Reloader {
	private readonly options: ReloaderOptions;
	private readonly watcher: FileWatcher;
	/** Of the content rejected last; `null`: the file on disk is the running one. */
	private rejectedHash: string | null = null;
	/** Of a content that could not be read; `''` otherwise. */
	private rejectedReason = '';
	private readonly looks = new CalmLooks(() => this.look());
	private isStopped = false;

	constructor(options: ReloaderOptions) {
		this.options = options;
		this.watcher = new FileWatcher(options.file, () => this.looks.alarm());
	}

	start(): void {
		this.watcher.start();
	}

	stop(): void {
		this.isStopped = true;
		this.looks.stop();
		this.watcher.stop();
	}

	private async look(): Promise<void> {
		const { file } = this.options;
		let hash = MISSING;
		try {
			hash = await hashOf(file);
			await this.judge(hash);
		} catch (error) {
			this.reject(hash, [unreadable(file, error)]);
		}
	}

	private async judge(hash: string): Promise<void> {
		const { app, file, compile } = this.options;
		if (hash === this.rejectedHash) return;
		if (hash === app.hash) return this.settle();
		const compiled = await compile(file);
		if (this.isStopped) return;
		const judged = compiled.ok ? compiled.config.hash : compiled.hash;
		if (judged !== MISSING && judged === this.rejectedHash) return;
		if (!compiled.ok) return this.reject(judged, compiled.issues);
		// It was caught while it was being written, and turned out to be the running one.
		if (judged === app.hash) return this.settle();
		const next = await taken(compiled);
		if (this.isStopped) return;
		const issues = await app.reload(next, file);
		if (issues.length > 0) return this.reject(judged, issues);
		this.accepted(compiled);
	}

	private accepted({ config, warnings, notes }: GoodFile): void {
		const { log } = this.options;
		this.forget();
		for (const warning of warnings.slice(0, MAX_TOLD)) log.warn(fieldsOf(warning), warning.message);
		for (const note of notes.slice(0, MAX_TOLD)) log.info(fieldsOf(note), note.message);
		log.info({ warnings: warnings.length, hash: config.hash }, 'the route file was reloaded');
	}

	/** Nothing to take over; if there was something wrong with the file, it has been mended. */
	private settle(): void {
		if (this.rejectedHash === null) return;
		const { app, log } = this.options;
		this.forget();
		app.forgetRejected();
		log.info({ hash: app.hash }, 'the route file is the running one again');
	}

	private forget(): void {
		this.rejectedHash = null;
		this.rejectedReason = '';
	}

	private reject(hash: string, issues: readonly Issue[]): void {
		if (this.isStopped) return;
		const { app, log } = this.options;
		// Of what cannot be read the reason tells one state from another.
		const reason = hash === MISSING ? issues.map((issue) => `${issue.file} ${issue.message}`).join() : '';
		if (reason !== '' && reason === this.rejectedReason) return;
		this.rejectedHash = hash;
		this.rejectedReason = reason;
		const told = issues.slice(0, MAX_TOLD);
		app.reject({ hash, issues: told, more: issues.length - told.length });
		for (const issue of told) log.error(fieldsOf(issue), issue.message);
		const fields = { hash, running: app.hash, issues: issues.length };
		log.error(fields, 'the route file was rejected: the running one stays in force');
	}
}

/** In place of the hash of a file that cannot be read. */
const MISSING = '';

/** As `compile-text.ts` makes it, in pieces: a large file does not hold up the event loop. */
async function hashOf(given: string): Promise<string> {
	for (let look = 1; ; look++) {
		try {
			return await hashOnce(given);
		} catch (error) {
			// A file of a folder has gone between two steps: the folder is looked at once more.
			if (look === MAX_LOOKS) throw error;
		}
	}
}

async function hashOnce(given: string): Promise<string> {
	const files = await filesOf(given);
	if (files.length === 0) throw new Error(EMPTY_FOLDER);
	const hash = createHash(HASH_ALGORITHM);
	for (const file of files) {
		hash.update(titleOf(file, files.length));
		try {
			for await (const piece of createReadStream(file)) hash.update(piece as Buffer);
		} catch (error) {
			throw aboutFile(file, error);
		}
	}
	return digestOf(hash);
}

function fieldsOf({ file, line, column, path, expected, hint }: Issue): Record<string, unknown> {
	const more = { ...(expected === '' ? {} : { expected }), ...(hint === '' ? {} : { hint }) };
	return { at: `${file}:${line}:${column}`, path, ...more };
}
