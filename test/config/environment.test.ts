import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { conceal, reveal, substitute } from '../../src/config/environment.ts';

const env = (name: string): string | undefined => ({ A: 'alpha', EMPTY: '' })[name];

describe('references to the environment', () => {
	it.each([
		['${A}', 'alpha', '${A}', ['A']],
		['x-${A}-y', 'x-alpha-y', 'x-${A}-y', ['A']],
		['${A}${A}', 'alphaalpha', '${A}${A}', ['A', 'A']],
		['${A:-b}', 'alpha', '${A}', ['A']],
		['${NONE:-b}', 'b', 'b', []],
		['${NONE:-}', '', '', []],
		['${EMPTY:-b}', 'b', 'b', []],
		['${EMPTY}', '', '${EMPTY}', ['EMPTY']],
		['${NONE:-127.0.0.1:80}', '127.0.0.1:80', '127.0.0.1:80', []],
		['$A', '$A', '$A', []],
		['a$', 'a$', 'a$', []],
	])('%j', (source, text, masked, names) => {
		expect(substitute(source, env)).toEqual({ text, masked, names, unset: [], malformed: '' });
	});

	it('names what is not set', () => {
		expect(substitute('${A}/${NONE}/${B}', env).unset).toEqual(['NONE', 'B']);
	});

	it.each(['${}', '${1A}', '${a-b}', '${A', '${A:b}', '${ A }'])('takes %j for a mistake', (source) => {
		expect(substitute(source, env).malformed).not.toBe('');
	});

	it('does not resolve what a value holds', () => {
		expect(substitute('${X}', () => '${A}').text).toBe('${A}');
	});

	it('are hidden from YAML without moving anything, and shown again', () => {
		const piece = fc.constantFrom('${A}', '${B:-[x], {y}: #}', '{', '}', 'a', ': ', '\n', '$');
		fc.assert(
			fc.property(fc.array(piece), (pieces) => {
				const text = pieces.join('');
				expect(conceal(text)).toHaveLength(text.length);
				expect(reveal(conceal(text))).toBe(text);
			}),
		);
	});
});
