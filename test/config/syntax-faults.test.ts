/** Mistakes in the YAML itself: each is told once, with its place and a way out. */
import { describe, expect, it } from 'vitest';
import { mistakesIn } from '../support/mistakes.ts';

const APP = 'app: { port: 8080 }\n';
const INBOUND = 'inbound: { listen: 8000 }\n';
const rule = (yaml: string): string => `${APP}inbound:\n  listen: 8000\n  routes:\n    - ${yaml}\n`;
const match = (yaml: string): string => rule(`matches: [${yaml}]`);

const TABLE: readonly (readonly [what: string, yaml: string, ...mistakes: string[]])[] = [
	[
		'an alias without an anchor',
		`${APP}inbound: *in\n`,
		'2:10 `*in` has no anchor `&in` before it | text that starts with `*` needs quotes',
	],
	['an anchor that holds itself', `${APP}${INBOUND}x-a: &a { b: *a }\n`, '3:14 `*a` stands inside its own anchor'],
	[
		'a merge of what is no mapping',
		`${APP}inbound: { listen: 8000, <<: 5 }\n`,
		'2:30 `<<` takes a mapping or a list of mappings | an alias such as `*defaults`',
	],
	[
		'a tab as indentation',
		`${APP}inbound:\n\tlisten: 8000\n`,
		'3:1 not valid YAML: tabs are not allowed as indentation | indent with spaces',
	],
	[
		'a bracket that is never closed',
		'app: [1\ninbound: 2\n',
		'2:1 not valid YAML: flow sequence in block collection must be sufficiently indented and end with a ] | a `[` before it is not closed',
	],
	[
		'a wildcard without quotes',
		rule('hostnames: [*.shop.svc]'),
		'5:19 `*.shop.svc` has no anchor `&.shop.svc` before it | text that starts with `*` needs quotes',
	],
	[
		'a star without quotes',
		rule('hostnames: [*]'),
		'5:19 not valid YAML: alias cannot be an empty string | text that starts with `*` or `&` needs quotes',
	],
	[
		'a tab that changes what comes after it',
		`${APP}inbound:\n  listen: 8000\n  routes:\n\t- name: a\n`,
		'5:1 not valid YAML: tabs are not allowed as indentation | indent with spaces',
	],
	[
		'a merge of an alias without an anchor',
		`${APP}inbound: { listen: 8000, <<: *gone }\n`,
		'2:30 `*gone` has no anchor `&gone` before it | text that starts with `*` needs quotes',
	],
	[
		'a regular expression without quotes',
		match('{ path: ~ /o/[0-9]+ }'),
		'5:30 not valid YAML: unexpected flow-seq-start at node end | text with quotes, brackets, braces or commas in it needs quotes around it',
	],
	[
		'a key without a blank behind it',
		'app:8080\ninbound: { listen: 8000 }\n',
		'1:1 not valid YAML: implicit keys need to be on a single line | a key ends with `:` and a blank',
	],
	[
		'a quote that is never closed',
		`${APP}inbound: { listen: "8000 }\n`,
		'3:1 not valid YAML: missing closing quote | text that starts with a quote ends with one',
	],
	[
		'a billion laughs',
		`x-0: &a0 [lol]\n${Array.from({ length: 30 }, (_, i) => `x-${i + 1}: &a${i + 1} [${`*a${i}, `.repeat(10)}]\n`).join('')}${APP}${INBOUND}`,
		'7:16 aliases expand to more than 500000 values',
	],
	['UTF-16', '\ufffd\ufffda\0p\0p\0', '1:1 the file is UTF-16 | a file that is saved as UTF-8'],
	[
		'another encoding',
		rule('directResponse: { body: "gr\ufffdn" }'),
		'5:34 there are bytes here that are no UTF-8 text | a file that is saved as UTF-8',
	],
	['bytes', '\x7fELF\x02\0\0', '1:6 there are bytes here that are no UTF-8 text | a file that is saved as UTF-8'],
	['too much', `${APP}${INBOUND}# ${'x'.repeat(2 ** 25)}`, '1:1 the file is too large | at most 32MiB'],
	['an unknown tag', `${APP}inbound: !secret { listen: 8000 }\n`, '2:10 not valid YAML: unresolved tag: !secret'],
	['a mapping as a key', `${APP}${INBOUND}? { a: 1 }\n: 2\n`, '3:3 a key must be plain text'],
];

describe('each mistake is told once, with its place and a way out', () => {
	it.each(TABLE)('%s', (_, yaml, ...mistakes) => {
		expect(mistakesIn(yaml)).toEqual(mistakes);
	});

	it('too many levels', () => {
		const [mistake, ...others] = mistakesIn(`${APP}${INBOUND}x-a: ${'['.repeat(5000)}\n`);
		expect(mistake).toMatch(/^3:\d+ the YAML is nested too deeply$/);
		expect(others).toEqual([]);
	});
});
