/**
 * A file of endpoints, as `services.*.file` names it: the same list as under `services.*.endpoints`, in YAML or JSON. Who
 * calls this in a process that serves loads it when it is needed, and not before: the parser and the schemas come with it.
 */
import { buildEndpoints } from './build-service.ts';
import { checkNamesOfNothing } from './check-names.ts';
import type { EnvironmentLookup } from './environment.ts';
import type { Issue } from './issue.ts';
import { IssueList } from './issue-list.ts';
import { readDocument } from './read-yaml.ts';
import { endpointList } from './schema/endpoints.ts';
import type { EndpointConfig } from './service-config.ts';
import { validateEndpoints } from './validate.ts';

export type EndpointsParse =
	| { readonly ok: true; readonly endpoints: readonly EndpointConfig[] }
	/** At least one, in the order of the file. */
	| { readonly ok: false; readonly issues: readonly Issue[] };

const NO_VARIABLE: EnvironmentLookup = () => undefined;

/** `file`: as issues call it. An empty list is one, an empty file is an error. */
export function parseEndpoints(text: string, file: string, env: EnvironmentLookup = NO_VARIABLE): EndpointsParse {
	const source = { file, text };
	const issues = new IssueList([source]);
	const root = readDocument(source, env, issues);
	const endpoints = root === null ? null : validateEndpoints(root, issues);
	if (root !== null) checkNamesOfNothing(root, issues, endpointList);
	if (endpoints !== null && issues.errors.length === 0) return { ok: true, endpoints: buildEndpoints(endpoints) };
	issues.sort();
	return { ok: false, issues: issues.errors };
}
