/** Whether what happens to a recorded request depends on a value that was not recorded. */
import type { Match, Rule, ValueMatch } from '../config/config.ts';
import { firstQueryValue } from '../http/query.ts';
import type { CompileRegex } from '../routing/regex.ts';
import type { AskedRequest } from './asked-request.ts';
import type { Evaluation } from './explain.ts';
import { Judge } from './judge.ts';
import { Precedence } from './precedence.ts';
import { MASK } from './redaction.ts';

/**
 * In words: the rule that would have to see a masked value to be judged, and that would get the request if it liked what
 * it saw. `''` when there is none.
 */
export function hiddenCondition(
	asked: AskedRequest,
	{ head, winner }: Pick<Evaluation, 'head' | 'winner'>,
	rules: readonly Rule[],
	{ compileRegex, nameOf }: { readonly compileRegex: CompileRegex; nameOf(rule: Rule): string },
): string {
	if (head === null) return '';
	const hidden = new HiddenValues(asked, head.query);
	if (hidden.isEmpty) return '';
	const judge = new Judge(head, compileRegex);
	const precedence = new Precedence(rules);
	for (const [index, rule] of rules.entries()) {
		for (const [matchIndex, match] of rule.matches.entries()) {
			const condition = hidden.conditionOf(match);
			if (condition === '') continue;
			const judged = judge.judge({ ...rule, matches: [match] }, index, (a, b) => precedence.compare(a, b).sign);
			if (judged.misses.some((miss) => !('wanted' in miss && hidden.hides(miss.kind, miss.wanted)))) continue;
			const candidate = { ...judged, rule, matchIndex };
			if (winner !== null && precedence.compare(candidate, winner).sign > 0) continue;
			return `rule \`${nameOf(rule)}\` asks for ${condition}, whose value was not recorded`;
		}
	}
	return '';
}

class HiddenValues {
	private readonly headers: ReadonlySet<string>;
	private readonly query: string;

	constructor({ headers }: AskedRequest, query: string) {
		this.headers = new Set(headers.filter(({ value }) => value === MASK).map(({ name }) => name));
		this.query = query.includes(MASK) ? query : '';
	}

	get isEmpty(): boolean {
		return this.headers.size === 0 && this.query === '';
	}

	hides(kind: 'header' | 'query', { name }: ValueMatch): boolean {
		return kind === 'header' ? this.headers.has(name) : firstQueryValue(this.query, name) === MASK;
	}

	conditionOf({ headers, queryParams }: Match): string {
		const header = headers.find((wanted) => this.hides('header', wanted));
		if (header !== undefined) return `header ${header.name}`;
		const parameter = queryParams.find((wanted) => this.hides('query', wanted));
		return parameter === undefined ? '' : `query parameter ${parameter.name}`;
	}
}
