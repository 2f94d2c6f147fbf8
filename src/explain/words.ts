/** Why a rule holds or not, in words that a newcomer understands, with the values that were compared. */
import type { Match, ValueMatch } from '../config/config.ts';
import { firstQueryValue } from '../http/query.ts';
import type { RequestFacts } from '../routing/conditions.ts';
import { type Candidate, hostOf, type Miss } from './judge.ts';
import type { Edge } from './precedence.ts';
import { MASK, type Redaction } from './redaction.ts';

/** One condition that holds: `path`, `/orders/7 is under /orders`. */
export interface Held {
	readonly what: string;
	readonly how: string;
}

export class Words {
	private readonly request: RequestFacts;
	private readonly redaction: Redaction;

	constructor(request: RequestFacts, redaction: Redaction) {
		this.request = request;
		this.redaction = redaction;
	}

	miss(miss: Miss): string {
		const { request } = this;
		switch (miss.kind) {
			case 'hostname':
				return `host ${shown(hostOf(request.authority))} is not ${anyOf(miss.hostnames)}`;
			case 'path':
				return `path ${shown(request.path)} ${PATH_MISS[miss.path.type]} ${miss.path.value}`;
			case 'method':
				return `method ${request.method} is not ${anyOf(miss.methods)}`;
			case 'header':
				return this.value(`header ${miss.wanted.name}`, miss.wanted, miss.has, this.hidesHeader(miss.wanted));
			case 'query':
				return this.value(`query parameter ${miss.wanted.name}`, miss.wanted, miss.has, this.hidesQuery(miss.wanted));
		}
	}

	private value(what: string, { type, value }: ValueMatch, has: string | null, isHidden: boolean): string {
		if (has === null) return `${what} is missing`;
		if (isHidden) return `${what} has another value`;
		return type === 'Exact'
			? `${what} is ${shown(has)}, not ${shown(value)}`
			: `${what} ${shown(has)} is not ~ ${value}`;
	}

	/** Everything that a rule asked for and got. */
	held({ hostname, match }: Pick<Candidate, 'hostname' | 'match'>): Held[] {
		const { request } = this;
		const held: Held[] = [];
		if (hostname !== '') held.push({ what: 'host', how: hostHolds(hostOf(request.authority), hostname) });
		held.push({ what: 'path', how: pathHolds(request.path, match.path) });
		const { methods } = match;
		if (methods.length > 0) held.push({ what: 'method', how: methodHolds(request.method, methods) });
		for (const wanted of match.headers) {
			const has = request.headers.joined(wanted.name) ?? '';
			held.push({ what: `header ${wanted.name}`, how: valueHolds(wanted, has, this.hidesHeader(wanted)) });
		}
		for (const wanted of match.queryParams) {
			const has = firstQueryValue(request.query, wanted.name) ?? '';
			held.push({ what: `query ${wanted.name}`, how: valueHolds(wanted, has, this.hidesQuery(wanted)) });
		}
		return held;
	}

	private hidesHeader({ name }: ValueMatch): boolean {
		return this.redaction.hidesHeader(name);
	}

	private hidesQuery({ name }: ValueMatch): boolean {
		return this.redaction.hidesQuery(name);
	}
}

/** Why a rule that takes the request as well does not get it. */
export function sayEdge(by: Edge, loser: Candidate, winner: Candidate): string {
	const [its, theirs] = [loser.match, winner.match];
	switch (by) {
		case 'hostname':
			return loser.hostname === ''
				? `matches too, but names no hostname and the winner has ${winner.hostname}`
				: `matches too, but ${loser.hostname} is a less specific hostname than ${winner.hostname}`;
		case 'path type':
			return `matches too, but ${PATH_TYPE[theirs.path.type]} goes before ${PATH_TYPE[its.path.type]}`;
		case 'regular expression':
			return `matches too, but the winner's regular expression stands earlier in the file`;
		case 'prefix':
			return `matches too, but ${its.path.value} is a shorter prefix than ${theirs.path.value}`;
		case 'method':
			return 'matches too, but names no method and the winner does';
		case 'headers':
			return `matches too, but asks for ${count(its.headers.length, 'header')} and the winner for ${theirs.headers.length}`;
		case 'query parameters':
			return `matches too, but asks for ${count(its.queryParams.length, 'query parameter')} and the winner for ${theirs.queryParams.length}`;
		case 'order':
			return loser.rule.origin === winner.rule.origin
				? 'matches too, but stands later in the file'
				: "matches too, but its document comes after the winner's";
	}
}

const PATH_MISS = { Exact: 'is not', PathPrefix: 'is not under', RegularExpression: 'does not match ~' } as const;
const PATH_TYPE = {
	Exact: 'an exact path',
	PathPrefix: 'a prefix',
	RegularExpression: 'a regular expression',
} as const;
/** Hostnames or methods that are named one by one. */
const MAX_NAMED = 4;

function anyOf(names: readonly string[]): string {
	if (names.length <= 1) return names[0] ?? '';
	const named = names.slice(0, MAX_NAMED).join(' or ');
	return names.length > MAX_NAMED ? `${named} or ${names.length - MAX_NAMED} others` : named;
}

function hostHolds(host: string, hostname: string): string {
	return hostname === host ? `is ${host}` : `${host} is covered by ${hostname}`;
}

function pathHolds(path: string, { type, value }: Match['path']): string {
	if (type === 'RegularExpression') return `${shown(path)} matches ~ ${value}`;
	if (type === 'Exact') return `is exactly ${value}`;
	if (value === '/') return 'any';
	return path === value ? `is the prefix ${value} itself` : `${path} is under the prefix ${value}`;
}

function methodHolds(method: string, methods: readonly string[]): string {
	return methods.length === 1 ? `is ${method}` : `${method} is one of ${methods.join(', ')}`;
}

function valueHolds({ type, value }: ValueMatch, has: string, isHidden: boolean): string {
	if (isHidden) return `has the value that the rule asks for (${MASK})`;
	return type === 'Exact' ? `is ${shown(value)}` : `${shown(has)} matches ~ ${value}`;
}

/** Empty text and blanks would vanish in a sentence. */
function shown(text: string): string {
	return text === '' || /\s/.test(text) ? `"${text}"` : text;
}

function count(number: number, noun: string): string {
	return `${number === 0 ? 'no' : number} ${noun}${number === 1 ? '' : 's'}`;
}
