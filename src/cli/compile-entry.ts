/**
 * The other end of `compile-file.ts`: parses a route file and prints what came of it as JSON. It runs in a process of its
 * own that ends with it: the parser and its schemas take 25 MB that the data plane would keep for ever.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { effectiveConfig } from '../config/effective.ts';
import { mayUseRegex, parseConfig } from '../config/parse-config.ts';
import { loadRegexCompiler } from '../routing/regex.ts';
import type { CompiledFile } from './compile-file.ts';
import { EXIT } from './exit-codes.ts';

/** 48 bits: plenty to tell the versions of one file apart, short enough to read aloud. */
const HASH_DIGITS = 12;

/** Prints a `CompiledFile`; resolves to the exit code. */
export async function compileEntry(file: string): Promise<number> {
	process.stdout.write(JSON.stringify(await compile(file)));
	return EXIT.done;
}

async function compile(file: string): Promise<CompiledFile> {
	const text = readFileSync(file, 'utf8');
	const options = mayUseRegex(text) ? { hash: hashOf, compileRegex: await loadRegexCompiler() } : { hash: hashOf };
	const result = parseConfig(text, file, (name) => process.env[name], options);
	if (!result.ok) return { ok: false, issues: result.issues };
	const { config, warnings, provenance } = result;
	return { ok: true, config, warnings, effective: effectiveConfig(provenance) };
}

function hashOf(text: string): string {
	return createHash('sha256').update(text).digest('hex').slice(0, HASH_DIGITS);
}
