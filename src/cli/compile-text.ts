/** The text of a route file → what `run` needs of it, as plain data. What both forms of the second process share. */
import { effectiveConfig } from '../config/effective.ts';
import { parseConfig } from '../config/parse-config.ts';
import { type CompileRegex, noRegex } from '../routing/regex.ts';
import type { CompiledFile } from './compile-file.ts';
import { failedTests } from './test-gate.ts';

export interface CompileTools {
	env(name: string): string | undefined;
	hash(text: string): string;
	/** `null`: the file cannot need one. */
	readonly compileRegex: CompileRegex | null;
}

export function compileText(text: string, file: string, { env, hash, compileRegex }: CompileTools): CompiledFile {
	const result = parseConfig(text, file, env, compileRegex === null ? { hash } : { hash, compileRegex });
	if (!result.ok) return { ok: false, issues: result.issues };
	const issues = failedTests(result, compileRegex ?? noRegex);
	if (issues.length > 0) return { ok: false, issues };
	const { config, warnings, provenance } = result;
	return { ok: true, config, warnings, effective: effectiveConfig(provenance) };
}
