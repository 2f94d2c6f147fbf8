/**
 * The effective configuration of a running sidecar. Its rules, of which there may be thousands, stay what they came as:
 * the JSON text of each, made into values when somebody asks for that one.
 */
import type { Side } from './config.ts';
import type { Effective } from './effective.ts';

/** What takes the place of a side's rules in the rest; no value of a route file has a NUL. */
const RULES_ELSEWHERE = '\0rules';
/** Rules of one piece of the whole text: half a millisecond. */
const RULES_A_PIECE = 20;
const INDENT = '\t';
/** Of a rule within `effective.inbound.routes`. */
const RULE_INDENT = INDENT.repeat(4);
const SIDES = ['inbound', 'outbound'] as const;

type Rules = Readonly<Partial<Record<Side, readonly string[]>>>;

export class EffectiveParts {
	/** Everything but the rules, as `config/effective.ts` makes it. */
	readonly rest: unknown;
	/** The JSON text of each rule, in the order of the configuration; absent: the side has none of its own. */
	readonly rules: Rules;

	constructor(rest: unknown, rules: Rules) {
		this.rest = rest;
		this.rules = rules;
	}

	static of(whole: Effective): EffectiveParts {
		const rest: Record<string, unknown> = { ...whole };
		const rules: Partial<Record<Side, readonly string[]>> = {};
		for (const side of SIDES) {
			const block = rest[side];
			if (!isRecord(block) || !Array.isArray(block['routes'])) continue;
			rules[side] = block['routes'].map((rule) => JSON.stringify(rule));
			rest[side] = { ...block, routes: RULES_ELSEWHERE };
		}
		return new EffectiveParts(rest, rules);
	}

	/** Follows keys and indexes; `null` when they lead nowhere. */
	at(path: readonly (string | number)[]): Effective | null {
		const [side, routes, index, ...more] = path;
		const rules = routes === 'routes' && (side === 'inbound' || side === 'outbound') ? this.rules[side] : undefined;
		if (rules === undefined) return follow(this.rest, path);
		const text = typeof index === 'number' ? rules[index] : undefined;
		return text === undefined ? null : follow(JSON.parse(text), more);
	}

	/**
	 * The whole as JSON text for people, in pieces that take less than a millisecond each. `wrap` puts the effective
	 * configuration under a key of an object.
	 */
	*text(wrap: (effective: unknown) => object): Generator<string> {
		const around = JSON.stringify(wrap(this.rest), null, INDENT).split(JSON.stringify(RULES_ELSEWHERE));
		// The sides stand in this order in the configuration, too.
		const sides = SIDES.filter((side) => this.rules[side] !== undefined);
		for (const [i, text] of around.entries()) {
			const side = sides[i - 1];
			if (side !== undefined) yield* listText(this.rules[side] ?? []);
			yield text;
		}
	}
}

function* listText(rules: readonly string[]): Generator<string> {
	for (let from = 0; from < rules.length; from += RULES_A_PIECE) {
		const shown = rules.slice(from, from + RULES_A_PIECE).map((rule) => {
			const text = JSON.stringify(JSON.parse(rule), null, INDENT);
			return RULE_INDENT + text.replaceAll('\n', `\n${RULE_INDENT}`);
		});
		yield `${from === 0 ? '[' : ','}\n${shown.join(',\n')}`;
	}
	yield `\n${RULE_INDENT.slice(INDENT.length)}]`;
}

/** Not `effective.ts`'s own: that one stands beside the schemas, which must stay out of the data plane. */
function follow(root: unknown, path: readonly (string | number)[]): Effective | null {
	let node = root;
	for (const segment of path) {
		if (!isRecord(node)) return null;
		node = node[segment];
	}
	return isRecord(node) ? (node as unknown as Effective) : null;
}

function isRecord(value: unknown): value is Record<string | number, unknown> {
	return typeof value === 'object' && value !== null;
}
