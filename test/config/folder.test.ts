import { describe, expect, it } from 'vitest';
import { effectiveConfig } from '../../src/config/effective.ts';
import { formatIssue } from '../../src/config/issue.ts';
import { type ParsedConfig, parseConfig, parseFiles } from '../../src/config/parse-config.ts';
import { routeFileNames, type SourceFile } from '../../src/config/source-file.ts';

/** Files by name, in the order in which they stand here. */
function filesOf(texts: Readonly<Record<string, string>>): SourceFile[] {
	return Object.entries(texts).map(([file, text]) => ({ file, text }));
}

function mistakesIn(texts: Readonly<Record<string, string>>): string[] {
	const result = parseFiles(filesOf(texts), () => undefined);
	return result.ok
		? []
		: result.issues.map(({ file, line, column, message }) => `${file}:${line}:${column} ${message}`);
}

function parsed(texts: Readonly<Record<string, string>>): ParsedConfig {
	const result = parseFiles(filesOf(texts), () => undefined, { hash: 'abc' });
	if (!result.ok) throw new Error(result.issues.map((issue) => formatIssue(issue)).join('\n'));
	return result;
}

const NATIVE = 'app: { port: 8080 }\ninbound:\n  listen: 8000\n  routes: [{ name: a }]\n';

describe('several files are one configuration', () => {
	it('in which each part knows its file', () => {
		const { config, provenance } = parsed({ 'c/a.yaml': '# nothing but a comment\n', 'c/shop.yaml': NATIVE });
		expect(config.app.name).toBe('shop');
		expect(config.inbound.routes[0]?.at).toEqual({ file: 'c/shop.yaml', line: 4, column: 12 });
		expect(provenance.file).toBe('c/shop.yaml');
		expect(JSON.stringify(effectiveConfig(provenance))).toContain('"from":"c/shop.yaml:3"');
	});

	it('in which the route file need not come first', () => {
		expect(parsed({ 'a.yaml': `---\n---\n${NATIVE}` }).config.inbound.routes[0]?.at.line).toBe(6);
	});

	it('that has the hash that it is told', () => {
		expect(parsed({ 'a.yaml': NATIVE }).config.hash).toBe('abc');
		expect(parseConfig(NATIVE, 'a.yaml', () => undefined)).toMatchObject({ config: { hash: '' } });
	});

	it('of which every mistake is told with the line as it stands in its file', () => {
		const result = parseFiles(
			filesOf({ 'b.yaml': '\n\nx: "${NOT_SET}"\nkind: HTTPRoute\n', 'a.yaml': `${NATIVE}admn: 1\n` }),
			() => undefined,
		);
		expect(
			result.ok ? [] : result.issues.map((issue) => formatIssue(issue).split('\n').slice(0, 2).join('\n')),
		).toEqual([
			'b.yaml:3:1: `apiVersion` is missing in a document\n  x: "${NOT_SET}"',
			'b.yaml:3:4: the environment variable `NOT_SET` is not set\n  x: "${NOT_SET}"',
			'a.yaml:5:1: unknown key `admn`\n  admn: 1',
		]);
	});
});

describe('mistakes of several files', () => {
	it.each<[what: string, files: Record<string, string>, ...mistakes: string[]]>([
		[
			'a second route file',
			{ 'a.yaml': NATIVE, 'b.yaml': `# more\n${NATIVE}` },
			'b.yaml:2:1 this is a second route file; the first is on line 1 of a.yaml',
		],
		[
			'a second and a third route file, one in the file of the first',
			{ 'a.yaml': `${NATIVE}---\n${NATIVE}`, 'b.yaml': NATIVE },
			'a.yaml:6:1 this is a second route file; the first is on line 1',
			'b.yaml:1:1 this is a second route file; the first is on line 1 of a.yaml',
		],
		['no route file among empty ones', { 'a.yaml': '', 'b.yaml': '' }, 'a.yaml:1:1 the file is empty'],
		[
			'faults of YAML in two files',
			{ 'a.yaml': 'a: b: c\n', 'b.yaml': `${NATIVE}limits: @\n` },
			'a.yaml:1:4 not valid YAML: nested mappings are not allowed in compact mappings',
			'b.yaml:5:9 not valid YAML: plain value cannot start with reserved character @',
		],
	])('%s', (_, files, ...mistakes) => {
		expect(mistakesIn(files)).toEqual(mistakes);
	});
});

describe('the files of a folder', () => {
	it('are its YAML files by name, without hidden ones', () => {
		const names = ['b.yaml', 'a.yml', 'c.yaml~', '.hidden.yaml', '..data', 'README.md', 'B.yaml', 'yaml'];
		expect(routeFileNames(names)).toEqual(['B.yaml', 'a.yml', 'b.yaml']);
	});
});
