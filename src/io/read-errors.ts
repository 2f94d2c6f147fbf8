/** Why a file cannot be read, in words; `undefined` where the system's own say as much. By the system's code. */
export const UNREADABLE: Readonly<Record<string, string>> = {
	ENOENT: 'there is no such file',
	EACCES: 'the file may not be read',
	EISDIR: 'this is a folder, not a file',
};
