import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { effectiveConfig } from '../../src/config/effective.ts';
import { parseConfig } from '../../src/config/parse-config.ts';

const FULL = readFileSync(resolve(import.meta.dirname, '../../routes/full.yaml'), 'utf8');

type Node = Record<string | number, unknown>;

/** Every place of a document that has something in it. */
function* placesOf(node: unknown): Generator<readonly [Node, string | number]> {
	if (typeof node !== 'object' || node === null) return;
	for (const key of Array.isArray(node) ? node.keys() : Object.keys(node)) {
		yield [node as Node, key];
		yield* placesOf((node as Node)[key]);
	}
}

const junk = fc.constantFrom<unknown>(
	null,
	'',
	'x',
	'/a',
	'${NOWHERE:-y}',
	0,
	-1,
	1.5,
	70_000,
	true,
	[],
	[[]],
	[null],
	['x', 'x'],
	{},
	{ x: null },
	{ constructor: {} },
	[{}],
	[{ name: 'x' }],
	{ name: { name: [] } },
	{ type: 'CORS' },
);

it('takes anything in any place for what it is: valid, or a list of mistakes', () => {
	fc.assert(
		fc.property(fc.array(fc.tuple(fc.nat(), junk), { minLength: 1, maxLength: 4 }), (edits) => {
			const document: unknown = parse(FULL, { merge: true });
			for (const [at, value] of edits) {
				const places = [...placesOf(document)];
				const [node, key] = places[at % places.length] ?? [];
				if (node !== undefined && key !== undefined) node[key] = value;
			}
			const result = parseConfig(stringify(document), 'r.yaml', () => undefined);
			if (result.ok) expect(() => effectiveConfig(result.provenance)).not.toThrow();
			else expect(result.issues.length).toBeGreaterThan(0);
		}),
		{ numRuns: 50 },
	);
});
