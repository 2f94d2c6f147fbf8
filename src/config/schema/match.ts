import * as z from 'zod';
import { normalizePath } from '../../http/path.ts';
import type { PathMatchType } from '../config.ts';
import { block, fault, fieldFacts, listOf, shared, text, word } from './field.ts';
import { expandNamedValues } from './named-values.ts';
import { HEADER_NAME } from './names.ts';

/** The Gateway API's bounds. */
const MAX_PATH_LENGTH = 1024;
const MAX_METHODS = 16;
/** RFC 9110 §5.6.2 without lower-case letters: methods are case-sensitive, and `get` would never match. */
const METHOD = /^[A-Z0-9!#$%&'*+.^_`|~-]{1,64}$/;
/** A bracketed or braced query would be one, too: nothing but the path is matched. */
const PATH = /^[!-"$->@-~]*$/;

const MAX_VALUE_MATCHES = 16;
const MAX_HEADER_VALUE = 4096;
const MAX_QUERY_VALUE = 1024;
/** Visible ASCII that stands in a query as it is or escaped; the name is compared after unescaping. */
const QUERY_NAME = /^[!-~]{1,256}$/;

const PATH_FORMS =
	'`path: /orders` (prefix), `path: "= /orders"` (exact) or `path: "~ /o/[0-9]+"` (regular expression)';

function expandPath(input: unknown): unknown {
	if (typeof input !== 'string') return input;
	const value = input.slice(1).trim();
	if (input.startsWith('=')) return { type: 'Exact', value };
	if (input.startsWith('~')) return { type: 'RegularExpression', value };
	return { type: 'PathPrefix', value: input };
}

/** What keeps a path from ever matching; `''` when nothing does. As the Gateway API has it. */
function faultOfPath(type: PathMatchType, value: string): string {
	if (value.length > MAX_PATH_LENGTH) return `is longer than ${MAX_PATH_LENGTH} characters`;
	if (type === 'RegularExpression') return value === '' ? 'is empty' : '';
	if (!value.startsWith('/')) return 'must start with `/`';
	if (value.includes('?')) return 'has a query: only the path is matched';
	if (!PATH.test(value)) return 'has a character that no path has';
	if (value.includes('//')) return 'has an empty segment: `//`';
	if (/%2f/i.test(value)) return 'has an escaped slash: `%2F`';
	if (/\/\.{1,2}(\/|$)/.test(value)) return 'has a dot segment';
	return normalizePath(value) === null ? 'has a bad escape' : '';
}

/** The form that requests have when they are matched. A prefix ends before its slash: `/a/` and `/a` are the same one. */
function canonicalPath(type: PathMatchType, value: string): string {
	if (type === 'RegularExpression') return value;
	const normal = normalizePath(value) ?? value;
	return type === 'PathPrefix' && normal.length > 1 && normal.endsWith('/') ? normal.slice(0, -1) : normal;
}

const pathObject = block({
	type: word(['Exact', 'PathPrefix', 'RegularExpression'])
		.prefault('PathPrefix')
		.describe(
			'`PathPrefix` goes by whole segments: `/a` matches `/a` and `/a/b`, not `/ab`. A regular expression is linear-time and matches the whole path.',
		),
	value: text('a path', 'a path such as `/orders`').prefault('/').describe('The path, without query.'),
})
	.superRefine(({ type, value }, context) => {
		const message = faultOfPath(type, value);
		if (message !== '') context.addIssue(fault(value, message, { expected: PATH_FORMS, path: ['value'] }));
	})
	.transform(({ type, value }) => ({ type, value: canonicalPath(type, value) }));

export const pathMatch = z.preprocess(expandPath, pathObject).register(fieldFacts, {
	noun: 'a path',
	expected: PATH_FORMS,
	otherForms: [{ type: 'string', pattern: '^(/|=\\s*/|~)' }],
});

const method = z
	.preprocess(
		(input) => (typeof input === 'string' ? [input] : input),
		listOf(text('a method', 'a method in upper case, such as `GET`', METHOD), MAX_METHODS),
	)
	.register(fieldFacts, {
		noun: 'a method',
		expected: 'a method such as `GET`, or a list of them',
		type: 'text or list',
		otherForms: [{ type: 'string' }],
	});

interface ValueMatchFacts {
	readonly noun: string;
	readonly example: string;
	readonly name: RegExp;
	readonly maxValue: number;
}

function valueMatches({ noun, example, name, maxValue }: ValueMatchFacts) {
	const item = block({
		type: word(['Exact', 'RegularExpression'])
			.prefault('Exact')
			.describe('A regular expression is linear-time and matches the whole value.'),
		name: text('a name', `the name of a ${noun}`, name).describe(`Name of the ${noun}.`),
		value: text(
			'a value',
			`a value of at most ${maxValue} characters`,
			new RegExp(`^[^\\x00-\\x1f\\x7f]{0,${maxValue}}$`),
		).describe('What it must be.'),
	});
	return z.preprocess(expandNamedValues, listOf(item, MAX_VALUE_MATCHES)).register(fieldFacts, {
		noun: `a list of ${noun}s`,
		expected: `a list such as \`[{ name: ${example}, value: "1" }]\`, or \`{ ${example}: "1" }\``,
		otherForms: [{ type: 'object', additionalProperties: { type: 'string' } }],
	});
}

export const headerMatches = valueMatches({
	noun: 'header',
	example: 'x-canary',
	name: HEADER_NAME,
	maxValue: MAX_HEADER_VALUE,
});

export const queryMatches = valueMatches({
	noun: 'query parameter',
	example: 'v',
	name: QUERY_NAME,
	maxValue: MAX_QUERY_VALUE,
});

export const matchSchema = shared(
	'match',
	block({
		path: pathMatch.prefault('/').describe(`The path: ${PATH_FORMS}. Default: every path.`),
		method: method.prefault([]).describe('A method or a list of them. Default: any.'),
		headers: headerMatches
			.prefault([])
			.describe('Header fields that must all be there. Several lines of one name count as one, joined by `,`.'),
		queryParams: queryMatches
			.prefault([])
			.describe('Query parameters that must all be there; the first of a name counts, unescaped.'),
	}),
);
