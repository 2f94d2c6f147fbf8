/**
 * The compiled route table: which rule a request belongs to.
 *
 * Theory of operation. Compiling sorts every (hostname, path, method) of every rule into a tree of indexes that already
 * holds the answer to each lookup: hostnames lead to hosts, a host knows the next less specific one, and each host has an
 * index of paths. A lookup hashes the host from its end and the path from its start, once each, and probes at the label
 * and segment boundaries on the way. So its cost depends on the length of the request's host and path, not on the number
 * of rules, and it allocates nothing: hits are made here, once. A table is immutable; a reload makes another one.
 *
 * Precedence: most specific hostname, exact path, regular expression (first in the file), longest prefix, method, number
 * of headers, number of query parameters, first in the file. When no rule of the best hostname matches, less specific
 * hostnames are tried.
 */
import type { Match, Rule } from '../config/config.ts';
import { Conditions, type RequestFacts } from './conditions.ts';
import { type Host, HostIndex } from './host-index.ts';
import { PathIndex } from './path-index.ts';
import type { CompileRegex, PathRegex } from './regex.ts';

export interface RouteInput<T> {
	readonly rule: Rule;
	readonly value: T;
}

export interface RouteHit<T> {
	readonly value: T;
	readonly rule: Rule;
	readonly match: Match;
	/** The hostname of the rule that matched, as the rule has it; `''`: any. */
	readonly hostname: string;
	readonly conditions: Conditions | null;
}

const ANY_HOST = '';

/** Matches looked at between two pauses; a thousand take some 3 ms. */
const MATCHES_A_SLICE = 200;
/** What compiling a regular expression counts as, in matches. */
const REGEX_WEIGHT = 20;

export function compileRoutes<T>(rules: readonly RouteInput<T>[], compileRegex: CompileRegex): RouteTable<T> {
	const slices = compileRoutesInSlices(rules, compileRegex);
	for (;;) {
		const slice = slices.next();
		if (slice.done === true) return slice.value;
	}
}

/** The same with pauses, in which whoever has an event loop to look after lets it turn. */
export function* compileRoutesInSlices<T>(
	rules: readonly RouteInput<T>[],
	compileRegex: CompileRegex,
): Generator<undefined, RouteTable<T>, undefined> {
	let work = 0;
	const regexes = new Map<string, PathRegex>();
	const compileOnce: CompileRegex = (source) => {
		const known = regexes.get(source);
		if (known !== undefined) return known;
		work += REGEX_WEIGHT;
		const regex = compileRegex(source);
		regexes.set(source, regex);
		return regex;
	};
	const hitsByHost = new Map<string, RouteHit<T>[]>();
	for (const input of rules) {
		work += addHits(input, hitsByHost, compileOnce);
		if (work < MATCHES_A_SLICE) continue;
		work = 0;
		yield;
	}
	const hosts = new Map<string, PathIndex<RouteHit<T>>>();
	for (const [hostname, hits] of hitsByHost) {
		hosts.set(hostname, new PathIndex(hits, compileOnce));
		work += hits.length;
		if (work < MATCHES_A_SLICE) continue;
		work = 0;
		yield;
	}
	return new RouteTable(new HostIndex(hosts));
}

/** Returns how many were added. */
function addHits<T>(
	{ rule, value }: RouteInput<T>,
	hitsByHost: Map<string, RouteHit<T>[]>,
	compileOnce: CompileRegex,
): number {
	// Once, however many hostnames the rule has.
	const matches = rule.matches.map((match) => ({ match, conditions: Conditions.of(match, compileOnce) }));
	// Here, where there are pauses: an index of paths is built without one.
	for (const { path } of rule.matches) if (path.type === 'RegularExpression') compileOnce(path.value);
	const hostnames = rule.hostnames.length === 0 ? [ANY_HOST] : rule.hostnames;
	for (const hostname of hostnames) {
		let hits = hitsByHost.get(hostname);
		if (hits === undefined) {
			hits = [];
			hitsByHost.set(hostname, hits);
		}
		for (const { match, conditions } of matches) hits.push({ value, rule, match, hostname, conditions });
	}
	return matches.length * hostnames.length;
}

/** True when compiling these rules takes a regular-expression engine. */
export function needsRegex(rules: readonly Rule[]): boolean {
	return rules.some((rule) =>
		rule.matches.some(({ path, headers, queryParams }) =>
			[path, ...headers, ...queryParams].some(({ type }) => type === 'RegularExpression'),
		),
	);
}

export class RouteTable<T> {
	readonly #hosts: HostIndex<PathIndex<RouteHit<T>>>;

	constructor(hosts: HostIndex<PathIndex<RouteHit<T>>>) {
		this.#hosts = hosts;
	}

	/** The rule for a request; `null` when there is none. The rule for every path also takes `OPTIONS *` and CONNECT. */
	match(request: RequestFacts): RouteHit<T> | null {
		let host: Host<PathIndex<RouteHit<T>>> | null = this.#hosts.find(request.authority);
		while (host !== null) {
			const hit = host.value.find(request);
			if (hit !== null) return hit;
			host = host.next;
		}
		return null;
	}
}
