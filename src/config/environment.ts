/**
 * References to environment variables: `${NAME}` and `${NAME:-default}`, in scalar values only.
 *
 * A reference may stand unquoted inside `{…}` and `[…]`, where YAML would read its braces as its own. So, before the text
 * is parsed, the characters of each reference that mean something to YAML are exchanged one for one with private-use
 * characters: every position stays what it is in the file. `reveal` exchanges them back.
 */

const REFERENCE = /\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}\n]*))?\}/g;
/** Anything else that looks like one is refused: it would silently be taken as text. */
const LOOKALIKE = /\$\{[^}\n]*\}?/;
const YAML_INDICATORS = /[{}[\],:#]/g;
/** Start of a Unicode private use area; ASCII is mapped into its first 128 characters. */
const PRIVATE_USE = 0xe000;
const HIDDEN = /[\ue000-\ue07f]/g;

export type EnvironmentLookup = (name: string) => string | undefined;

/** The same text, as long as before, in which YAML sees no braces of references. */
export function conceal(text: string): string {
	return text.replace(REFERENCE, (reference) =>
		reference.replace(YAML_INDICATORS, (c) => String.fromCharCode(PRIVATE_USE + c.charCodeAt(0))),
	);
}

export function reveal(text: string): string {
	return text.replace(HIDDEN, (c) => String.fromCharCode(c.charCodeAt(0) - PRIVATE_USE));
}

export interface Substitution {
	readonly text: string;
	/** The text with each value that came from the environment shown as `${NAME}`. */
	readonly masked: string;
	/** Variables whose value is in the text. */
	readonly names: readonly string[];
	/** Variables that are not set and have no default. */
	readonly unset: readonly string[];
	/** What looks like a reference and is none; `''` without. */
	readonly malformed: string;
}

/** Resolves the references of one scalar. As in a shell, `:-` also stands in for a variable that is set but empty. */
export function substitute(source: string, env: EnvironmentLookup): Substitution {
	const names: string[] = [];
	const unset: string[] = [];
	let masked = '';
	let text = '';
	let copied = 0;
	for (const reference of source.matchAll(REFERENCE)) {
		const [whole, name = '', fallback] = reference;
		const literal = source.slice(copied, reference.index);
		copied = reference.index + whole.length;
		const value = env(name);
		if (fallback !== undefined && (value === undefined || value === '')) {
			text += literal + fallback;
			masked += literal + fallback;
			continue;
		}
		if (value === undefined) unset.push(name);
		else names.push(name);
		text += literal + (value ?? '');
		masked += `${literal}\${${name}}`;
	}
	const rest = source.replace(REFERENCE, '');
	const malformed = LOOKALIKE.exec(rest)?.[0] ?? '';
	return { text: text + source.slice(copied), masked: masked + source.slice(copied), names, unset, malformed };
}
