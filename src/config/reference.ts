/** The reference of the route file (docs/routes.md), made from the schemas. */
import type * as z from 'zod';
import { EXAMPLES } from './examples.ts';
import { isRequired } from './json-schema.ts';
import { routeFileSchema } from './schema/route-file.ts';
import { describeField, type Field } from './schema/walk.ts';

const HEAD = `# The route file

<!-- Made by \`npm run docs\` from src/config/schema. Changes go there. -->

One YAML file drives one sidecar. Its words are those of the Kubernetes Gateway API wherever that has a word: the rules
of an HTTPRoute can be pasted under \`inbound.routes\`. Everything but these two lines has a default:

\`\`\`yaml
app: { port: 8080 }
inbound: { listen: 8000 }
\`\`\`

Documents of the Gateway API may stand beside it, after \`---\` or in a folder that is named instead of the file:
[Use the Gateway API's documents](how-to/gateway-api.md).

\`outrigger check FILE\` lists every mistake at once. \`outrigger config FILE\` prints the whole configuration with the
defaults filled in and where each value came from. \`outrigger schema\` prints the JSON Schema for editors
([schema/outrigger.schema.json](../schema/outrigger.schema.json)). Files that work as they stand are in
[routes/](../routes); [routes/full.yaml](../routes/full.yaml) has every key.

## How values are written

| | |
| --- | --- |
| duration | \`250ms\`, \`2s\`, \`1h30m\`: up to four parts of up to five digits (GEP-2257). \`0s\` disables a timeout |
| size | \`64KiB\`, \`10MiB\`, \`1KB\`, or plain bytes |
| percentage | \`20%\` or \`20\` |
| port | 1 to 65535; 0 where something listens lets the system choose |
| environment | \`\${NAME}\` and \`\${NAME:-default}\` in values, never in keys. A variable that is not set and has no default is an error. Values from the environment are never shown |
| anchors | YAML anchors, aliases and merge keys (\`<<\`) work. Top-level keys that start with \`x-\` are ignored: a place for anchors |
| nothing | a key without a value has its default |

## Which rule wins

The most specific hostname, then an exact path, then a regular expression (the first in the file), then the longest
prefix, then a rule with a method, then the one with more headers, then with more query parameters, then the first in
the file. When no rule of the best hostname matches, less specific
hostnames are tried. The order of the rules matters only among equals. Paths are normalised before they are matched, and
the same form is forwarded.

## Keys

Each heading is a key; \`[]\` stands for any entry of its list and \`.*\` for any name of its mapping. The examples are
parts of a file: each is that key with what it may hold. What stands in several places is described in the first.
`;

const TAIL = `
## Not in this version

These keys are known, and not supported by this version. They are an error that says so, and never ignored.
`;

export function routeFileReference(): string {
	const reference = new Reference();
	reference.addSection('', describeField(routeFileSchema));
	const later = reference.later.map((line) => `- ${line}`).join('\n');
	return `${HEAD}\n${reference.sections.join('\n')}${TAIL}\n${later}\n`;
}

/** A block that a key opens, with what the key's path gains by it: `[]` for a list, `.*` for a mapping of names. */
interface Block {
	readonly field: Field;
	readonly suffix: '' | '[]' | '.*';
}

class Reference {
	readonly sections: string[] = [];
	readonly later: string[] = [];
	/** Where a block is described. One that stands in several places is described in the first. */
	readonly #places = new Map<z.core.$ZodType, string>();

	addSection(path: string, field: Field): void {
		const keys = Object.entries(field.keys ?? {}).map(([key, schema]) => ({ key, field: describeField(schema) }));
		const below: { readonly path: string; readonly field: Field }[] = [];
		const rows = keys.map((row) => {
			const block = blockUnder(row.field);
			const own = `${joined(path, row.key)}${block?.suffix ?? ''}`;
			const place = block === null ? own : (this.#places.get(block.field.innermost) ?? own);
			if (block !== null && place === own) {
				this.#places.set(block.field.innermost, own);
				below.push({ path: own, field: block.field });
			}
			return rowOf(row.key, row.field, block === null ? null : place);
		});
		const title = path === '' ? 'Top level' : `\`${path}\``;
		const intro = field.description === '' || path === '' ? '' : `${field.description}\n\n`;
		const none = keys.length === 0 ? 'No keys at present.\n' : '';
		const table =
			keys.length === 0 ? '' : `| key | type | default | |\n| --- | --- | --- | --- |\n${rows.join('\n')}\n`;
		const examples = (EXAMPLES[path] ?? []).map((example) => `\n\`\`\`yaml\n${example}\n\`\`\`\n`);
		this.sections.push(`### ${title}\n\n${intro}${none}${table}${examples.join('')}`);
		this.#noteLater(path, field);
		for (const child of below) this.addSection(child.path, child.field);
	}

	#noteLater(path: string, field: Field): void {
		const keys = field.facts.laterKeys ?? [];
		if (keys.length === 0) return;
		const names = keys.map((key) => `\`${key}\``).join(', ');
		this.later.push(path === '' ? `at the top: ${names}` : `in \`${path}\`: ${names}`);
	}
}

/** What has a short rendering is one value, and so is a mapping of names to values. */
function blockUnder(field: Field): Block | null {
	if (field.facts.render !== undefined) return null;
	if (field.keys !== null) return { field, suffix: '' };
	const inner = field.items ?? field.values;
	const below = inner === null ? null : describeField(inner);
	if (below === null || below.keys === null) return null;
	return { field: { ...below, description: field.description }, suffix: field.items === null ? '.*' : '[]' };
}

/** `place` is where the block is described that the key opens; `null` when it opens none. */
function rowOf(key: string, field: Field, place: string | null): string {
	const link = `[${place}](#${(place ?? '').toLowerCase().replace(/[^a-z0-9-]/g, '')})`;
	const type = place === null ? typeOf(field) : link;
	return `| \`${key}\` | ${type} | ${defaultOf(field, place !== null)} | ${field.description} |`;
}

function typeOf(field: Field): string {
	const { facts, items } = field;
	if (facts.type !== undefined) return facts.type;
	return items === null ? '' : `list of ${typeOf(describeField(items))}`;
}

function defaultOf(field: Field, isBlock: boolean): string {
	if (isRequired(field)) return 'required';
	const { fallback } = field;
	if (fallback === undefined || isBlock || isEmptyMapping(fallback)) return '';
	return Array.isArray(fallback) ? `\`[${fallback.join(', ')}]\`` : `\`${String(fallback)}\``;
}

function isEmptyMapping(value: unknown): boolean {
	return typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length === 0;
}

function joined(path: string, key: string): string {
	return path === '' ? key : `${path}.${key}`;
}
