/** The way in: the text of a route file → `Config`, or everything that is wrong with it at once. */
import { buildConfig } from './build.ts';
import { checkTests } from './check-tests.ts';
import type { Config } from './config.ts';
import { checkFile } from './cross-check.ts';
import type { EnvironmentLookup } from './environment.ts';
import type { Issue } from './issue.ts';
import type { Located } from './located.ts';
import { readYaml } from './read-yaml.ts';
import type { RouteFile } from './schema/route-file.ts';
import { validate } from './validate.ts';
import { warnAbout } from './warnings.ts';

export interface ParseOptions {
	/** Makes `Config.hash` from the file's text; without it the hash is `''`. */
	readonly hash?: (text: string) => string;
	/** Compiles a regular expression of a path, throws what is wrong with it. Without it they are taken unchecked. */
	readonly compileRegex?: (source: string) => unknown;
}

/** Where the values of a configuration came from; `effectiveConfig` reads it. Plain data. */
export interface Provenance {
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
	/** At least one, in the order of the file. */
	readonly issues: readonly Issue[];
}

export function parseConfig(
	text: string,
	file: string,
	env: EnvironmentLookup,
	options: ParseOptions = {},
): ParsedConfig | RejectedConfig {
	const { issues, root } = readYaml(text, file, env);
	const routeFile = root === null ? null : validate(root, issues);
	if (root !== null) checkFile(root, issues, options.compileRegex);
	issues.sort();
	if (root === null || routeFile === null || issues.errors.length > 0) return { ok: false, issues: issues.errors };
	const config = buildConfig({ routeFile, root, file, hash: options.hash?.(text) ?? '' });
	checkTests(config, root, issues);
	warnAbout(config, root, issues);
	issues.sort();
	if (issues.errors.length > 0) return { ok: false, issues: issues.errors };
	return { ok: true, config, warnings: issues.warnings, provenance: { file, routeFile, root } };
}

/** Whether the text may need a regular-expression engine. Errs on the side of yes, so that the engine is loaded only then. */
export function mayUseRegex(text: string): boolean {
	return text.includes('RegularExpression') || text.includes('~') || text.includes('${');
}
