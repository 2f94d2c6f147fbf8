import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Rule, SessionPersistence } from '../../src/config/config.ts';
import { findSharedSessions } from '../../src/config/shared-sessions.ts';
import { ruleOf } from '../support/rule.ts';

function sticky(hostnames: readonly string[], session: Partial<SessionPersistence> = {}): Rule {
	const all = { type: 'Cookie', sessionName: 'sid', absoluteTimeout: 0, isPermanent: false, ...session } as const;
	return ruleOf({ hostnames, sessionPersistence: all });
}

/** Pairs of the later and the earlier rule. */
function sharedAmong(rules: readonly Rule[]): [number, number][] {
	return findSharedSessions(rules).map(({ index, earlier }) => [index, rules.indexOf(earlier)]);
}

describe('rules with one name for their sessions', () => {
	it.each<[string, Partial<SessionPersistence>, Partial<SessionPersistence>, boolean]>([
		['the same', {}, {}, true],
		['different names', {}, { sessionName: 'other' }, false],
		['cookies that differ in case', {}, { sessionName: 'SID' }, false],
		['a cookie and a field', {}, { type: 'Header' }, false],
		['fields that differ in case', { type: 'Header' }, { type: 'Header', sessionName: 'SID' }, true],
	])('%s', (_, one, other, isShared) => {
		expect(sharedAmong([sticky(['a.b'], one), sticky(['a.b'], other)])).toEqual(isShared ? [[1, 0]] : []);
	});

	it('are looked for where there are sessions at all', () => {
		expect(sharedAmong([ruleOf({}), ruleOf({}), sticky([])])).toEqual([]);
	});

	it('are found whatever hosts they have', () => {
		const host = fc.constantFrom('a', 'a.b', '*.b', 'b', 'x.a.b', '*.a.b', 'a.c', '*.c', 'c');
		const lists = fc.array(fc.uniqueArray(host, { maxLength: 3 }), { minLength: 2, maxLength: 5 });
		fc.assert(
			fc.property(lists, (hosts) => {
				const later = hosts.flatMap((list, i) => (hosts.slice(0, i).some((one) => overlap(one, list)) ? [i] : []));
				const found = sharedAmong(hosts.map((list) => sticky(list)));
				expect(found.map(([index]) => index)).toEqual(later);
				for (const [index, earlier] of found) {
					expect(overlap(hosts[index] ?? [], hosts[earlier] ?? [])).toBe(true);
				}
			}),
		);
	});
});

/** The plain way: any host of the one is one of the other, or within it. No hosts: all of them. */
function overlap(some: readonly string[], others: readonly string[]): boolean {
	if (some.length === 0 || others.length === 0) return true;
	return some.some((a) => others.some((b) => a === b || isWithin(a, b) || isWithin(b, a)));
}

function isWithin(host: string, pattern: string): boolean {
	return pattern.startsWith('*') && host.endsWith(pattern.slice(1)) && host !== pattern.slice(1);
}
