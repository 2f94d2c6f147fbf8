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

const HOST = 'host';

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

	hold(request: RequestFacts): boolean {
		for (const condition of this.#headers) {
			if (!holds(condition, fieldOf(request, condition.match.name))) return false;
		}
		for (const condition of this.#queryParams) {
			if (!holds(condition, firstQueryValue(request.query, condition.match.name))) return false;
		}
		return true;
	}
}

/**
 * A header field as conditions see it, its name in lower case; `undefined`: there is none. For `host` that is the host the
 * request is for: of a target with a host of its own, which a proxy follows whatever the field says (RFC 9112 §3.2.2).
 */
export function fieldOf({ authority, headers }: RequestFacts, name: string): string | undefined {
	return name === HOST && authority !== '' ? authority : headers.joined(name);
}

function holds({ match, regex }: Condition, value: string | undefined): boolean {
	if (value === undefined) return false;
	return regex === null ? value === match.value : regex.testExact(value);
}
