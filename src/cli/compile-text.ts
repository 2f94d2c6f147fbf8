/** The files of a configuration → what `run` needs of them, as plain data. What both forms of the second process share. */
import { effectiveConfig } from '../config/effective.ts';
import { EffectiveParts } from '../config/effective-parts.ts';
import { maskedValues } from '../config/masked-values.ts';
import { parseFiles } from '../config/parse-config.ts';
import type { SourceFile } from '../config/source-file.ts';
import { type CompileRegex, noRegex } from '../routing/regex.ts';

import type { BadFile, CompiledFile } from './compiled-file.ts';

import { digestOf, type HashState, titleOf } from './file-hash.ts';
import type { FileContent } from './route-files.ts';
import { failedTests } from './test-gate.ts';
import { EMPTY_FOLDER, unreadable } from './unreadable.ts';

export interface CompileTools {
	env(name: string): string | undefined;
	newHash(): HashState;
	/** `null`: the files cannot need one. */
	readonly compileRegex: CompileRegex | null;
}

export function textsOf(contents: readonly FileContent[]): readonly SourceFile[] {
	return contents.map(({ file, bytes }) => ({ file, text: bytes.toString('utf8') }));
}

/** What came of files that could not be read. */
export function unreadFile(given: string, error: unknown): BadFile {
	return { ok: false, hash: '', issues: [unreadable(given, error)] };
}

/** `given`: the file or folder that the contents are of. */
export function compileText(given: string, contents: readonly FileContent[], tools: CompileTools): CompiledFile {
	const { env, compileRegex } = tools;
	const state = tools.newHash();
	for (const { file, bytes } of contents) {
		state.update(titleOf(file, contents.length));
		state.update(bytes);
	}
	const hash = digestOf(state);
	if (contents.length === 0) return { ok: false, hash, issues: [unreadable(given, EMPTY_FOLDER)] };
	const result = parseFiles(textsOf(contents), env, compileRegex === null ? { hash } : { hash, compileRegex });
	if (!result.ok) return { ok: false, hash, issues: result.issues };
	const issues = failedTests(result, compileRegex ?? noRegex);
	if (issues.length > 0) return { ok: false, hash, issues };
	const { config, warnings, notes, provenance } = result;
	const effective = EffectiveParts.of(effectiveConfig(provenance));
	return { ok: true, config, warnings, notes, effective, masked: maskedValues(provenance) };
}
