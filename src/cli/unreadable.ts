/** What is said of a route file that cannot be read. */
import type { Issue } from '../config/issue.ts';

export const EMPTY_FOLDER = 'there is no *.yaml file in this folder';

export function unreadable(file: string, reason: unknown): Issue {
	const place = { file, line: 1, column: 1, length: 1, excerptColumn: 1 };
	return { ...place, severity: 'error', path: '', message: textOf(reason), excerpt: '', expected: '', hint: '' };
}

function textOf(reason: unknown): string {
	if (typeof reason === 'string') return reason;
	const code = reason instanceof Error && 'code' in reason ? String(reason.code) : '';
	return REASONS[code] ?? (reason instanceof Error ? reason.message : String(reason));
}

const REASONS: Readonly<Record<string, string>> = {
	ENOENT: 'there is no such file',
	EACCES: 'the file may not be read',
	EISDIR: 'this is a folder: name the file',
};
