/** The rules that did not get a request: the nearest with why, the rest counted. */
import type { Rule } from '../config/config.ts';
import type { Candidate, Judge, Judgement, MissKind } from './judge.ts';
import type { Mask } from './mask.ts';
import type { Precedence } from './precedence.ts';
import { sayEdge, type Words } from './words.ts';

export type LossKind = MissKind | 'less specific';

export interface Loser {
	readonly name: string;
	readonly at: string;
	/** Where it came from when it was not written as a rule: `HTTPRoute shop/orders`; `''` otherwise. */
	readonly origin: string;
	/** What kept it from winning, the first thing first; never empty. */
	readonly kinds: readonly LossKind[];
	/** The same in words. */
	readonly why: readonly string[];
	/** Matches that the rule has; the reasons are about the one that comes nearest. */
	readonly matches: number;
}

export interface Losers {
	/** The nearest first. */
	readonly nearest: readonly Loser[];
	/** How many more there are, by the first thing that kept them from winning. */
	readonly others: Readonly<Partial<Record<LossKind, number>>>;
}

export interface LoserSearch {
	readonly rules: readonly Rule[];
	/** Look at the rules of this name alone; `null`: at all. */
	readonly only: string | null;
	readonly judge: Judge;
	readonly precedence: Precedence;
	readonly words: Words;
	/** `null`: no rule got the request. */
	readonly winner: Candidate | null;
	/** How many are told one by one. */
	readonly limit: number;
	/** For what is said of a rule. */
	maskOf(rule: Rule): Mask;
}

/** Work between two pauses: half a millisecond, some more on a busy machine. */
const COST_PER_SLICE = 2000;

/** Goes through all rules; pauses often enough that whoever drives it never holds up an event loop. */
export function* findLosers(search: LoserSearch): Generator<undefined, Losers, undefined> {
	const { rules, only, judge, precedence, winner, limit } = search;
	const ranking = (a: Candidate, b: Candidate): number => precedence.compare(a, b).sign;
	const nearest: Judgement[] = [];
	const others: Partial<Record<LossKind, number>> = {};
	const count = (judgement: Judgement): void => {
		const kind = kindsOf(judgement)[0] ?? 'less specific';
		others[kind] = (others[kind] ?? 0) + 1;
	};
	judge.cost = 0;
	for (const [index, rule] of rules.entries()) {
		if (rule === winner?.rule || (only !== null && rule.name !== only)) continue;
		const judgement = judge.judge(rule, index, ranking);
		if (nearest.length < limit || isNearer(judgement, nearest.at(-1))) {
			insert(nearest, judgement);
			if (nearest.length > limit) count(nearest.pop() as Judgement);
		} else count(judgement);
		if (judge.cost < COST_PER_SLICE) continue;
		judge.cost = 0;
		yield;
	}
	return { nearest: nearest.map((judgement) => toLoser(judgement, search)), others };
}

/** Fewer misses first, then the path that is more alike, then the order of the file. */
function isNearer(a: Judgement, b: Judgement | undefined): boolean {
	if (b === undefined) return false;
	return a.misses.length !== b.misses.length ? a.misses.length < b.misses.length : a.shared > b.shared;
}

/** Binary search: with `--all` the list is as long as the file. */
function insert(list: Judgement[], judgement: Judgement): void {
	let [from, to] = [0, list.length];
	while (from < to) {
		const middle = (from + to) >> 1;
		if (isNearer(judgement, list[middle])) to = middle;
		else from = middle + 1;
	}
	list.splice(from, 0, judgement);
}

function toLoser(judgement: Judgement, { precedence, words, winner, maskOf }: LoserSearch): Loser {
	const { rule, misses } = judgement;
	const why = misses.map((miss) => words.miss(miss));
	if (winner !== null && misses.length === 0) {
		why.push(sayEdge(precedence.compare(winner, judgement).by, judgement, winner));
	}
	const mask = maskOf(rule);
	return {
		name: mask(rule.name),
		at: placeOf(rule),
		origin: rule.origin,
		kinds: kindsOf(judgement),
		why: why.map(mask),
		matches: rule.matches.length,
	};
}

function kindsOf({ misses }: Judgement): LossKind[] {
	return misses.length === 0 ? ['less specific'] : misses.map(({ kind }) => kind);
}

export function placeOf({ at }: Rule): string {
	return `${at.file}:${at.line}`;
}
