/** What keeps a certificate from being made, said to whoever asked for it. */
import { UNREADABLE } from '../../io/read-errors.ts';
import { EXIT } from '../exit-codes.ts';

export class CertsError extends Error {
	readonly exitCode: number;

	constructor(message: string, exitCode: number = EXIT.badConfig) {
		super(message);
		this.name = 'CertsError';
		this.exitCode = exitCode;
	}
}

const REASONS: Readonly<Record<string, string>> = {
	...UNREADABLE,
	EACCES: 'permission is missing',
	EPERM: 'permission is missing',
	EROFS: 'it is on a file system that is read-only',
	ENOTDIR: 'there is no such folder',
	EEXIST: 'it is there and is no folder',
	ENOSPC: 'there is no space left',
};
const FORBIDDEN = ['EACCES', 'EPERM', 'EROFS'];
/** Whoever gave the path can mend these. */
const MISTAKEN = ['ENOENT', 'ENOTDIR', 'EISDIR', 'EEXIST', 'ENAMETOOLONG', 'ELOOP'];

/** A fault of the system at a file or folder; what is none of the system's is thrown as it is. */
export function systemFault(path: string, error: unknown): CertsError {
	const code = systemCode(error);
	if (code === '') throw error;
	const exitCode = FORBIDDEN.includes(code)
		? EXIT.noPermission
		: MISTAKEN.includes(code)
			? EXIT.badConfig
			: EXIT.internal;
	return new CertsError(`${path}: ${REASONS[code] ?? (error as Error).message}`, exitCode);
}

/** Such as `ENOENT`; `''`: not an error of the system. */
export function systemCode(error: unknown): string {
	const isOne = error instanceof Error && 'syscall' in error && 'code' in error;
	return isOne ? String(error.code) : '';
}
