/** What the parser says of a route file, in one line an issue. */
import type { Issue } from '../../src/config/issue.ts';
import { parseConfig } from '../../src/config/parse-config.ts';
import { loadRegexCompiler } from '../../src/routing/regex.ts';

const compileRegex = await loadRegexCompiler();

/** `line:column message`, then ` | ` and what was expected, then ` | ` and the hint. */
function lineOf({ line, column, message, expected, hint }: Issue): string {
	return [`${line}:${column} ${message}`, ...[expected, hint].filter((part) => part !== '')].join(' | ');
}

/** Nothing when the file is valid. */
export function mistakesIn(text: string, environment: Readonly<Record<string, string>> = {}): string[] {
	const result = parseConfig(text, 'r.yaml', (name) => environment[name], { compileRegex });
	return result.ok ? [] : result.issues.map(lineOf);
}

/** Of a file that is valid. */
export function warningsIn(text: string, environment: Readonly<Record<string, string>> = {}): string[] {
	const result = parseConfig(text, 'r.yaml', (name) => environment[name], { compileRegex });
	if (!result.ok) throw new Error(result.issues.map(lineOf).join('\n'));
	return result.warnings.map(lineOf);
}
