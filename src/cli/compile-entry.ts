/**
 * The other end of `compile-file.ts`: parses a route file and prints what came of it as JSON. It runs in a process of its
 * own that ends with it: the parser and its schemas take 25 MB that the data plane would keep for ever.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mayUseRegex } from '../config/parse-config.ts';
import { loadRegexCompiler } from '../routing/regex.ts';
import { compileText } from './compile-text.ts';
import { EXIT } from './exit-codes.ts';
import { HASH_ALGORITHM, HASH_DIGITS } from './file-hash.ts';

/** Prints a `CompiledFile`; resolves to the exit code. */
export async function compileEntry(file: string): Promise<number> {
	const text = readFileSync(file, 'utf8');
	const compiled = compileText(text, file, {
		env: (name) => process.env[name],
		hash: (content) => createHash(HASH_ALGORITHM).update(content).digest('hex').slice(0, HASH_DIGITS),
		compileRegex: mayUseRegex(text) ? await loadRegexCompiler() : null,
	});
	process.stdout.write(JSON.stringify(compiled));
	return EXIT.done;
}
