/**
 * Parses a route file in a process of its own (`compile-entry.ts` says why). The caller's event loop stays free.
 *
 * Two ways lead there: a start-up snapshot beside the built program, when it was made by the very Node.js that runs, and
 * otherwise the program itself with a command that is not for people. The second also serves when the first fails.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { breathe } from '../io/breathe.ts';
import type { CompiledFile } from './compiled-file.ts';
import { readCompiledLines } from './compiled-lines.ts';

/** First argument that makes `main.ts` run `compile-entry.ts`. */
export const COMPILE_COMMAND = 'internal:compile-route-file';

/** 10,000 rules take 5 MB and two seconds. */
const MAX_OUTPUT_BYTES = 256 * 1024 * 1024;
const TIMEOUT_MS = 60_000;

/** A file or a folder. Rejects when the other process fails; a bad file is no failure but a result. */
export async function compileFile(file: string): Promise<CompiledFile> {
	const main = process.argv[1] ?? '';
	const snapshot = path.join(path.dirname(main), snapshotName(process.version, process.arch));
	if (existsSync(snapshot)) {
		const compiled = await runNode([`--snapshot-blob=${snapshot}`, file]).catch(() => null);
		if (compiled !== null) return compiled;
	}
	return runNode([...process.execArgv, main, COMPILE_COMMAND, file]);
}

/** A snapshot fits one build of Node.js only, so that is its name. */
function snapshotName(version: string, arch: string): string {
	return `route-file-${version}-${arch}.blob`;
}

function runNode(args: readonly string[]): Promise<CompiledFile> {
	const options = { maxBuffer: MAX_OUTPUT_BYTES, timeout: TIMEOUT_MS };
	return new Promise((resolve, reject) => {
		execFile(process.execPath, args, options, (error, stdout, stderr) => {
			if (error === null) resolve(readCompiledLines(stdout, breathe));
			else reject(new Error(`the route file could not be parsed: ${stderr.trim() || error.message}`, { cause: error }));
		});
	});
}
