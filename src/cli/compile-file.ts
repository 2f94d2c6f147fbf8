/**
 * Parses a route file in a process of its own (`compile-entry.ts` says why). The caller's event loop stays free.
 *
 * Two ways lead there: a start-up snapshot beside the built program, when it was made by the very Node.js that runs, and
 * otherwise the program itself with a command that is not for people. The second also serves when the first fails.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { breathe } from '../io/breathe.ts';
import type { CompiledFile } from './compiled-file.ts';
import { readCompiledLines } from './compiled-lines.ts';

/** First argument that makes `main.ts` run `compile-entry.ts`. */
export const COMPILE_COMMAND = 'internal:compile-route-file';

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

async function runNode(args: readonly string[]): Promise<CompiledFile> {
	const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: TIMEOUT_MS });
	const ended = new Promise<string>((resolve) => {
		child.once('error', ({ message }) => resolve(message));
		child.once('close', (code, signal) => resolve(code === 0 ? '' : `it ended with ${signal ?? code}`));
	});
	let complaint = '';
	child.stderr.setEncoding('utf8').on('data', (text: string) => {
		complaint += text;
	});
	// Read as it comes: the whole answer in one string would hold up the event loop.
	const reading = readCompiledLines(child.stdout.setEncoding('utf8'), breathe);
	const [compiled, reason] = await Promise.all([reading.catch((error: unknown) => error as Error), ended]);
	const fault = reason !== '' ? complaint.trim() || reason : compiled instanceof Error ? compiled.message : '';
	if (fault === '' && !(compiled instanceof Error)) return compiled;
	throw new Error(`the route file could not be parsed: ${fault}`, { cause: compiled });
}
