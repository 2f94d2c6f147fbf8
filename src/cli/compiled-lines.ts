/**
 * What the two processes tell each other about a compiled route file: JSON, a line for all but the rules, then a line for
 * each few of them. Reading one line takes a fraction of a millisecond, so that thousands of rules can be taken over
 * while requests are being served.
 */
import type { Config, Rule, Side } from '../config/config.ts';
import { EffectiveParts } from '../config/effective-parts.ts';
import type { BadFile, CompiledFile, GoodFile } from './compiled-file.ts';

/** A rule is a kilobyte or two, its effective form included. */
const RULES_A_LINE = 25;
const NEWLINE = '\n';

interface FirstLine extends Omit<GoodFile, 'effective'> {
	/** Without its rules. */
	readonly effective: unknown;
	/** Which sides have rules of their own in the effective configuration. */
	readonly sides: readonly Side[];
}

interface RulesLine {
	readonly side: Side;
	readonly rules: readonly Rule[];
	/** The effective form of each, as JSON text. */
	readonly effective: readonly string[];
}

export function* compiledLines(compiled: CompiledFile): Generator<string> {
	if (!compiled.ok) {
		yield JSON.stringify(compiled);
		return;
	}
	const { config, effective } = compiled;
	const sides = (['inbound', 'outbound'] as const).filter((side) => effective.rules[side] !== undefined);
	const first: FirstLine = { ...compiled, config: withRules(config, [], []), effective: effective.rest, sides };
	yield JSON.stringify(first) + NEWLINE;
	yield* rulesLines('inbound', config.inbound.routes, effective);
	yield* rulesLines('outbound', config.outbound?.routes ?? [], effective);
}

function* rulesLines(side: Side, rules: readonly Rule[], effective: EffectiveParts): Generator<string> {
	for (let from = 0; from < rules.length; from += RULES_A_LINE) {
		const to = from + RULES_A_LINE;
		const texts = effective.rules[side]?.slice(from, to) ?? [];
		const line: RulesLine = { side, rules: rules.slice(from, to), effective: texts };
		yield JSON.stringify(line) + NEWLINE;
	}
}

/** Of the other process's whole output. `breathe` lets the event loop turn. */
export async function readCompiledLines(text: string, breathe: () => Promise<void>): Promise<CompiledFile> {
	let end = endOfLine(text, 0);
	const first = JSON.parse(text.slice(0, end)) as FirstLine | BadFile;
	if (!first.ok) return first;
	const rules: Record<Side, Rule[]> = { inbound: [], outbound: [] };
	const effective: Record<Side, string[]> = { inbound: [], outbound: [] };
	while (end + 1 < text.length) {
		await breathe();
		const start = end + 1;
		end = endOfLine(text, start);
		const line = JSON.parse(text.slice(start, end)) as RulesLine;
		rules[line.side].push(...line.rules);
		effective[line.side].push(...line.effective);
	}
	const { sides, ...rest } = first;
	const shown = Object.fromEntries(sides.map((side) => [side, effective[side]]));
	return {
		...rest,
		config: withRules(first.config, rules.inbound, rules.outbound),
		effective: new EffectiveParts(first.effective, shown),
	};
}

function endOfLine(text: string, from: number): number {
	const at = text.indexOf(NEWLINE, from);
	return at < 0 ? text.length : at;
}

function withRules(config: Config, inbound: readonly Rule[], outbound: readonly Rule[]): Config {
	return {
		...config,
		inbound: { ...config.inbound, routes: inbound },
		outbound: config.outbound === null ? null : { ...config.outbound, routes: outbound },
	};
}
