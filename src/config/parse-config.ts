/** The way in: the files of a configuration → `Config`, or everything that is wrong with them at once. */
import { buildConfig } from './build.ts';
import { checkTests } from './check-tests.ts';
import type { Config } from './config.ts';
import { checkFile } from './cross-check.ts';
import type { EnvironmentLookup } from './environment.ts';
import { translate } from './gateway/translate.ts';
import type { Issue } from './issue.ts';
import type { Located } from './located.ts';
import { readYaml } from './read-yaml.ts';
import type { RouteFile } from './schema/route-file.ts';
import type { SourceFile } from './source-file.ts';
import { validate } from './validate.ts';
import { warnAbout } from './warnings.ts';

export interface ParseFilesOptions {
	/** What `Config.hash` is to be; `''` without it. */
	readonly hash?: string;
	/** Compiles a regular expression of a path, throws what is wrong with it. Without it they are taken unchecked. */
	readonly compileRegex?: (source: string) => unknown;
}

export interface ParseOptions extends Pick<ParseFilesOptions, 'compileRegex'> {
	/** Makes `Config.hash` from the file's text; without it the hash is `''`. */
	readonly hash?: (text: string) => string;
}

/** Where the values of a configuration came from; `effectiveConfig` reads it. Plain data. */
export interface Provenance {
	/** Of the route file itself, when there are several files. */
	readonly file: string;
	readonly routeFile: RouteFile;
	readonly root: Located;
}

export interface ParsedConfig {
	readonly ok: true;
	readonly config: Config;
	readonly warnings: readonly Issue[];
	/** What has no meaning here and is left out. */
	readonly notes: readonly Issue[];
	readonly provenance: Provenance;
}

export interface RejectedConfig {
	readonly ok: false;
	/** At least one, in the order of the files. */
	readonly issues: readonly Issue[];
}

/** One file. */
export function parseConfig(
	text: string,
	file: string,
	env: EnvironmentLookup,
	{ hash, ...options }: ParseOptions = {},
): ParsedConfig | RejectedConfig {
	return parseFiles([{ file, text }], env, hash === undefined ? options : { ...options, hash: hash(text) });
}

/** Several files, or several documents in one, as one configuration: one is a route file, the others say their kind. */
export function parseFiles(
	files: readonly SourceFile[],
	env: EnvironmentLookup,
	{ hash = '', compileRegex }: ParseFilesOptions = {},
): ParsedConfig | RejectedConfig {
	const { issues, native, documents } = readYaml(files, env);
	const root = native === null ? null : translate(native, documents, issues);
	const routeFile = root === null ? null : validate(root, issues);
	if (root !== null) checkFile(root, issues, compileRegex);
	issues.sort();
	if (root === null || routeFile === null || issues.errors.length > 0) return { ok: false, issues: issues.errors };
	const { file } = root.span;
	const config = buildConfig({ routeFile, root, file, hash });
	checkTests(config, root, issues);
	warnAbout(config, root, issues);
	issues.sort();
	if (issues.errors.length > 0) return { ok: false, issues: issues.errors };
	const { warnings, notes } = issues;
	return { ok: true, config, warnings, notes, provenance: { file, routeFile, root } };
}

/** Whether the files may need a regular-expression engine. Errs on the side of yes, so that the engine is loaded only then. */
export function mayUseRegex(files: readonly SourceFile[]): boolean {
	return files.some(({ text }) => REGEX_SIGNS.some((sign) => text.includes(sign)));
}

/** A `GRPCRoute` that names a method alone is one. */
const REGEX_SIGNS = ['RegularExpression', '~', '${', 'GRPCRoute'] as const;
