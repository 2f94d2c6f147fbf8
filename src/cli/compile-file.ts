/** Parses a route file in a process of its own (`compile-entry.ts` says why). The caller's event loop stays free. */
import { execFile } from 'node:child_process';
import type { Config } from '../config/config.ts';
import type { Issue } from '../config/issue.ts';

/** First argument that makes `main.ts` run `compile-entry.ts`. Not for people. */
export const COMPILE_COMMAND = 'internal:compile-route-file';

/** What came of a route file. Plain data. */
export type CompiledFile =
	| { readonly ok: true; readonly config: Config; readonly warnings: readonly Issue[]; readonly effective: unknown }
	| { readonly ok: false; readonly issues: readonly Issue[] };

/** 10,000 rules take 5 MB and two seconds. */
const MAX_OUTPUT_BYTES = 256 * 1024 * 1024;
const TIMEOUT_MS = 60_000;

/** Rejects when the other process fails; a bad file is no failure but a result. */
export function compileFile(file: string): Promise<CompiledFile> {
	const args = [...process.execArgv, process.argv[1] ?? '', COMPILE_COMMAND, file];
	const options = { maxBuffer: MAX_OUTPUT_BYTES, timeout: TIMEOUT_MS };
	return new Promise((resolve, reject) => {
		execFile(process.execPath, args, options, (error, stdout, stderr) => {
			if (error === null) resolve(JSON.parse(stdout) as CompiledFile);
			else reject(new Error(`the route file could not be parsed: ${stderr.trim() || error.message}`, { cause: error }));
		});
	});
}
