/** Rules that can never match, because rules before them take all of their requests. */
import type { Match, Rule } from './config.ts';

export interface Unreachable {
	readonly rule: Rule;
	readonly index: number;
	readonly shadowedBy: Rule;
}

interface Taken {
	readonly match: Match;
	readonly rule: Rule;
}

/** Compares rules of the same host and path only: what a wildcard or a prefix takes has other rules beside it. */
export function findUnreachable(rules: readonly Rule[]): Unreachable[] {
	const taken = new Map<string, Taken[]>();
	const unreachable: Unreachable[] = [];
	for (const [index, rule] of rules.entries()) {
		let shadowedBy: Rule | null = null;
		let isReachable = false;
		const own: { readonly key: string; readonly match: Match }[] = [];
		for (const hostname of rule.hostnames.length === 0 ? [''] : rule.hostnames) {
			for (const match of rule.matches) {
				const key = `${hostname} ${match.path.type} ${match.path.value}`;
				const winner = winnerOver(match, taken.get(key) ?? []);
				if (winner === null) isReachable = true;
				else shadowedBy = winner;
				own.push({ key, match });
			}
		}
		for (const { key, match } of own) {
			const list = taken.get(key);
			if (list === undefined) taken.set(key, [{ match, rule }]);
			else list.push({ match, rule });
		}
		if (!isReachable && shadowedBy !== null) unreachable.push({ rule, index, shadowedBy });
	}
	return unreachable;
}

/**
 * With the same host and path, a match on methods goes before one on any, then one with more conditions; among equals the
 * first in the file. Among regular expressions that one always goes first.
 */
function winnerOver(match: Match, earlier: readonly Taken[]): Rule | null {
	const left = new Set(match.methods);
	const isRegex = match.path.type === 'RegularExpression';
	for (const { match: other, rule } of earlier) {
		if (!asksNoMore(other, match)) continue;
		if (!isRegex && !asksNoMore(match, other)) continue;
		if (other.methods.length === 0 && (match.methods.length === 0 || isRegex)) return rule;
		if (match.methods.length === 0) continue;
		for (const method of other.methods) left.delete(method);
		if (left.size === 0) return rule;
	}
	return null;
}

/** Whether each condition of `a` is one of `b`, so that `a` holds wherever `b` does. */
function asksNoMore(a: Match, b: Match): boolean {
	return isSubset(a.headers, b.headers) && isSubset(a.queryParams, b.queryParams);
}

function isSubset(some: Match['headers'], all: Match['headers']): boolean {
	return some.every((one) =>
		all.some((other) => other.name === one.name && other.type === one.type && other.value === one.value),
	);
}
