/**
 * Holds one rule against one request: what of it does not hold, or, when all of it does, by which hostname and match.
 *
 * The route table finds the winner by indexes and cannot say why another rule lost. This is the same reading of a rule in
 * the slow way, one condition at a time; a property test keeps the two of one mind.
 */
import type { Match, Rule, ValueMatch } from '../config/config.ts';
import { firstQueryValue } from '../http/query.ts';
import { fieldOf, type RequestFacts } from '../routing/conditions.ts';
import type { CompileRegex, PathRegex } from '../routing/regex.ts';

/** One thing that a rule asks for and the request does not have. */
export type Miss =
	| { readonly kind: 'hostname'; readonly hostnames: readonly string[] }
	| { readonly kind: 'path'; readonly path: Match['path'] }
	| { readonly kind: 'method'; readonly methods: readonly string[] }
	/** `has`: what the request has in its place; `null`: nothing. */
	| { readonly kind: 'header' | 'query'; readonly wanted: ValueMatch; readonly has: string | null };

export type MissKind = Miss['kind'];

/** A hostname and a match of a rule. */
export interface Candidate {
	readonly rule: Rule;
	/** Place among the rules of its side. */
	readonly index: number;
	/** `''`: any. */
	readonly hostname: string;
	readonly match: Match;
	readonly matchIndex: number;
}

export interface Judgement extends Candidate {
	/** Of the match that comes nearest; empty: the rule takes the request. */
	readonly misses: readonly Miss[];
	/** Characters that the path has in common with what this match asks for: tells near misses from far ones. */
	readonly shared: number;
}

/** Which of two candidates for one request goes first; negative: `a`. */
export type Ranking = (a: Candidate, b: Candidate) => number;

/** What things cost, in units of a comparison of strings (a fourth of a microsecond). */
const COMPILE_COST = 600;
const MATCH_COST = 20;
/** Characters that are matched for one unit. */
const CHARACTERS_A_UNIT = 4;

export class Judge {
	/** Work done since it was last set to 0. */
	cost = 0;
	private readonly request: RequestFacts;
	private readonly host: string;
	private readonly compileRegex: CompileRegex;
	private readonly regexes = new Map<string, PathRegex>();

	constructor(request: RequestFacts, compileRegex: CompileRegex) {
		this.request = request;
		this.host = hostOf(request.authority);
		this.compileRegex = compileRegex;
	}

	judge(rule: Rule, index: number, ranking: Ranking): Judgement {
		const hostnames = this.hostnamesThatHold(rule);
		let best: Judgement | null = null;
		for (const [matchIndex, match] of rule.matches.entries()) {
			const own = this.missesOf(match);
			const misses: Miss[] = hostnames.length > 0 ? own : [{ kind: 'hostname', hostnames: rule.hostnames }, ...own];
			const shared = this.shared(match.path.value);
			for (const hostname of hostnames.length > 0 ? hostnames : ['']) {
				const next: Judgement = { rule, index, hostname, match, matchIndex, misses, shared };
				if (best === null || isNearer(next, best, ranking)) best = next;
			}
		}
		// A rule has at least one match.
		return best as Judgement;
	}

	private hostnamesThatHold(rule: Rule): readonly string[] {
		if (rule.hostnames.length === 0) return [''];
		this.cost += rule.hostnames.length;
		return rule.hostnames.filter((hostname) => coversHost(hostname, this.host));
	}

	private missesOf(match: Match): Miss[] {
		const { method, query } = this.request;
		const misses: Miss[] = [];
		if (!this.pathHolds(match.path)) misses.push({ kind: 'path', path: match.path });
		const { methods } = match;
		if (methods.length > 0 && !methods.includes(method)) misses.push({ kind: 'method', methods });
		for (const wanted of match.headers) {
			const has = fieldOf(this.request, wanted.name) ?? null;
			if (!this.valueHolds(wanted, has)) misses.push({ kind: 'header', wanted, has });
		}
		for (const wanted of match.queryParams) {
			const has = firstQueryValue(query, wanted.name) ?? null;
			if (!this.valueHolds(wanted, has)) misses.push({ kind: 'query', wanted, has });
		}
		return misses;
	}

	private pathHolds({ type, value }: Match['path']): boolean {
		const { path } = this.request;
		this.cost++;
		switch (type) {
			case 'Exact':
				return path === value;
			case 'PathPrefix':
				// The root takes what has no path as well: `OPTIONS *` and CONNECT.
				return value === '/' || path === value || path.startsWith(`${value}/`);
			case 'RegularExpression':
				return this.matches(value, path);
		}
	}

	private valueHolds({ type, value }: ValueMatch, has: string | null): boolean {
		this.cost++;
		if (has === null) return false;
		return type === 'Exact' ? has === value : this.matches(value, has);
	}

	private matches(source: string, text: string): boolean {
		this.cost += MATCH_COST + text.length / CHARACTERS_A_UNIT;
		let regex = this.regexes.get(source);
		if (regex === undefined) {
			this.cost += COMPILE_COST;
			regex = this.compileRegex(source);
			this.regexes.set(source, regex);
		}
		return regex.testExact(text);
	}

	private shared(value: string): number {
		const { path } = this.request;
		let length = 0;
		while (length < value.length && value.charCodeAt(length) === path.charCodeAt(length)) length++;
		return length;
	}
}

/** Fewer misses; then the candidate that goes first, or the path that is more alike. */
function isNearer(a: Judgement, b: Judgement, ranking: Ranking): boolean {
	if (a.misses.length !== b.misses.length) return a.misses.length < b.misses.length;
	return a.misses.length === 0 ? ranking(a, b) < 0 : a.shared > b.shared;
}

/** Lower case, without port and without the dot that makes a name absolute (RFC 3986 §3.2.2). */
export function hostOf(authority: string): string {
	const host = authority.replace(/:[0-9]*$/, '').toLowerCase();
	return host.length > 1 && host.endsWith('.') ? host.slice(0, -1) : host;
}

/** `hostname` as rules have it: in lower case, a wildcard stands for one or more labels in front. */
export function coversHost(hostname: string, host: string): boolean {
	if (!hostname.startsWith('*')) return hostname === host;
	return host.length >= hostname.length && host.endsWith(hostname.slice(1));
}
