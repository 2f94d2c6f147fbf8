import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseAllDocuments, stringify } from 'yaml';
import { effectiveConfig } from '../../src/config/effective.ts';
import { parseConfig } from '../../src/config/parse-config.ts';

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

/** Puts junk into some of the places of a text's documents; the text that comes of it. */
function spoilt(text: string, edits: readonly (readonly [number, unknown])[]): string {
	const documents: unknown[] = parseAllDocuments(text, { merge: true }).map((document) => document.toJS());
	for (const [at, value] of edits) {
		const places = [...placesOf(documents)].filter(([node]) => node !== (documents as unknown));
		const [node, key] = places[at % places.length] ?? [];
		if (node !== undefined && key !== undefined) node[key] = structuredClone(value);
	}
	return documents.map((document) => stringify(document)).join('---\n');
}

it.each(['full.yaml', 'gateway-api.yaml'])(
	'takes anything in any place of %s for what it is: valid, or a list of mistakes',
	(file) => {
		const text = readFileSync(resolve(import.meta.dirname, '../../routes', file), 'utf8');
		fc.assert(
			fc.property(fc.array(fc.tuple(fc.nat(), junk), { minLength: 1, maxLength: 4 }), (edits) => {
				const result = parseConfig(spoilt(text, edits), 'r.yaml', () => undefined);
				if (result.ok) expect(() => effectiveConfig(result.provenance)).not.toThrow();
				else expect(result.issues.length).toBeGreaterThan(0);
			}),
			{ numRuns: 50 },
		);
	},
);
