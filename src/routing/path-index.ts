/** The rules of one hostname by path: exact ones, regular expressions in the order of the file, prefixes by segment. */
import type { Match } from '../config/config.ts';
import type { Conditions, RequestFacts } from './conditions.ts';
import { PrefixTable } from './prefix-table.ts';
import type { CompileRegex, PathRegex } from './regex.ts';
import { addToHash, HASH_SEED } from './text-hash.ts';

const SLASH = 0x2f;
const ROOT = '/';

interface WithMatch {
	readonly match: Match;
	/** What the match asks beyond path and method; `null`: nothing. */
	readonly conditions: Conditions | null;
}

/** Rules with the same path, the most specific first: method, headers, query parameters, the order of the file. */
type Candidates<H> = readonly H[];

interface Prefix<H> {
	readonly candidates: Candidates<H>;
	/** The longest shorter prefix; what is tried when nothing fits here. */
	parent: Prefix<H> | null;
}

interface RegexEntry<H> {
	readonly regex: PathRegex;
	readonly candidates: Candidates<H>;
}

export class PathIndex<H extends WithMatch> {
	readonly #exact: PrefixTable<Candidates<H>>;
	readonly #prefixes: PrefixTable<Prefix<H>>;
	readonly #root: Prefix<H> | null;
	readonly #regexes: readonly RegexEntry<H>[];
	/** Characters of a path that can matter. */
	readonly #scanned: number;

	/** `hits` in the order of the file. */
	constructor(hits: readonly H[], compileRegex: CompileRegex) {
		const exact = new Map<string, H[]>();
		const prefixes = new Map<string, H[]>();
		const patterns = new Map<string, H[]>();
		for (const hit of hits) {
			const { type, value } = hit.match.path;
			if (type === 'RegularExpression') addTo(patterns, value, hit);
			else addTo(type === 'Exact' ? exact : prefixes, value, hit);
		}
		const linked = linkPrefixes(prefixes);
		this.#root = linked.get(ROOT) ?? null;
		// Every path has the root as a prefix: it needs no lookup.
		linked.delete(ROOT);
		this.#prefixes = new PrefixTable(linked);
		this.#exact = new PrefixTable(new Map([...exact].map(([path, list]) => [path, mostSpecificFirst(list)])));
		this.#regexes = [...patterns].map(([source, list]) => ({
			regex: compileRegex(source),
			candidates: mostSpecificFirst(list),
		}));
		this.#scanned = Math.max(this.#prefixes.longest, this.#exact.longest);
	}

	find(request: RequestFacts): H | null {
		const { path } = request;
		let prefix = this.#root;
		if (this.#scanned > 0) {
			const end = Math.min(path.length, this.#scanned);
			let hash = HASH_SEED;
			for (let i = 0; i < end; i++) {
				const c = path.charCodeAt(i);
				if (c === SLASH && i > 0) prefix = this.#prefixes.get(path, i, hash) ?? prefix;
				hash = addToHash(hash, c);
			}
			const isWhole = end === path.length;
			if (isWhole) {
				const hit = pick(this.#exact.get(path, end, hash), request);
				if (hit !== null) return hit;
			}
			if (isWhole || path.charCodeAt(end) === SLASH) prefix = this.#prefixes.get(path, end, hash) ?? prefix;
		}
		if (this.#regexes.length > 0) {
			const hit = this.#findRegex(request);
			if (hit !== null) return hit;
		}
		while (prefix !== null) {
			const hit = pick(prefix.candidates, request);
			if (hit !== null) return hit;
			prefix = prefix.parent;
		}
		return null;
	}

	#findRegex(request: RequestFacts): H | null {
		const regexes = this.#regexes;
		for (let i = 0; i < regexes.length; i++) {
			const { regex, candidates } = regexes[i] as RegexEntry<H>;
			// Looking at the candidates first is the cheaper way.
			const hit = pick(candidates, request);
			if (hit !== null && regex.testExact(request.path)) return hit;
		}
		return null;
	}
}

function takes({ match, conditions }: WithMatch, request: RequestFacts): boolean {
	const { methods } = match;
	if (methods.length > 0 && !methods.includes(request.method)) return false;
	return conditions === null || conditions.hold(request);
}

function pick<H extends WithMatch>(candidates: Candidates<H> | null, request: RequestFacts): H | null {
	if (candidates === null) return null;
	for (let i = 0; i < candidates.length; i++) {
		const hit = candidates[i] as H;
		if (takes(hit, request)) return hit;
	}
	return null;
}

function addTo<H>(lists: Map<string, H[]>, key: string, hit: H): void {
	const list = lists.get(key);
	if (list === undefined) lists.set(key, [hit]);
	else list.push(hit);
}

/** The Gateway API's order among matches of one path; sorting is stable, so equals keep the order of the file. */
function mostSpecificFirst<H extends WithMatch>(hits: readonly H[]): Candidates<H> {
	return [...hits].sort(({ match: a }, { match: b }) => {
		const byMethod = Math.min(b.methods.length, 1) - Math.min(a.methods.length, 1);
		return byMethod || b.headers.length - a.headers.length || b.queryParams.length - a.queryParams.length;
	});
}

function linkPrefixes<H extends WithMatch>(lists: ReadonlyMap<string, readonly H[]>): Map<string, Prefix<H>> {
	const prefixes = new Map<string, Prefix<H>>();
	for (const [path, hits] of lists) prefixes.set(path, { candidates: mostSpecificFirst(hits), parent: null });
	for (const [path, prefix] of prefixes) prefix.parent = longestShorter(path, prefixes);
	return prefixes;
}

function longestShorter<H>(path: string, prefixes: ReadonlyMap<string, Prefix<H>>): Prefix<H> | null {
	for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
		const found = prefixes.get(path.slice(0, end));
		if (found !== undefined) return found;
	}
	return path === ROOT ? null : (prefixes.get(ROOT) ?? null);
}
