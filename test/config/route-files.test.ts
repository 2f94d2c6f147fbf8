import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import * as z from 'zod';
import type { Config } from '../../src/config/config.ts';
import { effectiveConfig } from '../../src/config/effective.ts';
import { effectiveYaml } from '../../src/config/effective-yaml.ts';
import { formatIssue } from '../../src/config/issue.ts';
import { routeFileJsonSchema } from '../../src/config/json-schema.ts';
import { type ParsedConfig, parseConfig } from '../../src/config/parse-config.ts';
import { routeFileReference } from '../../src/config/reference.ts';
import { routeFileSchema } from '../../src/config/schema/route-file.ts';
import { describeField } from '../../src/config/schema/walk.ts';
import { loadRegexCompiler } from '../../src/routing/regex.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(resolve(ROOT, path), 'utf8');
const FILES = readdirSync(resolve(ROOT, 'routes')).filter((name) => name.endsWith('.yaml'));
const compileRegex = await loadRegexCompiler();

function parse(text: string, file: string): ParsedConfig {
	const result = parseConfig(text, file, () => undefined, { compileRegex });
	if (!result.ok) throw new Error(result.issues.map((issue) => formatIssue(issue)).join('\n'));
	return result;
}

/** Without places, and without what tells whether something was written. */
function meaning(config: Config): unknown {
	const isOfTheText = new Set(['at', 'origin', 'isNamed', 'idleIsExplicit']);
	return JSON.parse(JSON.stringify(config, (key, value: unknown) => (isOfTheText.has(key) ? undefined : value)));
}

describe.each(FILES)('routes/%s', (name) => {
	const file = `routes/${name}`;

	it('is valid and without warnings for what it does not say on purpose', () => {
		expect(parse(read(file), file).warnings.map((warning) => formatIssue(warning))).toEqual([]);
	});

	it('means the same when it is written out with all defaults', () => {
		const first = parse(read(file), file);
		const written = effectiveYaml(effectiveConfig(first.provenance));
		expect(meaning(parse(written, file).config)).toEqual(meaning(first.config));
	});

	it('is taken by the JSON Schema as well', () => {
		const schema = z.fromJSONSchema(routeFileJsonSchema());
		for (const document of parseAllDocuments(read(file), { merge: true })) {
			expect(schema.safeParse(document.toJS()).error).toBeUndefined();
		}
	});
});

describe('the JSON Schema', () => {
	const schema = z.fromJSONSchema(routeFileJsonSchema());
	const base = { app: { port: 8080 }, inbound: { listen: 8000 } };
	const withRule = (rule: object): object => ({ ...base, inbound: { listen: 8000, routes: [rule] } });
	const withFilter = (filter: object): object => withRule({ filters: [filter] });

	it.each([
		['a reference to the environment for a number', { ...base, app: { port: '${PORT}' } }, true],
		['off', { ...base, inbound: { listen: 8000, routes: [{ retry: 'off' }] } }, true],
		['a short path', { ...base, inbound: { listen: 8000, routes: [{ matches: [{ path: '= /a' }] }] } }, true],
		['a short list of headers', withFilter({ requestHeaderModifier: { set: { 'x-a': 'b' } } }), true],
		['a filter with an unknown key', withFilter({ urlRewrit: {} }), false],
		['a key of a rate limit', withRule({ rateLimit: { requests: 1, by: ['peer', { header: 'a' }] } }), true],
		['a key of a rate limit that is none', withRule({ rateLimit: { requests: 1, by: ['ip'] } }), false],
		['services by name', { ...base, services: { a: { endpoints: [{ address: 'a:80' }] } } }, true],
		['a service without endpoints', { ...base, services: { a: {} } }, false],
		['a service with two sources', { ...base, services: { a: { endpoints: [], file: 'a.yaml' } } }, false],
		['a service by another source', { ...base, services: { a: { dns: { name: 'a', port: 80 } } } }, true],
		['an unknown key of a service', { ...base, services: { a: { endpoints: [], connect: { idel: '4s' } } } }, false],
		['a health check', { ...base, services: { a: { endpoints: [], healthCheck: { path: '/', expect: 204 } } } }, true],
		[
			'a health check of two kinds',
			{ ...base, services: { a: { endpoints: [], healthCheck: { path: '/', tcp: true } } } },
			false,
		],
		['a service without health check', { ...base, services: { a: { endpoints: [], healthCheck: 'off' } } }, true],
		['a hash key', { ...base, services: { a: { endpoints: [], loadBalancer: { hash: { header: 'x' } } } } }, true],
		['a hash key that is none', { ...base, services: { a: { endpoints: [], loadBalancer: { hash: 'peer' } } } }, false],
		['a hedge', withRule({ hedge: { after: '50ms' } }), true],
		['a hedge that is none', withRule({ hedge: { after: 'p99' } }), false],
		['an unknown key', { ...base, admn: {} }, false],
		['an identity in files', { ...base, tls: { certificate: 'a', key: 'b', trustBundle: 'c', minVersion: 1.3 } }, true],
		['an identity of the Workload API', { ...base, tls: { workloadApi: 'unix:///run/a.sock' } }, true],
		['an identity of both', { ...base, tls: { certificate: 'a', workloadApi: 'unix:///run/a.sock' } }, false],
		['an identity of nothing', { ...base, tls: {} }, false],
		[
			'an authorization',
			withRule({ authorization: { deny: [{ paths: ['/a*'], headers: { a: '*' }, sources: ['::/0'] }] } }),
			true,
		],
		['an authorization by a regular expression', withRule({ authorization: { allow: [{ paths: ['/*/a'] }] } }), false],
		['a document beside it', { apiVersion: 'v1', kind: 'Service', metadata: { name: 'a' } }, true],
		['a document that does not say what it is', { apiVersion: 'v1', metadata: { name: 'a' } }, false],
		['a bad duration', { ...base, shutdown: { drain: '5' } }, false],
		['a missing block', { app: { port: 8080 } }, false],
		['a bad word', { ...base, localReplies: 'loud' }, false],
	])('judges %s', (_, value, isValid) => {
		expect(schema.safeParse(value).success).toBe(isValid);
	});

	it('describes every key', () => {
		const undescribed: string[] = [];
		const visit = (field: ReturnType<typeof describeField>, path: string): void => {
			for (const [key, child] of Object.entries(field.keys ?? {})) {
				const below = describeField(child);
				if (below.description === '') undescribed.push(`${path}.${key}`);
				const inner = below.items ?? below.values;
				visit(inner === null ? below : describeField(inner), `${path}.${key}`);
			}
		};
		visit(describeField(routeFileSchema), '');
		expect(undescribed).toEqual([]);
	});
});

describe('what `npm run docs` writes is up to date', () => {
	it('schema/outrigger.schema.json', () => {
		expect(read('schema/outrigger.schema.json')).toBe(`${JSON.stringify(routeFileJsonSchema(), null, 2)}\n`);
	});

	it('docs/routes.md', () => {
		expect(read('docs/routes.md')).toBe(routeFileReference());
	});

	it('routes/full.yaml has every key', () => {
		const text = read('routes/full.yaml');
		const missing: string[] = [];
		const visit = (field: ReturnType<typeof describeField>): void => {
			if (field.facts.render !== undefined) return;
			for (const [key, child] of Object.entries(field.keys ?? {})) {
				if (!new RegExp(`\\b${key}:|\`${key}:`).test(text)) missing.push(key);
				const below = describeField(child);
				const inner = below.items ?? below.values;
				visit(inner === null ? below : describeField(inner));
			}
		};
		visit(describeField(routeFileSchema));
		expect(missing).toEqual([]);
	});
});
