/** What a match asks of a request beyond its path and method: header fields and query parameters. */
import type { Match, ValueMatch } from '../config/config.ts';
import type { HeaderList } from '../http/header-list.ts';
import { firstQueryValue } from '../http/query.ts';
import type { CompileRegex, PathRegex } from './regex.ts';

/** What of a request decides about its route. A `RequestHead` is one. */
export interface RequestFacts {
	/** A host with or without a port, in any case. */
	readonly authority: string;
	/** Normalised, without query. */
	readonly path: string;
	readonly method: string;
	/** With its `?`; `''` without one. */
	readonly query: string;
	readonly headers: HeaderList;
}

interface Condition {
	readonly match: ValueMatch;
	/** `null`: the value must be the same. */
	readonly regex: PathRegex | null;
}

/** All of them must hold. */
export class Conditions {
	readonly #headers: readonly Condition[];
	readonly #queryParams: readonly Condition[];

	private constructor(headers: readonly Condition[], queryParams: readonly Condition[]) {
		this.#headers = headers;
		this.#queryParams = queryParams;
	}

	/** `null` when the match asks for nothing of the kind. */
	static of({ headers, queryParams }: Match, compileRegex: CompileRegex): Conditions | null {
		if (headers.length === 0 && queryParams.length === 0) return null;
		const compile = (match: ValueMatch): Condition => ({
			match,
			regex: match.type === 'RegularExpression' ? compileRegex(match.value) : null,
		});
		return new Conditions(headers.map(compile), queryParams.map(compile));
	}

	hold({ headers, query }: RequestFacts): boolean {
		for (const condition of this.#headers) {
			if (!holds(condition, headers.joined(condition.match.name))) return false;
		}
		for (const condition of this.#queryParams) {
			if (!holds(condition, firstQueryValue(query, condition.match.name))) return false;
		}
		return true;
	}
}

function holds({ match, regex }: Condition, value: string | undefined): boolean {
	if (value === undefined) return false;
	return regex === null ? value === match.value : regex.testExact(value);
}
