/** What is said of a route file that cannot be read. */
import type { Issue } from '../config/issue.ts';
import { UNREADABLE } from '../io/read-errors.ts';

export const EMPTY_FOLDER = 'there is no *.yaml file in this folder';

/** `given`: what was named; of a file in a folder the reason itself says which it is. */
export function unreadable(given: string, reason: unknown): Issue {
	const place = { file: fileOf(reason) || given, line: 1, column: 1, length: 1, excerptColumn: 1 };
	return { ...place, severity: 'error', path: '', message: textOf(reason), excerpt: '', expected: '', hint: '' };
}

/** Adds to a system's error which file it is about: reading a folder does not say. */
export function aboutFile(file: string, error: unknown): unknown {
	return error instanceof Error ? Object.assign(error, { path: file }) : error;
}

function fileOf(reason: unknown): string {
	return reason instanceof Error && 'path' in reason && typeof reason.path === 'string' ? reason.path : '';
}

function textOf(reason: unknown): string {
	if (typeof reason === 'string') return reason;
	const code = reason instanceof Error && 'code' in reason ? String(reason.code) : '';
	return REASONS[code] ?? (reason instanceof Error ? reason.message : String(reason));
}

const REASONS: Readonly<Record<string, string>> = {
	...UNREADABLE,
	ENOTDIR: 'there is no such folder',
};
