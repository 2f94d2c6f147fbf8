/** What would become of recorded requests under another file: what changes, for how many, with one example each. */
import type { Config, Rule } from '../config/config.ts';
import type { CompileRegex } from '../routing/regex.ts';
import { requestLine } from './asked-request.ts';
import type { Explainer, Fate } from './explain.ts';
import { hiddenCondition } from './hidden.ts';
import type { Outcome } from './outcome.ts';
import type { RecordedFate } from './recorded-head.ts';
import { whereOf } from './run-tests.ts';

export interface Change {
	/** `rule`, `goes to`, `timeouts.request` … */
	readonly what: string;
	/** `''`: there is none. */
	readonly before: string;
	readonly after: string;
}

/** Requests that change alike. */
export interface ChangeGroup {
	readonly count: number;
	/** One of them: `GET http://orders/7`. */
	readonly example: string;
	readonly changes: readonly Change[];
}

/** Requests of which nothing can be said, for one reason. */
export interface UntoldGroup {
	readonly count: number;
	readonly example: string;
	readonly why: string;
}

export interface RouteDiff {
	readonly requests: number;
	readonly changed: number;
	/** The largest first. */
	readonly groups: readonly ChangeGroup[];
	readonly untold: readonly UntoldGroup[];
}

/** `recorded`: judged by the file in force. `config` and `explainer`: the other file's. */
export function diffRoutes(
	recorded: readonly RecordedFate[],
	config: Config,
	explainer: Explainer,
	compileRegex: CompileRegex,
): RouteDiff {
	const groups = new Map<string, ChangeGroup>();
	const untold = new Map<string, UntoldGroup>();
	let changed = 0;
	for (const { request, fate } of recorded) {
		const evaluation = explainer.evaluate(request);
		const example = requestLine(request);
		const nameOf = (rule: Rule): string => explainer.nameOf(request.side, rule);
		const why = hiddenCondition(request, evaluation, rulesOf(config, fate), { compileRegex, nameOf });
		if (why !== '') {
			untold.set(why, { why, example, count: (untold.get(why)?.count ?? 0) + 1 });
			continue;
		}
		const changes = changesOf(fate, evaluation.fate);
		if (changes.length === 0) continue;
		changed++;
		const key = JSON.stringify([evaluation.fate.winner?.name, changes.map(alike)]);
		const known = groups.get(key);
		groups.set(key, known === undefined ? { count: 1, example, changes } : { ...known, count: known.count + 1 });
	}
	const largestFirst = (a: { count: number }, b: { count: number }): number => b.count - a.count;
	return {
		requests: recorded.length,
		changed,
		groups: [...groups.values()].sort(largestFirst),
		untold: [...untold.values()].sort(largestFirst),
	};
}

const GOES_ON = 'goes on as';
const LOCATION = 'location';

/** What requests of one group have in common: where each of them goes is its own. */
function alike({ what, before, after }: Change): readonly string[] {
	return what === GOES_ON || what === LOCATION ? [what] : [what, before, after];
}

function rulesOf({ inbound, outbound }: Config, { request }: Fate): readonly Rule[] {
	return request.side === 'inbound' ? inbound.routes : (outbound?.routes ?? []);
}

function changesOf(before: Fate, after: Fate): Change[] {
	const [old, next] = [factsOf(before), factsOf(after)];
	// Timeouts towards nobody, or towards another service, are no change of their own.
	const [oldPolicy, nextPolicy] = [policyFacts(before, after), policyFacts(after, before)];
	return [...changedFacts(old, next), ...changedFacts(oldPolicy, nextPolicy)];
}

function changedFacts(old: ReadonlyMap<string, string>, next: ReadonlyMap<string, string>): Change[] {
	const changes: Change[] = [];
	for (const what of new Set([...old.keys(), ...next.keys()])) {
		const [before, after] = [old.get(what) ?? '', next.get(what) ?? ''];
		if (before !== after) changes.push({ what, before, after });
	}
	return changes;
}

/** The most important first. */
function factsOf({ winner, outcome, request }: Fate): Map<string, string> {
	const { location, host, path, steps } = outcome;
	const facts = new Map([
		['rule', winner === null ? 'none' : winner.name],
		['goes to', whereOf({ ...outcome, location: '' })],
	]);
	if (location !== '') facts.set(LOCATION, location);
	const isChanged = host !== request.host || path !== request.path;
	if (isChanged && asksSomebody(outcome)) facts.set(GOES_ON, `${host}${path}`);
	for (const { what, detail } of steps) facts.set(what, [facts.get(what), detail].filter(Boolean).join(', '));
	return facts;
}

function policyFacts(fate: Fate, other: Fate): Map<string, string> {
	const facts = new Map<string, string>();
	if (!asksSomebody(fate.outcome) || !asksSomebody(other.outcome)) return facts;
	for (const { of, name, values } of fate.policy) {
		if (of === 'service' && !other.policy.some((group) => group.of === of && group.name === name)) continue;
		for (const { key, value } of values) facts.set(of === 'rule' ? key : `${name} ${key}`, value);
	}
	return facts;
}

function asksSomebody({ kind }: Outcome): boolean {
	return kind === 'backends' || kind === 'passthrough';
}
