/** The reference of the route file (docs/routes.md), made from the schemas. */
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
`;

const TAIL = `
## Not in this version

These keys belong to later versions. They are an error that says so, and never ignored.
`;

export function routeFileReference(): string {
	const sections: string[] = [];
	const later: string[] = [];
	addSection('', describeField(routeFileSchema), sections, later);
	const laterList = later.map((line) => `- ${line}`).join('\n');
	return `${HEAD}\n${sections.join('\n')}${TAIL}\n${laterList}\n`;
}

function addSection(path: string, field: Field, sections: string[], later: string[]): void {
	const keys = Object.entries(field.keys ?? {}).map(([key, schema]) => ({ key, field: describeField(schema) }));
	const title = path === '' ? 'Top level' : `\`${path}\``;
	const rows = keys.map((row) => rowOf(row.key, path, row.field));
	const intro = field.description === '' || path === '' ? '' : `${field.description}\n\n`;
	const none = keys.length === 0 ? 'No keys at present.\n' : '';
	const table = keys.length === 0 ? '' : `| key | type | default | |\n| --- | --- | --- | --- |\n${rows.join('\n')}\n`;
	sections.push(`### ${title}\n\n${intro}${none}${table}`);
	noteLater(path, field, later);
	for (const { key, field: child } of keys) {
		const below = blockUnder(child);
		if (below === null) continue;
		addSection(`${joined(path, key)}${below.isList ? '[]' : ''}`, below.field, sections, later);
	}
}

function noteLater(path: string, field: Field, later: string[]): void {
	const keys = field.facts.laterKeys ?? [];
	if (keys.length === 0) return;
	const names = keys.map((key) => `\`${key}\``).join(', ');
	later.push(path === '' ? `at the top: ${names}` : `in \`${path}\`: ${names}`);
}

/** The mapping that a key opens, itself or as the items of its list. What has a short rendering is one value. */
function blockUnder(field: Field): { field: Field; isList: boolean } | null {
	if (field.facts.render !== undefined) return null;
	if (field.keys !== null) return { field, isList: false };
	const item = field.items === null ? null : describeField(field.items);
	return item !== null && item.keys !== null
		? { field: { ...item, description: field.description }, isList: true }
		: null;
}

function rowOf(key: string, path: string, field: Field): string {
	const below = blockUnder(field);
	const anchor = `${joined(path, key)}${below?.isList === true ? '[]' : ''}`;
	const link = `[${anchor}](#${anchor.toLowerCase().replace(/[^a-z0-9-]/g, '')})`;
	const type = below === null ? typeOf(field) : link;
	return `| \`${key}\` | ${type} | ${defaultOf(field, below !== null)} | ${field.description} |`;
}

function typeOf(field: Field): string {
	const { facts, items } = field;
	if (facts.type !== undefined) return facts.type;
	return items === null ? '' : `list of ${typeOf(describeField(items))}`;
}

function defaultOf(field: Field, isBlock: boolean): string {
	if (isRequired(field)) return 'required';
	const { fallback } = field;
	if (fallback === undefined || isBlock) return '';
	return Array.isArray(fallback) ? `\`[${fallback.join(', ')}]\`` : `\`${String(fallback)}\``;
}

function joined(path: string, key: string): string {
	return path === '' ? key : `${path}.${key}`;
}
