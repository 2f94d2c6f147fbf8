/** Configurations with documents of other kinds: a route file in a file of its own, the documents in another. */
import type { Config } from '../../../src/config/config.ts';
import { formatIssue, type Issue } from '../../../src/config/issue.ts';
import { type ParsedConfig, parseFiles, type RejectedConfig } from '../../../src/config/parse-config.ts';
import { loadRegexCompiler } from '../../../src/routing/regex.ts';

const compileRegex = await loadRegexCompiler();

/** The app `orders` of the namespace `shop`, which also asks others. */
export const NATIVE = `app: { port: 8080, name: orders, namespace: shop }
inbound: { listen: 8000 }
outbound: { listen: 127.0.0.1:15001 }
`;

export function parse(documents: string, native = NATIVE): ParsedConfig | RejectedConfig {
	const files = [
		{ file: 'routes.yaml', text: native },
		{ file: 'gw.yaml', text: documents },
	];
	return parseFiles(files, (name) => (name === 'HOST' ? 'from.env' : undefined), { compileRegex });
}

export function parsed(documents: string, native = NATIVE): ParsedConfig {
	const result = parse(documents, native);
	if (!result.ok) throw new Error(result.issues.map((issue) => formatIssue(issue)).join('\n'));
	return result;
}

export function configOf(documents: string, native = NATIVE): Config {
	return parsed(documents, native).config;
}

/** Every issue of the documents as `line:column message`, then ` | ` and what was expected, then ` | ` and the hint. */
export function mistakesIn(documents: string, native = NATIVE): string[] {
	const result = parse(documents, native);
	return result.ok ? [] : result.issues.map(lineOf);
}

/** Warnings and notes, each with what it is. */
export function remarksOn(documents: string, native = NATIVE): string[] {
	const { warnings, notes } = parsed(documents, native);
	return [...warnings, ...notes].map((issue) => `${issue.severity} ${lineOf(issue)}`);
}

function lineOf({ file, line, column, message, expected, hint }: Issue): string {
	const place = `${file === 'gw.yaml' ? '' : `${file}:`}${line}:${column}`;
	return [`${place} ${message}`, ...[expected, hint].filter((part) => part !== '')].join(' | ');
}

/** A document with a name in `shop`, its spec given as lines. */
export function document(
	kind: string,
	name: string,
	spec: string,
	apiVersion = 'gateway.networking.k8s.io/v1',
): string {
	const lines = spec.split('\n').map((line) => `  ${line}\n`);
	return `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: { name: ${name}, namespace: shop }\nspec:\n${lines.join('')}`;
}
export const httpRoute = (spec: string, name = 'r'): string => document('HTTPRoute', name, spec);
export const service = (name: string, ports: string): string => document('Service', name, `ports: ${ports}`, 'v1');
