/** What a command gets of the outside in a test: files of its own, and an ear for what it says. */
import type { CommandIo } from '../../src/cli/command-io.ts';

export interface MemoryIo extends CommandIo {
	readonly said: { stdout: string; stderr: string };
}

export function memoryIo(
	files: Readonly<Record<string, string>>,
	env: Readonly<Record<string, string>> = {},
): MemoryIo {
	const said = { stdout: '', stderr: '' };
	return {
		said,
		stdout: (text) => {
			said.stdout += text;
		},
		stderr: (text) => {
			said.stderr += text;
		},
		env: (name) => env[name],
		readFile: (path) => {
			const text = files[path];
			if (text !== undefined) return Promise.resolve(text);
			return Promise.reject(Object.assign(new Error(`ENOENT: ${path}`), { code: 'ENOENT' }));
		},
		isTTY: false,
	};
}
