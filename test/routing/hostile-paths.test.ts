import { describe, expect, it } from 'vitest';
import type { Match, PathMatchType } from '../../src/config/config.ts';
import { RequestHead } from '../../src/http/head.ts';
import { loadRegexCompiler } from '../../src/routing/regex.ts';
import { compileRoutes } from '../../src/routing/table.ts';
import { ruleOf } from '../support/rule.ts';

const compileRegex = await loadRegexCompiler();
/** As long as the longest request line lets a path be. */
const LONG = 8 * 1024;
/** A backtracking engine takes longer than the universe has; this one some milliseconds, on any machine. */
const PATIENCE_MS = 2000;

function match(type: PathMatchType, value: string): Match {
	return { path: { type, value }, methods: [], headers: [], queryParams: [] };
}

function msOf(table: ReturnType<typeof compileRoutes<null>>, path: string): number {
	const head = new RequestHead();
	head.method = 'GET';
	head.authority = 'shop.test';
	head.path = path;
	const startedAt = performance.now();
	table.match(head);
	return performance.now() - startedAt;
}

describe('a path of 8 KiB', () => {
	it.each([
		['/(a+)+b', `/${'a'.repeat(LONG)}!`],
		['/(a|aa)+b', `/${'a'.repeat(LONG)}!`],
		['/(.*)*(.*)*(.*)*x', `/${'y'.repeat(LONG)}`],
		['/([a-z]*[0-9]*)*!', `/${'a1'.repeat(LONG / 2)}`],
		['(/[^/]+)+/end', '/a'.repeat(LONG / 2)],
	])('cannot make the expression %s backtrack', (source, path) => {
		const table = compileRoutes(
			[{ rule: ruleOf({ matches: [match('RegularExpression', source)] }), value: null }],
			compileRegex,
		);
		expect(msOf(table, path)).toBeLessThan(PATIENCE_MS);
	});

	it('of nothing but slashes costs no more among 10,000 rules than its length', () => {
		const rules = Array.from({ length: 10_000 }, (_, i) => ({
			rule: ruleOf({ matches: [match('PathPrefix', `/a/b${i}/c`), match('Exact', `/a/b${i}/d`)] }),
			value: null,
		}));
		const table = compileRoutes(rules, compileRegex);
		expect(msOf(table, '/'.repeat(LONG))).toBeLessThan(PATIENCE_MS);
		expect(msOf(table, '/a'.repeat(LONG / 2))).toBeLessThan(PATIENCE_MS);
	});
});
