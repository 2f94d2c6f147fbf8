/**
 * Values that came from the environment must not be told. Rules hold them resolved; here they are put back to `${NAME}`
 * in whatever was said of a rule.
 */
import type { MaskedValue } from '../config/masked-values.ts';
import { normalizePath } from '../http/path.ts';

export type Mask = (text: string) => string;

export const NO_MASK: Mask = (text) => text;

/** What must be masked of each rule and test, by its path in the file: `inbound.routes[3]`. */
export class Masks {
	private readonly byRule = new Map<string, MaskedValue[]>();

	constructor(values: readonly MaskedValue[]) {
		for (const value of values) {
			const rule = value.path.slice(0, value.path.indexOf(']') + 1);
			const known = this.byRule.get(rule);
			if (known === undefined) this.byRule.set(rule, [value]);
			else known.push(value);
		}
	}

	/** For what is said of the rule or test at a path. */
	of(rule: string): Mask {
		const values = this.byRule.get(rule);
		return values === undefined ? NO_MASK : maskOf(values);
	}
}

function maskOf(values: readonly MaskedValue[]): Mask {
	const replacements = new Map<string, string>();
	for (const { text, masked } of values) {
		for (const form of formsOf(text)) replacements.set(form.toLowerCase(), withoutMark(masked));
		if (text.trim() !== withoutMark(text)) replacements.set(text.trim().toLowerCase(), masked);
	}
	replacements.delete('');
	if (replacements.size === 0) return NO_MASK;
	// The longest first: one may be part of another.
	const longestFirst = [...replacements.keys()].sort((a, b) => b.length - a.length);
	const pattern = new RegExp(longestFirst.map(asWord).join('|'), 'gi');
	return (text) => text.replace(pattern, (found) => replacements.get(found.toLowerCase()) ?? found);
}

/** A value as rules have it: paths in their normal form, a prefix without its slash, a hostname without its last dot. */
function formsOf(text: string): string[] {
	const bare = withoutMark(text);
	const path = bare.startsWith('/') ? (normalizePath(bare) ?? bare) : bare;
	return [bare, path].flatMap((form) => [form, form.replace(/(.)[/.]$/, '$1')]);
}

/** A pattern for a text that is not found in the middle of a word. */
function asWord(text: string): string {
	const start = /^[a-z0-9]/i.test(text) ? '(?<![A-Za-z0-9])' : '';
	const end = /[a-z0-9]$/i.test(text) ? '(?![A-Za-z0-9])' : '';
	return start + quoted(text) + end;
}

/** The parser takes the mark of a path's short form away, and the slash at the end of a prefix. */
function withoutMark(text: string): string {
	return text.trim().replace(/^[=~]\s*/, '');
}

function quoted(text: string): string {
	return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
