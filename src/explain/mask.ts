/**
 * Values that came from the environment must not be told. Rules hold them resolved; here they are put back to `${NAME}`
 * in whatever was said of a rule.
 */

import type { MaskedValue } from '../config/masked-values.ts';

export type Mask = (text: string) => string;

/** For what is said of the block at a path. */
export function maskFor(values: readonly MaskedValue[], path: string): Mask {
	const replacements = new Map<string, string>();
	for (const value of values) {
		if (!value.path.startsWith(path) || !/^[.[]/.test(value.path.slice(path.length))) continue;
		for (const form of formsOf(value.text)) replacements.set(form.toLowerCase(), value.masked);
	}
	if (replacements.size === 0) return (text) => text;
	// The longest first: one may be part of another.
	const longestFirst = [...replacements.keys()].sort((a, b) => b.length - a.length);
	const pattern = new RegExp(`(?<![A-Za-z0-9])(?:${longestFirst.map(quoted).join('|')})(?![A-Za-z0-9])`, 'gi');
	return (text) => text.replace(pattern, (found) => replacements.get(found.toLowerCase()) ?? found);
}

/** A value as written, and as the parser may have left it: without the mark of a short form, without a trailing slash. */
function formsOf(text: string): string[] {
	const bare = text.replace(/^[=~]\s*/, '').trim();
	return [text.trim(), bare, bare.replace(/(.)\/$/, '$1')].filter((form) => form !== '');
}

function quoted(text: string): string {
	return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
