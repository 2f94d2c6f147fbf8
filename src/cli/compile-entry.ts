/**
 * The other end of `compile-file.ts`: parses a route file or folder and prints what came of it as JSON. It runs in a process of its
 * own that ends with it: the parser and its schemas take 25 MB that the data plane would keep for ever.
 */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { mayUseRegex } from '../config/parse-config.ts';
import { parseEndpoints } from '../config/parse-endpoints.ts';
import { FILE_HASH } from '../discovery/endpoint-file.ts';
import { loadRegexCompiler } from '../routing/regex.ts';
import { compileEndpoints } from './compile-endpoints.ts';
import { compileText, textsOf, unreadFile } from './compile-text.ts';
import type { CompiledFile } from './compiled-file.ts';
import { compiledLines } from './compiled-lines.ts';
import { endpointLines } from './endpoint-lines.ts';
import { EXIT } from './exit-codes.ts';
import { HASH_ALGORITHM } from './file-hash.ts';
import { type FileContent, readRouteFiles } from './route-files.ts';

/** Prints a `CompiledFile`; resolves to the exit code. */
export async function compileEntry(file: string): Promise<number> {
	process.stdout.write([...compiledLines(await compile(file))].join(''));
	return EXIT.done;
}

/** Prints what came of each file of endpoints; resolves to the exit code. */
export function endpointsEntry(files: readonly string[]): number {
	const tools = { readFile: fs.readFileSync, newHash: () => createHash(FILE_HASH), parse: parseEndpoints };
	process.stdout.write([...endpointLines(compileEndpoints(files, tools))].join(''));
	return EXIT.done;
}

async function compile(file: string): Promise<CompiledFile> {
	let contents: readonly FileContent[];
	try {
		contents = readRouteFiles(file, fs);
	} catch (error) {
		return unreadFile(file, error);
	}
	return compileText(file, contents, {
		env: (name) => process.env[name],
		newHash: () => createHash(HASH_ALGORITHM),
		compileRegex: mayUseRegex(textsOf(contents)) ? await loadRegexCompiler() : null,
	});
}
