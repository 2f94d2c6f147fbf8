/** Parses a route file in a process of its own (`compile-entry.ts` says why). */
import { breathe } from '../io/breathe.ts';
import type { CompiledFile } from './compiled-file.ts';
import { readCompiledLines } from './compiled-lines.ts';
import { askOtherProcess } from './other-process.ts';

/** First argument that makes `main.ts` run `compile-entry.ts`. */
export const COMPILE_COMMAND = 'internal:compile-route-file';

/** A file or a folder. `isPatient`: see `OtherProcess`. Rejects when the other process fails; a bad file is a result. */
export function compileFile(file: string, isPatient: boolean): Promise<CompiledFile> {
	return askOtherProcess({
		isPatient,
		snapshotArgs: [file],
		programArgs: [COMPILE_COMMAND, file],
		failure: 'the route file could not be parsed',
		read: (output) => readCompiledLines(output, breathe),
	});
}
