/** Reads and parses one route file for a command. The parser is loaded here, so that `--help` need not wait for it. */
import type { Issue } from '../config/issue.ts';
import type { ParsedConfig, RejectedConfig } from '../config/parse-config.ts';
import { loadRegexCompiler } from '../routing/regex.ts';
import type { CommandIo } from './command-io.ts';

export async function loadRouteFile(file: string, io: CommandIo): Promise<ParsedConfig | RejectedConfig> {
	let text: string;
	try {
		text = await io.readFile(file);
	} catch (error) {
		return { ok: false, issues: [unreadable(file, error)] };
	}
	const { mayUseRegex, parseConfig } = await import('../config/parse-config.ts');
	const options = mayUseRegex(text) ? { compileRegex: await loadRegexCompiler() } : {};
	return parseConfig(text, file, io.env, options);
}

function unreadable(file: string, error: unknown): Issue {
	const code = error instanceof Error && 'code' in error ? String(error.code) : '';
	const reason = REASONS[code] ?? (error instanceof Error ? error.message : String(error));
	const place = { file, line: 1, column: 1, length: 1 };
	return { ...place, severity: 'error', path: '', message: reason, excerpt: '', expected: '', hint: '' };
}

const REASONS: Readonly<Record<string, string>> = {
	ENOENT: 'there is no such file',
	EACCES: 'the file may not be read',
	EISDIR: 'this is a folder: name the file',
};
