import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Match, Rule } from '../../src/config/config.ts';
import { type Candidate, hostOf, Judge, type Judgement } from '../../src/explain/judge.ts';
import { findLosers, type Loser, type Losers } from '../../src/explain/losers.ts';
import { Precedence } from '../../src/explain/precedence.ts';
import { Redaction } from '../../src/explain/redaction.ts';
import { Words } from '../../src/explain/words.ts';
import type { RequestHead } from '../../src/http/head.ts';
import { loadRegexCompiler } from '../../src/routing/regex.ts';
import { compileRoutes, type RouteHit } from '../../src/routing/table.ts';
import { randomRequest, randomRules, request } from '../support/random-rules.ts';
import { ruleOf } from '../support/rule.ts';

const compileRegex = await loadRegexCompiler();
const NOTHING_HIDDEN = redactionOf([], []);

function redactionOf(headers: string[], query: string[]): Redaction {
	const telemetry = { redact: { headers, query } } as never;
	return new Redaction({ telemetry });
}

function winnerOf(rules: readonly Rule[], head: RequestHead): RouteHit<number> | null {
	return compileRoutes(
		rules.map((rule, value) => ({ rule, value })),
		compileRegex,
	).match(head);
}

function candidateOf(hit: RouteHit<number> | null): Candidate | null {
	if (hit === null) return null;
	return { ...hit, index: hit.value, matchIndex: hit.rule.matches.indexOf(hit.match) };
}

function judgementsOf(rules: readonly Rule[], head: RequestHead): Judgement[] {
	const judge = new Judge(head, compileRegex);
	const precedence = new Precedence(rules);
	return rules.map((rule, index) => judge.judge(rule, index, (a, b) => precedence.compare(a, b).sign));
}

function losersOf(rules: readonly Rule[], head: RequestHead, limit = 100, redaction = NOTHING_HIDDEN): Losers {
	const search = findLosers({
		rules,
		only: null,
		judge: new Judge(head, compileRegex),
		precedence: new Precedence(rules),
		words: new Words(head, redaction),
		winner: candidateOf(winnerOf(rules, head)),
		limit,
		maskOf: () => (text) => text,
	});
	for (;;) {
		const step = search.next();
		if (step.done === true) return step.value;
	}
}

/** The rule as it would be if one or all of the things that kept it from the request were as the request has them. */
function mended({ rule, match, misses }: Judgement, head: RequestHead, spared: number): Rule {
	let next: Match = match;
	let { hostnames } = rule;
	for (const [index, miss] of misses.entries()) {
		if (index === spared) continue;
		if (miss.kind === 'hostname') hostnames = [hostOf(head.authority)];
		else if (miss.kind === 'path') next = { ...next, path: { type: 'Exact', value: head.path } };
		else if (miss.kind === 'method') next = { ...next, methods: [head.method] };
		else if (miss.kind === 'header') next = { ...next, headers: next.headers.filter((each) => each !== miss.wanted) };
		else next = { ...next, queryParams: next.queryParams.filter((each) => each !== miss.wanted) };
	}
	return { ...rule, hostnames, matches: [next] };
}

/** The rule as it is for one of its hostnames and matches. */
function alone({ rule, hostname, match }: Candidate): Rule {
	return { ...rule, hostnames: hostname === '' ? [] : [hostname], matches: [match] };
}

/** Where the expression of a candidate is first written for its hostname. */
function firstPlace({ hostname, match }: Candidate, rules: readonly Rule[]): number {
	return rules
		.flatMap(({ hostnames, matches }) => matches.map((each) => ({ hostnames, ...each })))
		.findIndex(
			({ hostnames, path }) =>
				(hostname === '' ? hostnames.length === 0 : hostnames.includes(hostname)) &&
				path.type === match.path.type &&
				path.value === match.path.value,
		);
}

describe('any set of rules', () => {
	it('has the winner that the table finds', () => {
		fc.assert(
			fc.property(randomRules, fc.array(randomRequest, { maxLength: 20 }), (rules, heads) => {
				const precedence = new Precedence(rules);
				for (const head of heads) {
					const taking = judgementsOf(rules, head).filter(({ misses }) => misses.length === 0);
					const best = taking.sort((a, b) => precedence.compare(a, b).sign)[0];
					const hit = winnerOf(rules, head);
					expect(best?.rule ?? null).toBe(hit?.rule ?? null);
					expect(best?.hostname).toBe(hit?.hostname);
					expect(best?.match).toBe(hit?.match);
				}
			}),
			{ numRuns: 300 },
		);
	});

	it('has rules that fail for just the reasons that are given', () => {
		fc.assert(
			fc.property(randomRules, randomRequest, (rules, head) => {
				for (const judgement of judgementsOf(rules, head)) {
					const { rule, misses } = judgement;
					expect(winnerOf([rule], head) === null).toBe(misses.length > 0);
					if (misses.length === 0) continue;
					expect(winnerOf([mended(judgement, head, -1)], head)).not.toBeNull();
					for (const index of misses.keys()) expect(winnerOf([mended(judgement, head, index)], head)).toBeNull();
				}
			}),
			{ numRuns: 500 },
		);
	});

	it('has rules that are outranked by just what is said', () => {
		fc.assert(
			fc.property(randomRules, randomRequest, (rules, head) => {
				const winner = candidateOf(winnerOf(rules, head));
				if (winner === null) return;
				const precedence = new Precedence(rules);
				for (const loser of judgementsOf(rules, head)) {
					if (loser.index === winner.index || loser.misses.length > 0) continue;
					const { sign, by } = precedence.compare(winner, loser);
					expect(sign).toBeLessThan(0);
					// Only what is decided by the file's order changes with it.
					const [one, other] = [alone(winner), alone(loser)];
					expect(winnerOf([one, other], head)?.rule).toBe(one);
					const isOrdered = by === 'order' || by === 'regular expression';
					expect(winnerOf([other, one], head)?.rule).toBe(isOrdered ? other : one);
					if (by === 'regular expression') expect(firstPlace(winner, rules)).toBeLessThan(firstPlace(loser, rules));
					if (by === 'hostname') expect(loser.hostname).not.toBe(winner.hostname);
					else expect(loser.hostname).toBe(winner.hostname);
					const [its, theirs] = [loser.match, winner.match];
					if (by === 'path type') expect(its.path.type).not.toBe(theirs.path.type);
					if (by === 'prefix') expect(theirs.path.value.startsWith(its.path.value)).toBe(true);
					if (by === 'method') expect([its.methods.length > 0, theirs.methods.length > 0]).toEqual([false, true]);
					if (by === 'headers') expect(its.headers.length).toBeLessThan(theirs.headers.length);
					if (by === 'query parameters') expect(its.queryParams.length).toBeLessThan(theirs.queryParams.length);
				}
			}),
			{ numRuns: 1000 },
		);
	});

	it('has each loser told or counted once, with a reason', () => {
		fc.assert(
			fc.property(randomRules, randomRequest, fc.nat({ max: 5 }), (rules, head, limit) => {
				const hasWinner = winnerOf(rules, head) !== null;
				const { nearest, others } = losersOf(rules, head, limit);
				const counted = Object.values(others).reduce((sum, count) => sum + count, 0);
				expect(nearest.length).toBe(Math.min(limit, rules.length - (hasWinner ? 1 : 0)));
				expect(nearest.length + counted).toBe(rules.length - (hasWinner ? 1 : 0));
				for (const loser of nearest) {
					expect(loser.why.length).toBe(loser.kinds.length);
					expect(loser.why.length).toBeGreaterThan(0);
				}
			}),
		);
	});
});

describe('the reason is said', () => {
	const any = { methods: [], headers: [], queryParams: [] };
	const prefix = (value: string, more: Partial<Match> = {}): Match => ({
		path: { type: 'PathPrefix', value },
		...any,
		...more,
	});
	const exact = (value: string): Match => ({ path: { type: 'Exact', value }, ...any });
	const regex = (value: string): Match => ({ path: { type: 'RegularExpression', value }, ...any });
	const is = (name: string, value: string) => ({ name, type: 'Exact' as const, value });
	const like = (name: string, value: string) => ({ name, type: 'RegularExpression' as const, value });
	const GET = request('a.b.c', '/x/y?v=1', 'GET', { 'x-a': '1', authorization: 'secret' });
	const cases: [string, Rule, Rule | null, string[]][] = [
		['a hostname', ruleOf({ hostnames: ['b.c', '*.x'] }), null, ['host a.b.c is not b.c or *.x']],
		['an exact path', ruleOf({ matches: [exact('/x')] }), null, ['path /x/y is not /x']],
		['a prefix', ruleOf({ matches: [prefix('/y')] }), null, ['path /x/y is not under /y']],
		['an expression', ruleOf({ matches: [regex('/[0-9]')] }), null, ['path /x/y does not match ~ /[0-9]']],
		[
			'methods',
			ruleOf({ matches: [prefix('/', { methods: ['PUT', 'POST'] })] }),
			null,
			['method GET is not PUT or POST'],
		],
		['no header', ruleOf({ matches: [prefix('/', { headers: [is('x-b', '1')] })] }), null, ['header x-b is missing']],
		[
			'another value of a header',
			ruleOf({ matches: [prefix('/', { headers: [is('x-a', '')] })] }),
			null,
			['header x-a is 1, not ""'],
		],
		[
			'a value that does not match',
			ruleOf({ matches: [prefix('/', { headers: [like('x-a', '[a-z]')] })] }),
			null,
			['header x-a 1 is not ~ [a-z]'],
		],
		[
			'a secret',
			ruleOf({ matches: [prefix('/', { headers: [is('authorization', 'other')] })] }),
			null,
			['header authorization has another value'],
		],
		[
			'query parameters',
			ruleOf({ matches: [prefix('/', { queryParams: [is('v', '2'), is('w', '2'), is('token', '2')] })] }),
			null,
			['query parameter v is 1, not 2', 'query parameter w is missing', 'query parameter token is missing'],
		],
		[
			'all at once, of the nearest match',
			ruleOf({
				hostnames: ['q'],
				matches: [prefix('/q', { methods: ['PUT'] }), prefix('/x', { methods: ['PUT'] }), prefix('/')],
			}),
			null,
			['host a.b.c is not q'],
		],
		[
			'a wider hostname',
			ruleOf({ hostnames: ['*.c'] }),
			ruleOf({ hostnames: ['*.b.c'] }),
			['matches too, but *.c is a less specific hostname than *.b.c'],
		],
		[
			'no hostname',
			ruleOf({ matches: [exact('/x/y')] }),
			ruleOf({ hostnames: ['a.b.c'] }),
			['matches too, but names no hostname and the winner has a.b.c'],
		],
		[
			'a path of another kind',
			ruleOf({ matches: [prefix('/x/y')] }),
			ruleOf({ matches: [regex('/x/.')] }),
			['matches too, but a regular expression goes before a prefix'],
		],
		[
			'a shorter prefix',
			ruleOf({ matches: [prefix('/x')] }),
			ruleOf({ matches: [prefix('/x/y')] }),
			['matches too, but /x is a shorter prefix than /x/y'],
		],
		[
			'no method',
			ruleOf(),
			ruleOf({ matches: [prefix('/', { methods: ['GET'] })] }),
			['matches too, but names no method and the winner does'],
		],
		[
			'fewer headers',
			ruleOf(),
			ruleOf({ matches: [prefix('/', { headers: [is('x-a', '1')] })] }),
			['matches too, but asks for no headers and the winner for 1'],
		],
		[
			'fewer query parameters',
			ruleOf(),
			ruleOf({ matches: [prefix('/', { queryParams: [is('v', '1')] })] }),
			['matches too, but asks for no query parameters and the winner for 1'],
		],
	];
	it.each(cases)('%s', (_, loser, winner, why) => {
		const redaction = redactionOf(['authorization'], ['token']);
		const { nearest } = losersOf([loser, ...(winner === null ? [] : [winner])], GET, 10, redaction);
		expect(nearest.map((each: Loser) => each.why)).toEqual([why]);
	});

	it('the order of the file', () => {
		const first = ruleOf({ name: 'first' });
		const { nearest } = losersOf([first, ruleOf({ name: 'second' })], GET);
		expect(nearest).toMatchObject([{ name: 'second', why: ['matches too, but stands later in the file'] }]);
		const expressions = [ruleOf({ matches: [regex('/x/.')] }), ruleOf({ name: 'later', matches: [regex('/x.*')] })];
		expect(losersOf(expressions, GET).nearest).toMatchObject([
			{ name: 'later', why: ["matches too, but the winner's regular expression stands earlier in the file"] },
		]);
	});

	it('nearest first, the rest counted by the first thing', () => {
		const rules = [
			ruleOf({ name: 'far', hostnames: ['q'], matches: [prefix('/q', { methods: ['PUT'] })] }),
			ruleOf({ name: 'method', matches: [prefix('/x', { methods: ['PUT'] })] }),
			ruleOf({ name: 'alike', matches: [exact('/x/z')] }),
			ruleOf({ name: 'unlike', matches: [exact('/q')] }),
			ruleOf({ name: 'winner', matches: [exact('/x/y')] }),
			ruleOf({ name: 'also' }),
		];
		expect(losersOf(rules, GET).nearest.map(({ name }) => name)).toEqual(['also', 'alike', 'method', 'unlike', 'far']);
		expect(losersOf(rules, GET, 2)).toMatchObject({
			nearest: [{ name: 'also' }, { name: 'alike' }],
			others: { hostname: 1, method: 1, path: 1 },
		});
	});
});
