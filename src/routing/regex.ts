/** Regular expressions of paths: in linear time, whatever the path. The engine is loaded only when a rule needs it. */

export interface PathRegex {
	/** Whether the whole path matches. */
	testExact(path: string): boolean;
}

/** Throws an `Error` that says what is wrong with the source. */
export type CompileRegex = (source: string) => PathRegex;

export async function loadRegexCompiler(): Promise<CompileRegex> {
	const { RE2JS } = await import('re2js');
	return (source) => RE2JS.compile(source);
}

/** For tables that have no regular expression (`needsRegex`). */
export function noRegex(source: string): never {
	throw new Error(`no regular-expression engine was loaded for ${source}`);
}
