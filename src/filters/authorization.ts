/**
 * Who may ask: the `authorization` of the inbound side or of a rule. Deny comes before allow; an allow list that lets nobody
 * in refuses everybody.
 *
 * Theory of operation. Each condition is judged by what the app may see. Where a request can be read in more than one way,
 * that counts against the caller, who has chosen to write it so: an entry of `deny` holds when it does for any reading, one of
 * `allow` only when it does for all. So
 *
 * - a path is tested as it is matched and forwarded, and in every other form that an app may take it for
 *   (`path-readings.ts`);
 * - of a field that came several times an app may take the first value, the last or all: `deny` is content with one of them
 *   (members of a list count by themselves as well), `allow` wants every one;
 * - CONNECT opens a tunnel that may lead to any path: conditions on paths hold for `deny` and do not for `allow`;
 * - so it is with the address of a peer that is gone already, and with bytes that are no HTTP, whose method, path and fields
 *   nobody can tell;
 * - methods are case-sensitive (RFC 9110 §9.1), but `deny` tests their upper case, which a lenient app may take them for.
 *
 * Who has proven no identity has no principal and no namespace, and meets no condition on them, of neither list.
 *
 * All decisions are made beforehand, one for each entry: deciding picks one.
 */
import type { Authorization, AuthorizationRule, TextPattern } from '../config/identity-config.ts';
import { namespaceOf } from '../config/spiffe-id.ts';
import { ProxyError } from '../error.ts';
import { fieldIdOf } from '../http/field-id.ts';
import type { RequestHead } from '../http/head.ts';
import type { HeaderList } from '../http/header-list.ts';
import { elementEnd, skipWhitespace, trimEnd } from '../http/tokens.ts';
import type { FilteredRequest, RequestFilter } from './filter.ts';
import { decodeAll, mergeSlashes, otherReadings } from './path-readings.ts';
import { SourceNetworks } from './source-networks.ts';

/** Who asks, as the connection tells it. */
export type Caller = Pick<FilteredRequest, 'principal' | 'peerAddress'>;
/** What is asked for, and by whom. */
export type AskedFor = Caller & { readonly head: Pick<RequestHead, 'method' | 'path' | 'headers'> };

/** Why a request may pass or not. */
export interface Decision {
	/** The entry that decides, as a path in the route file: `inbound.authorization.deny[0]`; the list or block, when none does. */
	readonly by: string;
	/** `null`: it may pass. */
	readonly refusal: ProxyError | null;
}

export class AuthorizationFilter implements RequestFilter {
	/** What it refuses it only reports. */
	readonly isDryRun: boolean;
	readonly #deny: readonly Entry[];
	readonly #allow: readonly Entry[] | null;
	/** Of a request for which no entry holds. */
	readonly #otherwise: Decision;

	/** `where`: its place in the route file, such as `inbound.authorization`. */
	constructor({ dryRun, deny, allow }: Authorization, where: string) {
		this.isDryRun = dryRun;
		this.#deny = deny.map((rule, index) => new Entry(rule, true, `${where}.deny[${index}]`));
		this.#allow = allow?.map((rule, index) => new Entry(rule, false, `${where}.allow[${index}]`)) ?? null;
		this.#otherwise =
			allow === null
				? { by: where, refusal: null }
				: { by: `${where}.allow`, refusal: refusal(`no entry of ${where}.allow lets it in`) };
	}

	decide(request: AskedFor): Decision {
		const deny = this.#deny;
		for (let i = 0; i < deny.length; i++) {
			const entry = deny[i] as Entry;
			if (entry.holds(request)) return entry.decision;
		}
		const allow = this.#allow;
		if (allow !== null) {
			for (let i = 0; i < allow.length; i++) {
				const entry = allow[i] as Entry;
				if (entry.holds(request)) return entry.decision;
			}
		}
		return this.#otherwise;
	}

	/**
	 * The same when nobody knows who asks: as for whoever the lists like best. What it refuses they refuse to everybody.
	 */
	decideForAnybody({ head }: Pick<AskedFor, 'head'>): Decision {
		for (const entry of this.#deny) if (!entry.asksOfCaller && entry.holdsForRequest(head)) return entry.decision;
		for (const entry of this.#allow ?? []) if (entry.holdsForRequest(head)) return entry.decision;
		return this.#otherwise;
	}

	/** The same for a connection whose bytes are no HTTP. */
	decideConnection(caller: Caller): Decision {
		for (const entry of this.#deny) if (entry.holdsForCaller(caller)) return entry.decision;
		for (const entry of this.#allow ?? []) {
			if (!entry.asksOfRequest && entry.holdsForCaller(caller)) return entry.decision;
		}
		return this.#otherwise;
	}

	onRequest(request: FilteredRequest): ProxyError | null {
		const { by, refusal } = this.decide(request);
		if (refusal === null) return null;
		if (!this.isDryRun) {
			request.deniedBy = by;
			return refusal;
		}
		const before = request.wouldBeDeniedBy ?? '';
		request.wouldBeDeniedBy = before === '' ? by : `${before}, ${by}`;
		return null;
	}
}

/** The detail is for the log: whoever is refused learns nothing more (`http/local-reply.ts`). */
function refusal(detail: string): ProxyError {
	return new ProxyError('not_authorized', detail);
}

/** One entry of a list. */
class Entry {
	/** What it decides where it holds. */
	readonly decision: Decision;
	/** It has a condition on what is asked for. */
	readonly asksOfRequest: boolean;
	/** It has a condition on who asks. */
	readonly asksOfCaller: boolean;
	readonly #isDeny: boolean;
	readonly #rule: AuthorizationRule;
	readonly #paths: readonly PathPattern[];
	readonly #headers: readonly FieldPattern[];
	readonly #sources: SourceNetworks;

	constructor(rule: AuthorizationRule, isDeny: boolean, by: string) {
		this.#isDeny = isDeny;
		this.#rule = rule;
		this.#paths = rule.paths.map(pathPattern);
		this.#headers = rule.headers.map(({ name, value }) => ({ name, value, id: fieldIdOf(name) }));
		this.#sources = new SourceNetworks(rule.sources);
		this.asksOfCaller = rule.principals.length + rule.namespaces.length + rule.sources.length > 0;
		this.asksOfRequest = rule.methods.length + rule.paths.length + rule.headers.length > 0;
		this.decision = { by, refusal: isDeny ? refusal(`${by} (${rule.at.file}:${rule.at.line}) refuses it`) : null };
	}

	holds(request: AskedFor): boolean {
		return this.holdsForCaller(request) && this.holdsForRequest(request.head);
	}

	holdsForRequest(head: AskedFor['head']): boolean {
		return this.#hasMethod(head.method) && this.#hasPath(head) && this.#hasHeaders(head.headers);
	}

	holdsForCaller({ principal, peerAddress }: Caller): boolean {
		const { principals, namespaces, sources } = this.#rule;
		if (principals.length > 0 && !isAnyOf(principals, principal)) return false;
		if (namespaces.length > 0 && !isAnyOf(namespaces, namespaceOf(principal))) return false;
		return sources.length === 0 || this.#sources.has(peerAddress, this.#isDeny);
	}

	#hasMethod(method: string): boolean {
		const { methods } = this.#rule;
		if (methods.length === 0 || methods.includes(method)) return true;
		return this.#isDeny && methods.includes(method.toUpperCase());
	}

	#hasPath({ method, path }: AskedFor['head']): boolean {
		const paths = this.#paths;
		if (paths.length === 0) return true;
		if (method === 'CONNECT') return this.#isDeny;
		const others = otherReadings(path);
		for (let i = 0; i < paths.length; i++) {
			const pattern = paths[i] as PathPattern;
			if (this.#isDeny ? deniesPath(pattern, path, others) : allowsPath(pattern, path, others)) return true;
		}
		return false;
	}

	#hasHeaders(headers: HeaderList): boolean {
		const wanted = this.#headers;
		for (let i = 0; i < wanted.length; i++) {
			const field = wanted[i] as FieldPattern;
			if (!(this.#isDeny ? hasAnyValue(headers, field) : hasOnlyValues(headers, field))) return false;
		}
		return true;
	}
}

/** Nothing holds for what is empty. */
function isText({ type, value }: TextPattern, text: string): boolean {
	if (text === '') return false;
	switch (type) {
		case 'exact':
			return text === value;
		case 'prefix':
			return text.startsWith(value);
		case 'suffix':
			return text.endsWith(value);
		case 'any':
			return true;
	}
}

function isAnyOf(patterns: readonly TextPattern[], text: string): boolean {
	for (let i = 0; i < patterns.length; i++) if (isText(patterns[i] as TextPattern, text)) return true;
	return false;
}

interface PathPattern {
	readonly asWritten: TextPattern;
	/** For other readings of a path: without escapes. */
	readonly decoded: TextPattern;
	/** The same with slashes merged: readings of a path that is written with `//` as the pattern is. */
	readonly merged: TextPattern;
}

function pathPattern(pattern: TextPattern): PathPattern {
	const decoded = decodeAll(pattern.value);
	return {
		asWritten: pattern,
		decoded: { type: pattern.type, value: decoded },
		merged: { type: pattern.type, value: mergeSlashes(decoded) },
	};
}

/** One reading is enough. */
function deniesPath({ asWritten, decoded }: PathPattern, path: string, others: readonly string[]): boolean {
	if (isPath(asWritten, path) || isPath(decoded, path)) return true;
	for (let i = 0; i < others.length; i++) if (isPath(decoded, others[i] as string)) return true;
	return false;
}

/** The path itself, and all of its readings. One that is written out whole, odd as it may be, is meant as it is. */
function allowsPath({ asWritten, decoded, merged }: PathPattern, path: string, others: readonly string[]): boolean {
	if (!isPath(asWritten, path)) return false;
	if (asWritten.type === 'exact') return true;
	for (let i = 0; i < others.length; i++) {
		const other = others[i] as string;
		if (!isPath(decoded, other) && !isPath(merged, other)) return false;
	}
	return true;
}

/** `*` and `/*` are every path, and so that of `OPTIONS *`, as it is for rules (`routing/table.ts`). */
function isPath(pattern: TextPattern, path: string): boolean {
	return isText(pattern, path) || (path === '*' && pattern.type === 'prefix' && pattern.value === '/');
}

interface FieldPattern {
	readonly id: number;
	readonly name: string;
	readonly value: TextPattern;
}

/** A line, or a member of the list in one (RFC 9110 §5.6.1). */
function hasAnyValue(headers: HeaderList, { id, name, value }: FieldPattern): boolean {
	for (let at = headers.nextPlace(id, name, 0); at >= 0; at = headers.nextPlace(id, name, at + 1)) {
		const line = headers.valueIn(at);
		if (isText(value, line)) return true;
		for (let from = 0, end = 0; from < line.length; from = end + 1) {
			end = elementEnd(line, from, line.length);
			const start = skipWhitespace(line, from, end);
			if (isText(value, line.slice(start, trimEnd(line, start, end)))) return true;
		}
	}
	return false;
}

/** At least one line, and each of them. */
function hasOnlyValues(headers: HeaderList, { id, name, value }: FieldPattern): boolean {
	let at = headers.nextPlace(id, name, 0);
	if (at < 0) return false;
	for (; at >= 0; at = headers.nextPlace(id, name, at + 1)) if (!isText(value, headers.valueIn(at))) return false;
	return true;
}
