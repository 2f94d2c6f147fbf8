import { describe, expect, it } from 'vitest';
import { parse as parseYaml, stringify } from 'yaml';
import type * as z from 'zod';
import { EXAMPLES } from '../../src/config/examples.ts';
import { routeFileReference } from '../../src/config/reference.ts';
import { routeFileSchema } from '../../src/config/schema/route-file.ts';
import { describeField } from '../../src/config/schema/walk.ts';
import { warningsIn } from '../support/mistakes.ts';

/** What a block needs around an example, by its heading. */
const NEEDED: Readonly<Record<string, object>> = {
	app: { port: 8080 },
	inbound: { listen: 8000 },
	outbound: { listen: '127.0.0.1:15001' },
	'services.*': { endpoints: [{ address: '10.0.0.7:8443', zone: 'a' }] },
	'tests[]': { expect: { route: '' } },
	'inbound.routes[].filters[].requestMirror': { backendRef: { name: 'app' } },
	'inbound.routes[].sessionPersistence': { sessionName: 'sid' },
};
/** What an example needs beside it, by its heading. */
const BESIDE: Readonly<Record<string, object>> = {
	'inbound.routes[].hedge': { backendRefs: [{ name: 'payments' }] },
};
const FILE = {
	app: { port: 8080, zone: 'a' },
	inbound: { listen: 8000 },
	tls: { workloadApi: 'unix:///run/spire/agent.sock' },
	services: {
		payments: {
			endpoints: [{ address: '10.0.0.7:8443', labels: { version: 'v2' } }],
			subsets: { canary: { version: 'v2' } },
		},
	},
};

/** The smallest file in which an example has its place. */
function fileWith(heading: string, example: string): object {
	const segments = heading.split('.');
	const parents = segments.slice(0, segments.at(-1) === '*' ? -2 : -1);
	let value: object = { ...BESIDE[heading], ...parseYaml(example) };
	for (let depth = parents.length; depth > 0; depth--) {
		const segment = parents[depth - 1] ?? '';
		const isSourceThere = segment === '*' && ('dns' in value || 'kubernetes' in value);
		const needed = isSourceThere ? {} : NEEDED[parents.slice(0, depth).join('.')];
		const here: object = { ...needed, ...value };
		if (segment === '*') value = { payments: here };
		else if (segment.endsWith('[]')) value = { [segment.slice(0, -2)]: [here] };
		else value = { [segment]: here };
	}
	return { ...FILE, ...value };
}

/** Every key of the schema that a document has, called as the reference calls it: `inbound.routes[].name`. */
function keysIn(schema: z.core.$ZodType, value: unknown, path: string): string[] {
	const { keys, items, values, facts } = describeField(schema);
	if (typeof value !== 'object' || value === null || facts.render !== undefined) return [];
	if (items !== null) return Array.isArray(value) ? value.flatMap((item) => keysIn(items, item, `${path}[]`)) : [];
	const entries = Object.entries(value);
	if (values !== null) return entries.flatMap(([, entry]) => keysIn(values, entry, `${path}.*`));
	return entries.flatMap(([key, entry]) => {
		const inner = keys?.[key];
		const here = path === '' ? key : `${path}.${key}`;
		return inner === undefined ? [] : [here, ...keysIn(inner, entry, here)];
	});
}

/** Every key of the reference, in the same form. */
function documentedKeys(): string[] {
	let heading = '';
	const found: string[] = [];
	const keys = routeFileReference().split('## Keys')[1]?.split('\n## ')[0] ?? '';
	for (const line of keys.split('\n')) {
		const [, title] = /^### (.+)$/.exec(line) ?? [];
		if (title !== undefined) heading = title === 'Top level' ? '' : title.replaceAll('`', '');
		const [, key] = /^\| `([^`]+)` \|/.exec(line) ?? [];
		if (key !== undefined) found.push(heading === '' ? key : `${heading}.${key}`);
	}
	return found;
}

const ALL = Object.entries(EXAMPLES).flatMap(([heading, examples]) =>
	examples.map((example) => ({ heading, example, file: fileWith(heading, example) })),
);

describe('examples of the reference', () => {
	it.each(ALL)('%#: $heading', ({ file }) => {
		// What is a matter of taste may be warned about, never that an example does nothing.
		const warnings = warningsIn(stringify(file)).filter((warning) => /gets? 50|never matches|no effect/.test(warning));
		expect(warnings).toEqual([]);
	});

	it('stand under headings that there are', () => {
		const text = routeFileReference();
		const lost = Object.keys(EXAMPLES).filter((heading) => heading !== '' && !text.includes(`### \`${heading}\`\n`));
		expect(lost).toEqual([]);
	});

	it('have every key', () => {
		const covered = new Set(ALL.flatMap(({ file }) => keysIn(routeFileSchema, file, '')));
		const documented = documentedKeys();
		expect(documented.length).toBeGreaterThan(150);
		expect(documented.filter((key) => !covered.has(key))).toEqual([]);
	});
});
