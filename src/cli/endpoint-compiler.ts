/**
 * Has endpoint files parsed in another process (`other-process.ts`). Starting one costs more than parsing a file, so those
 * that are asked for together, as at the start, and those that are asked for while one runs, go into one process.
 */

import type { CompiledEndpoints } from '../discovery/endpoint-file.ts';
import { breathe } from '../io/breathe.ts';
import { ENDPOINTS_COMMAND, readEndpointLines } from './endpoint-lines.ts';
import { askOtherProcess } from './other-process.ts';

/** Of one process: their names have to fit on a command line. */
const MAX_FILES = 100;

type Run = (files: readonly string[]) => Promise<readonly CompiledEndpoints[]>;

interface Wish {
	readonly file: string;
	resolve(compiled: CompiledEndpoints): void;
	reject(error: unknown): void;
}

export class EndpointCompiler {
	private readonly run: Run;
	private wishes: Wish[] = [];
	private isRunning = false;

	constructor(run: Run = runOtherProcess) {
		this.run = run;
	}

	/** Rejects when the other process fails; a bad file is no failure but a result. */
	compile(file: string): Promise<CompiledEndpoints> {
		return new Promise((resolve, reject) => {
			this.wishes.push({ file, resolve, reject });
			if (this.isRunning) return;
			this.isRunning = true;
			this.work().catch(reject);
		});
	}

	private async work(): Promise<void> {
		// Whoever asks in the same turn of the event loop is served with the first.
		await breathe();
		while (this.wishes.length > 0) {
			const batch = this.wishes.slice(0, MAX_FILES);
			this.wishes = this.wishes.slice(MAX_FILES);
			await this.serve(batch);
		}
		this.isRunning = false;
	}

	private async serve(batch: readonly Wish[]): Promise<void> {
		try {
			const compiled = await this.run(batch.map(({ file }) => file));
			for (const [index, { file, resolve, reject }] of batch.entries()) {
				const one = compiled[index];
				if (one === undefined) reject(new Error(`${file} was passed over`));
				else resolve(one);
			}
		} catch (error) {
			// One file that the parser dies of must not keep the others from their services.
			if (batch.length > 1) for (const wish of batch) await this.serve([wish]);
			else batch[0]?.reject(error);
		}
	}
}

function runOtherProcess(files: readonly string[]): Promise<readonly CompiledEndpoints[]> {
	const args = [ENDPOINTS_COMMAND, ...files];
	return askOtherProcess({
		isPatient: true,
		snapshotArgs: args,
		programArgs: args,
		failure: 'the file could not be parsed',
		read: (output) => readEndpointLines(output, breathe),
	});
}
