/** Reads and parses one route file or folder for a command. The parser is loaded here, so that `--help` need not wait. */
import path from 'node:path';
import type { ParsedConfig, RejectedConfig } from '../config/parse-config.ts';
import { routeFileNames, type SourceFile } from '../config/source-file.ts';
import { loadRegexCompiler } from '../routing/regex.ts';
import type { CommandIo } from './command-io.ts';
import { aboutFile, EMPTY_FOLDER, unreadable } from './unreadable.ts';

export async function loadRouteFile(file: string, io: CommandIo): Promise<ParsedConfig | RejectedConfig> {
	let sources: readonly SourceFile[];
	try {
		sources = await readSources(file, io);
	} catch (error) {
		return { ok: false, issues: [unreadable(file, error)] };
	}
	if (sources.length === 0) return { ok: false, issues: [unreadable(file, EMPTY_FOLDER)] };
	const { mayUseRegex, parseFiles } = await import('../config/parse-config.ts');
	const options = mayUseRegex(sources) ? { compileRegex: await loadRegexCompiler() } : {};
	return parseFiles(sources, io.env, options);
}

async function readSources(given: string, io: CommandIo): Promise<readonly SourceFile[]> {
	const names = await io.listFolder?.(given);
	const files = names === undefined || names === null ? [given] : namesIn(given, names);
	return Promise.all(
		files.map(async (file) => {
			try {
				return { file, text: await io.readFile(file) };
			} catch (error) {
				throw aboutFile(file, error);
			}
		}),
	);
}

function namesIn(folder: string, names: readonly string[]): string[] {
	return routeFileNames(names).map((name) => path.join(folder, name));
}
