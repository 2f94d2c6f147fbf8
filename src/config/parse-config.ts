/** The way in: the files of a configuration → `Config`, or everything that is wrong with them at once. */
import { buildConfig } from './build.ts';
import { checkTests } from './check-tests.ts';
import type { Config } from './config.ts';
import { checkFile } from './cross-check.ts';
import type { EnvironmentLookup } from './environment.ts';
import type { Issue } from './issue.ts';
import type { IssueList } from './issue-list.ts';
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

/** Several files, or several documents in one, as one configuration: one of the documents is a route file. */
export function parseFiles(
	files: readonly SourceFile[],
	env: EnvironmentLookup,
	{ hash = '', compileRegex }: ParseFilesOptions = {},
): ParsedConfig | RejectedConfig {
	const { issues, root, documents } = readYaml(files, env);
	for (const document of documents) refuse(document, issues);
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
	return { ok: true, config, warnings: issues.warnings, provenance: { file, routeFile, root } };
}

function refuse(document: Located, issues: IssueList): void {
	const kind = String(document.entries.get('kind')?.value ?? '');
	issues.error(document.span, { path: [], message: `\`kind: ${kind}\` documents are not supported by this version` });
}

/** Whether the files may need a regular-expression engine. Errs on the side of yes, so that the engine is loaded only then. */
export function mayUseRegex(files: readonly SourceFile[]): boolean {
	return files.some(({ text }) => REGEX_SIGNS.some((sign) => text.includes(sign)));
}

const REGEX_SIGNS = ['RegularExpression', '~', '${'] as const;
