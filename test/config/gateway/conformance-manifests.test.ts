/** The manifests of the Gateway API's conformance suite, which are no part of the repository. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { formatIssue, type Issue } from '../../../src/config/issue.ts';
import { parseFiles } from '../../../src/config/parse-config.ts';
import { loadRegexCompiler } from '../../../src/routing/regex.ts';
import { FOLDER } from '../../suites/load-suite.ts';

const FILE = join(FOLDER, 'gateway-api-conformance', 'conformance.json');
const hasSuite = existsSync(FILE);

interface Manifest {
	readonly kind: string;
	readonly metadata: { readonly name: string };
	readonly spec?: { readonly rules?: readonly unknown[] };
}
interface Suite {
	readonly base_manifests: readonly Manifest[];
	readonly mesh_manifests: readonly Manifest[];
	readonly tests: readonly {
		readonly short_name: string;
		readonly manifest_docs: Readonly<Record<string, readonly Manifest[]>>;
	}[];
}

const suite: Suite = hasSuite
	? JSON.parse(readFileSync(FILE, 'utf8'))
	: { base_manifests: [], mesh_manifests: [], tests: [] };
const NATIVE = 'app: { port: 8080 }\ninbound: { listen: 8000 }\noutbound: { listen: 127.0.0.1:15001 }\n';
const LATER = new Set(['TLSRoute']);
/** Its gateway and its route have no hostname in common, on purpose. */
const NOT_ATTACHED: Readonly<Record<string, number>> = { HTTPRouteHostnameIntersection: 1 };
const compileRegex = await loadRegexCompiler();

function text(manifests: readonly Manifest[]): string {
	return manifests.map((manifest) => stringify(manifest)).join('---\n');
}

describe.runIf(hasSuite)(`the conformance suite${hasSuite ? '' : ' (left out: ../shared/suites is not here)'}`, () => {
	it.each(
		suite.tests.map(({ short_name, manifest_docs }) => [short_name, Object.values(manifest_docs).flat()] as const),
	)('%s: its routes become rules, and what is of a later version is named', (name, manifests) => {
		const isMesh = name.startsWith('Mesh');
		const around = text(isMesh ? suite.mesh_manifests : suite.base_manifests);
		const files = [
			{ file: 'routes.yaml', text: NATIVE },
			{ file: 'base.yaml', text: around },
			{ file: 'test.yaml', text: text(manifests) },
		];
		const result = parseFiles(files, () => undefined, { compileRegex });
		const later = manifests.filter(({ kind }) => LATER.has(kind));
		const issues: readonly Issue[] = result.ok ? [] : result.issues;
		expect(issues.map((issue) => formatIssue(issue).split('\n')[0]?.replace(/^\S+ /, ''))).toEqual(
			later.map(({ kind }) => `\`kind: ${kind}\` is not supported by this version`),
		);
		if (!result.ok) return;
		const routes = manifests.filter(({ kind }) => kind.endsWith('Route'));
		const rules = routes.reduce((sum, { spec }) => sum + (spec?.rules?.length ?? 1), 0);
		const { inbound, outbound, services } = result.config;
		const isAskedByTls = services.some(({ policy }) => policy.tls.mode === 'simple');
		expect(isAskedByTls).toBe(manifests.some(({ kind }) => kind === 'BackendTLSPolicy'));
		// What none of them takes has a rule of its own, which answers by itself.
		const made = isMesh ? outbound?.routes.filter((rule) => rule.directResponse === null) : inbound.routes;
		expect(made).toHaveLength(rules - (NOT_ATTACHED[name] ?? 0));
	});

	const httpRoutes = suite.tests.flatMap(({ short_name, manifest_docs }) =>
		Object.values(manifest_docs)
			.flat()
			.filter(({ kind }) => kind === 'HTTPRoute')
			.map((manifest) => [`${short_name}: ${manifest.metadata.name}`, manifest] as const),
	);

	it.each(httpRoutes)('%s: its rules mean the same when they are pasted under `routes`', (_, { metadata, spec }) => {
		const route = {
			apiVersion: 'gateway.networking.k8s.io/v1',
			kind: 'HTTPRoute',
			metadata,
			spec: { rules: spec?.rules },
		};
		const native = { app: { port: 8080 }, inbound: { listen: 8000 } };
		const rulesOf = (...documents: readonly unknown[]) => {
			const source = documents.map((document) => stringify(document)).join('---\n');
			const result = parseFiles([{ file: 'r.yaml', text: source }], () => undefined, { compileRegex });
			if (!result.ok) throw new Error(result.issues.map((issue) => formatIssue(issue)).join('\n'));
			return result.config.inbound.routes.map(({ name, matches, filters, timeouts, retry }) => ({
				name,
				matches,
				filters,
				timeouts,
				attempts: retry?.attempts,
				codes: retry?.codes,
			}));
		};
		const pasted = { ...native, inbound: { ...native.inbound, routes: spec?.rules } };
		expect(rulesOf(native, route)).toEqual(rulesOf(pasted));
	});
});
