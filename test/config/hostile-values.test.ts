import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { effectiveConfig } from '../../src/config/effective.ts';
import { parseConfig } from '../../src/config/parse-config.ts';

const read = (name: string): string => readFileSync(resolve(import.meta.dirname, '../../routes', name), 'utf8');
const FULL = read('full.yaml');
const DOCUMENTS = read('gateway-api.yaml');

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

type Edits = readonly (readonly [number, unknown])[];
const edits = fc.array(fc.tuple(fc.nat(), junk), { minLength: 1, maxLength: 4 });

function edit(document: unknown, changes: Edits): void {
	for (const [at, value] of changes) {
		const places = [...placesOf(document)];
		const [node, key] = places[at % places.length] ?? [];
		if (node !== undefined && key !== undefined) node[key] = structuredClone(value);
	}
}

function judge(text: string): void {
	const result = parseConfig(text, 'r.yaml', () => undefined);
	if (result.ok) expect(() => effectiveConfig(result.provenance)).not.toThrow();
	else expect(result.issues.length).toBeGreaterThan(0);
}

it('takes anything in any place of a document of another kind, too', () => {
	fc.assert(
		fc.property(edits, (changes) => {
			const documents: unknown = parseAllDocuments(DOCUMENTS).map((document) => document.toJS() as unknown);
			edit(documents, changes);
			judge((documents as unknown[]).map((document) => stringify(document)).join('---\n'));
		}),
		{ numRuns: 200 },
	);
});

it.each([
	['a port of a service', 'services: { a: { hostnames: [x], ports: { http: { x: 1 } }, endpoints: [] } }'],
	['a hostname beside documents', 'services: { a: { hostnames: [{ x: 1 }], endpoints: [] } }'],
])('%s may be a mapping, which is a mistake', (_what, yaml) => {
	const services = '---\napiVersion: v1\nkind: Service\nmetadata: { name: a }\nspec: { ports: [{ port: { x: 1 } }] }\n';
	judge(`app: { port: 8080 }\ninbound: { listen: 8000 }\n${yaml}\n${services}`);
});

it.each([
	['a duration', 'app: { port: 8080, health: { path: /, interval: VALUE } }\ninbound: { listen: 8000 }\n'],
	['an address to listen on', 'app: { port: 8080 }\ninbound: { listen: VALUE }\n'],
	[
		'an endpoint',
		'app: { port: 8080 }\ninbound: { listen: 8000 }\nservices: { a: { endpoints: [{ address: VALUE }] } }\n',
	],
	['a port', 'app: { port: 8080 }\ninbound: { listen: 8000 }\nservices: { a: { dns: { name: b, port: VALUE } } }\n'],
])('%s may be a mapping with a constructor whose name is no text, which is a mistake', (_what, yaml) => {
	judge(yaml.replace('VALUE', '{ constructor: { name: { name: [] } } }'));
});

it('takes anything in any place for what it is: valid, or a list of mistakes', () => {
	fc.assert(
		fc.property(edits, (changes) => {
			const document: unknown = parse(FULL, { merge: true });
			edit(document, changes);
			judge(stringify(document));
		}),
		{ numRuns: 50 },
	);
});
