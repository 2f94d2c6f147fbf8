/** The files that a FILE or FOLDER stands for: itself, or the YAML files of the folder. */
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { routeFileNames } from '../config/source-file.ts';

/** Rejects with the system's error when there is neither. */
export async function filesOf(given: string): Promise<string[]> {
	if (!(await stat(given)).isDirectory()) return [given];
	return routeFileNames(await readdir(given)).map((name) => path.join(given, name));
}
