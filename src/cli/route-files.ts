/**
 * Reads the files that a FILE or FOLDER stands for as they were at one moment.
 *
 * Files of a folder are read one after the other, and somebody may be writing them: Kubernetes swaps all at once, a
 * person saves one after another. So they are looked at before and after, and read again when something has changed in
 * between. The file system is an argument: a start-up snapshot may not hold Node's own.
 */
import type fs from 'node:fs';
import path from 'node:path';
import { routeFileNames } from '../config/source-file.ts';
import { aboutFile } from './unreadable.ts';

export type FileSystem = Pick<typeof fs, 'readdirSync' | 'readFileSync' | 'realpathSync' | 'statSync'>;

export interface FileContent {
	readonly file: string;
	readonly bytes: Buffer;
}

/** Whoever writes without a pause is read in the middle of it in the end; the next change brings another look. */
export const MAX_LOOKS = 5;

/** Throws the system's error. Empty: a folder without a YAML file. */
export function readRouteFiles(given: string, system: FileSystem): readonly FileContent[] {
	for (let look = 1; ; look++) {
		const isLast = look === MAX_LOOKS;
		try {
			const before = fingerprint(given, system);
			const contents = filesIn(given, system).map((file) => ({ file, bytes: read(file, system) }));
			if (isLast || fingerprint(given, system) === before) return contents;
		} catch (error) {
			// A file may have gone between two steps.
			if (isLast) throw error;
		}
	}
}

function read(file: string, { readFileSync }: FileSystem): Buffer {
	try {
		return readFileSync(file);
	} catch (error) {
		throw aboutFile(file, error);
	}
}

function filesIn(given: string, { readdirSync, statSync }: FileSystem): string[] {
	if (!statSync(given).isDirectory()) return [given];
	return routeFileNames(readdirSync(given)).map((name) => path.join(given, name));
}

function fingerprint(given: string, system: FileSystem): string {
	const facts = filesIn(given, system).map((file) => {
		const { ino, size, mtimeNs } = system.statSync(file, { bigint: true });
		return [system.realpathSync(file), ino, size, mtimeNs].join(' ');
	});
	return facts.join('\n');
}
