/**
 * Faults that no single value shows: ports that collide, a name given twice, a regular expression that does not compile.
 * Works on the tree, value by value, so that it finds them in a file that has other faults as well.
 */

import { checkIdentities } from './check-identity.ts';
import { checkHostnames, checkNamesOfNothing, checkNamespaces, checkRuleNames } from './check-names.ts';
import { checkPorts } from './check-ports.ts';
import type { IssueList } from './issue-list.ts';
import { childOf, formatPath, type Located, locate, type PathSegment, writtenPath } from './located.ts';
import { headerMatches, pathMatch, queryMatches } from './schema/match.ts';
import { routeFileSchema } from './schema/route-file.ts';

const SIDES = ['inbound', 'outbound'] as const;

export function checkFile(root: Located, issues: IssueList, compileRegex?: (source: string) => unknown): void {
	checkPorts(root, issues);
	checkHostnames(root, issues);
	checkNamespaces(root, issues);
	checkIdentities(root, issues);
	checkNamesOfNothing(root, issues, routeFileSchema);
	for (const side of SIDES) {
		checkRuleNames(root, side, issues);
		if (compileRegex !== undefined) checkRegexes(root, side, issues, compileRegex);
	}
}

function checkRegexes(root: Located, side: string, issues: IssueList, compileRegex: (source: string) => unknown): void {
	for (const [ruleIndex, rule] of locate(root, [side, 'routes']).node.items.entries()) {
		for (const [index, match] of (rule.entries.get('matches')?.items ?? []).entries()) {
			const at: PathSegment[] = [side, 'routes', ruleIndex, 'matches', index];
			for (const { source, node, path: where } of regexesOf(match, at)) {
				const reason = reasonAgainst(source, compileRegex);
				if (reason === null) continue;
				const path = writtenPath(root, where);
				issues.error(node.span, {
					path,
					message: `\`${formatPath(path)}\` is not a regular expression${node.env === null ? `: ${reason}` : ''}`,
					expected: 'the syntax of RE2: no look-around, no back-references',
				});
			}
		}
	}
}

/** The regular expressions of a match, with where each stands. */
function* regexesOf(match: Located, at: readonly PathSegment[]) {
	const written = match.entries.get('path');
	const parsed = written === undefined ? null : pathMatch.safeParse(written.value);
	if (written !== undefined && parsed?.success === true && parsed.data.type === 'RegularExpression') {
		yield { source: parsed.data.value, node: childOf(written, 'value') ?? written, path: [...at, 'path'] };
	}
	for (const [key, schema] of [
		['headers', headerMatches],
		['queryParams', queryMatches],
	] as const) {
		for (const [index, item] of (match.entries.get(key)?.items ?? []).entries()) {
			const one = schema.safeParse([item.value]);
			const value = one.success ? one.data[0] : undefined;
			if (value?.type !== 'RegularExpression') continue;
			yield { source: value.value, node: childOf(item, 'value') ?? item, path: [...at, key, index, 'value'] };
		}
	}
}

function reasonAgainst(source: string, compileRegex: (source: string) => unknown): string | null {
	try {
		compileRegex(source);
		return null;
	} catch (cause) {
		return cause instanceof Error ? cause.message : String(cause);
	}
}
