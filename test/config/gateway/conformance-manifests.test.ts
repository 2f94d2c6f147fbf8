/** The manifests of the Gateway API's conformance suite, which are no part of the repository. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { formatIssue, type Issue } from '../../../src/config/issue.ts';
import { parseFiles } from '../../../src/config/parse-config.ts';
import { loadRegexCompiler } from '../../../src/routing/regex.ts';

const FILE = join(import.meta.dirname, '../../../../shared/suites/gateway-api-conformance/conformance.json');
const hasSuite = existsSync(FILE);

interface Manifest {
	readonly kind: string;
	readonly spec?: { readonly rules?: readonly unknown[]; readonly parentRefs?: readonly { readonly kind?: string }[] };
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
const LATER = new Set(['BackendTLSPolicy', 'TLSRoute']);
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
		const { inbound, outbound } = result.config;
		const made = isMesh ? outbound?.routes : inbound.routes;
		expect(made).toHaveLength(rules - (NOT_ATTACHED[name] ?? 0));
	});
});
