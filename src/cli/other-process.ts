/**
 * Has what is not needed to serve done by another process, and reads what that prints (ADR 7). The caller's event loop
 * stays free, and what was loaded for it is gone when the process ends.
 *
 * Two ways lead there: a start-up snapshot beside the built program, when it was made by the very Node.js that runs, and
 * otherwise the program itself with a command that is not for people. The second also serves when the first fails.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';
import path from 'node:path';

const TIMEOUT_MS = 60_000;
/** Of Unix (nice): a tenth of the CPU where others want all of it. */
const PATIENT_PRIORITY = 10;

export interface OtherProcess<T> {
	/** Arguments for the snapshot, and for the program. */
	readonly snapshotArgs: readonly string[];
	readonly programArgs: readonly string[];
	/** Others come first where there is too little CPU for both: requests may be being served meanwhile. */
	readonly isPatient: boolean;
	/** What cannot be done when it fails. */
	readonly failure: string;
	/** Reads as it comes: the whole answer in one string would hold up the event loop. */
	read(output: AsyncIterable<string>): Promise<T>;
}

export async function askOtherProcess<T>(job: OtherProcess<T>): Promise<T> {
	const main = process.argv[1] ?? '';
	const snapshot = path.join(path.dirname(main), snapshotName(process.version, process.arch));
	if (existsSync(snapshot)) {
		const done = await runNode([`--snapshot-blob=${snapshot}`, ...job.snapshotArgs], job).catch(() => null);
		if (done !== null) return done.result;
	}
	return (await runNode([...process.execArgv, main, ...job.programArgs], job)).result;
}

/** A snapshot fits one build of Node.js only, so that is its name. */
function snapshotName(version: string, arch: string): string {
	return `route-file-${version}-${arch}.blob`;
}

function yieldToOthers(pid: number): void {
	try {
		setPriority(pid, Math.max(getPriority(), PATIENT_PRIORITY));
	} catch {
		// It has ended already, or may not: it was only a favour.
	}
}

async function runNode<T>(args: readonly string[], job: OtherProcess<T>): Promise<{ result: T }> {
	const { read, failure, isPatient } = job;
	const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: TIMEOUT_MS });
	if (isPatient && child.pid !== undefined) yieldToOthers(child.pid);
	const ended = new Promise<string>((resolve) => {
		child.once('error', ({ message }) => resolve(message));
		child.once('close', (code, signal) => resolve(code === 0 ? '' : `it ended with ${signal ?? code}`));
	});
	let complaint = '';
	child.stderr.setEncoding('utf8').on('data', (text: string) => {
		complaint += text;
	});
	const reading = read(child.stdout.setEncoding('utf8')).then((result) => ({ result }));
	const [done, reason] = await Promise.all([reading.catch((error: unknown) => error as Error), ended]);
	const fault = reason !== '' ? complaint.trim() || reason : done instanceof Error ? done.message : '';
	if (fault === '' && !(done instanceof Error)) return done;
	throw new Error(`${failure}: ${fault}`, { cause: done });
}
