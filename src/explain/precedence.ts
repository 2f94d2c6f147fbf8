/** Of two rules that both take a request, which one gets it, and by what: the Gateway API's order as this project has it. */
import type { PathMatchType, Rule } from '../config/config.ts';
import type { Candidate } from './judge.ts';

/** What decided between two candidates. */
export type Edge =
	| 'hostname'
	| 'path type'
	| 'regular expression'
	| 'prefix'
	| 'method'
	| 'headers'
	| 'query parameters'
	| 'order';

export interface Comparison {
	/** Negative: the first candidate goes before the second. */
	readonly sign: number;
	readonly by: Edge;
}

const TYPES: Readonly<Record<PathMatchType, number>> = { Exact: 2, RegularExpression: 1, PathPrefix: 0 };
/** More than any rule has matches: the order of the file as one number. */
const MATCHES_PER_RULE = 4096;

export class Precedence {
	private readonly rules: readonly Rule[];
	/** Where each regular expression is first written, by hostname and source; made when it is first asked for. */
	private firstPlaces: Map<string, number> | null = null;

	constructor(rules: readonly Rule[]) {
		this.rules = rules;
	}

	compare(a: Candidate, b: Candidate): Comparison {
		const [x, y] = [a.match, b.match];
		if (a.hostname !== b.hostname) return won(width(a.hostname) - width(b.hostname), 'hostname');
		if (x.path.type !== y.path.type) return won(TYPES[y.path.type] - TYPES[x.path.type], 'path type');
		if (x.path.value !== y.path.value) {
			if (x.path.type === 'RegularExpression')
				return won(this.firstPlace(a) - this.firstPlace(b), 'regular expression');
			return won(y.path.value.length - x.path.value.length, 'prefix');
		}
		const byMethod = Math.min(y.methods.length, 1) - Math.min(x.methods.length, 1);
		if (byMethod !== 0) return won(byMethod, 'method');
		if (x.headers.length !== y.headers.length) return won(y.headers.length - x.headers.length, 'headers');
		const byQuery = y.queryParams.length - x.queryParams.length;
		if (byQuery !== 0) return won(byQuery, 'query parameters');
		return won(placeOf(a) - placeOf(b), 'order');
	}

	/** All rules with one expression stand where the first of them does. */
	private firstPlace({ hostname, match }: Candidate): number {
		this.firstPlaces ??= firstPlaces(this.rules);
		return this.firstPlaces.get(keyOf(hostname, match.path.value)) ?? 0;
	}
}

function won(sign: number, by: Edge): Comparison {
	return { sign, by };
}

/** Among hostnames that cover one host: 0 for the name itself, more the wider a wildcard is. */
function width(hostname: string): number {
	if (hostname === '') return Number.POSITIVE_INFINITY;
	// Longer than any name, so that the longest wildcard is the narrowest.
	return hostname.startsWith('*') ? MAX_HOSTNAME - hostname.length : 0;
}

/** Longer than any hostname (RFC 1035 §2.3.4: 253 characters). */
const MAX_HOSTNAME = 1024;

function placeOf({ index, matchIndex }: Candidate): number {
	return index * MATCHES_PER_RULE + matchIndex;
}

function keyOf(hostname: string, source: string): string {
	return `${hostname} ${source}`;
}

function firstPlaces(rules: readonly Rule[]): Map<string, number> {
	const places = new Map<string, number>();
	for (const [index, rule] of rules.entries()) {
		for (const [matchIndex, { path }] of rule.matches.entries()) {
			if (path.type !== 'RegularExpression') continue;
			for (const hostname of rule.hostnames.length === 0 ? [''] : rule.hostnames) {
				const key = keyOf(hostname, path.value);
				if (!places.has(key)) places.set(key, index * MATCHES_PER_RULE + matchIndex);
			}
		}
	}
	return places;
}
