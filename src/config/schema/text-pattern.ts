/** Texts of an authorization: exact, `x*`, `*x` or `*`. Never a regular expression, and never a `*` in the middle. */
import * as z from 'zod';
import type { TextPattern } from '../identity-config.ts';
import { fault, fieldFacts } from './field.ts';

const MAX_LENGTH = 4096;
const ANY: TextPattern = { type: 'any', value: '' };
const CONTROL = /[\x00-\x1f\x7f]/;

/** What a kind of text is, beyond being a pattern. */
export interface PatternFacts {
	readonly noun: string;
	readonly expected: string;
	/** Of a text that is a pattern, never `any`: the same in the form in which it is compared, or what keeps it from ever matching. */
	readonly check: (pattern: TextPattern) => TextPattern | string;
}

/** As it would be written in the file. */
export function formatPattern({ type, value }: TextPattern): string {
	if (type === 'exact') return value;
	if (type === 'any') return '*';
	return type === 'prefix' ? `${value}*` : `*${value}`;
}

/** The pattern, or what is wrong with the text. */
function parsePattern(text: string): TextPattern | string {
	if (text === '*') return ANY;
	if (text === '') return 'is empty';
	if (text.length > MAX_LENGTH) return `is longer than ${MAX_LENGTH} characters`;
	if (CONTROL.test(text)) return 'has a control character';
	const star = text.indexOf('*');
	if (star < 0) return { type: 'exact', value: text };
	if (text.indexOf('*', star + 1) >= 0) return 'has more than one `*`';
	if (star === 0) return { type: 'suffix', value: text.slice(1) };
	return star === text.length - 1 ? { type: 'prefix', value: text.slice(0, -1) } : 'has a `*` in its middle';
}

export function textPattern({ noun, expected, check }: PatternFacts) {
	const schema = z.string().transform((input, context): TextPattern => {
		const parsed = parsePattern(input);
		const result = typeof parsed === 'string' || parsed.type === 'any' ? parsed : check(parsed);
		if (typeof result !== 'string') return result;
		context.issues.push(fault(input, result, { expected }));
		return z.NEVER;
	});
	return schema.register(fieldFacts, {
		noun,
		expected,
		type: 'text',
		input: { type: 'string', pattern: '^(\\*|[^*]+\\*?|\\*[^*]+)$' },
		render: formatPattern,
	});
}

/** For lists without repetitions; the value may be malformed. */
export function identityOfPattern(value: unknown): unknown {
	if (typeof value !== 'object' || value === null || !('type' in value && 'value' in value)) return value;
	return `${String(value.type)} ${String(value.value)}`;
}
