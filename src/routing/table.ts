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
import type { CompileRegex } from './regex.ts';

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

export function compileRoutes<T>(rules: readonly RouteInput<T>[], compileRegex: CompileRegex): RouteTable<T> {
	const hitsByHost = new Map<string, RouteHit<T>[]>();
	for (const { rule, value } of rules) {
		// Once, however many hostnames the rule has.
		const matches = rule.matches.map((match) => ({ match, conditions: Conditions.of(match, compileRegex) }));
		for (const hostname of rule.hostnames.length === 0 ? [ANY_HOST] : rule.hostnames) {
			let hits = hitsByHost.get(hostname);
			if (hits === undefined) {
				hits = [];
				hitsByHost.set(hostname, hits);
			}
			for (const { match, conditions } of matches) hits.push({ value, rule, match, hostname, conditions });
		}
	}
	const hosts = new Map<string, PathIndex<RouteHit<T>>>();
	for (const [hostname, hits] of hitsByHost) hosts.set(hostname, new PathIndex(hits, compileRegex));
	return new RouteTable(new HostIndex(hosts));
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
