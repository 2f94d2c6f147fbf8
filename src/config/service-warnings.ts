/** What is allowed of a service and still probably not meant. */
import type { Config, Rule } from './config.ts';
import { type Located, locate, type PathSegment } from './located.ts';
import { isHashed } from './schema/load-balancer.ts';
import type { EndpointSource, ServiceConfig } from './service-config.ts';

export interface ServiceWarning {
	readonly path: readonly PathSegment[];
	/** Completes "`path` …". */
	readonly message: string;
	readonly expected?: string;
}

export function* serviceWarnings(config: Config, root: Located): Generator<ServiceWarning> {
	for (const service of config.services) {
		const path = ['services', service.name];
		// Of a document of another kind it has been said in its own words.
		const isDescribed = locate(root, [...path, 'endpoints']).node.origin !== undefined;
		if (service.source === null && service.endpoints.length === 0 && !isDescribed) {
			yield { path: [...path, 'endpoints'], message: 'is empty: its requests get 503' };
		}
		yield* aboutSubsets(service, [...path, 'subsets']);
		yield* aboutZone(service, config.app.zone, [...path, 'loadBalancer', 'zone']);
		yield* aboutHash(service, config, [...path, 'loadBalancer']);
		const { outlierDetection } = service.policy;
		if (outlierDetection?.consecutiveErrors === 0 && outlierDetection.successRate === null) {
			yield { path: [...path, 'outlierDetection'], message: 'never leaves out an endpoint', expected: '`off`' };
		}
	}
}

/** What gives a subset endpoints where they have no labels. */
const WITHOUT_LABELS: Readonly<Partial<Record<EndpointSource['is'], string>>> = {
	dns: '`endpoints` or `file`, whose endpoints have labels',
	kubernetes: 'a Service of its own, such as `{ service: payments-canary }`',
};

function* aboutSubsets({ source, endpoints, subsets }: ServiceConfig, path: readonly PathSegment[]) {
	// The labels in a file are known when it is read.
	if (source?.is === 'file') return;
	const expected = source === null ? '' : (WITHOUT_LABELS[source.is] ?? '');
	for (const [subset, labels] of Object.entries(subsets)) {
		const wanted = Object.entries(labels);
		const isThere = endpoints.some((endpoint) => wanted.every(([key, value]) => endpoint.labels[key] === value));
		const isWhole = source !== null && wanted.length === 0;
		if (isThere || isWhole) continue;
		yield { path: [...path, subset], message: 'has no endpoint: its requests get 503', expected };
	}
}

function* aboutZone({ source, endpoints, policy }: ServiceConfig, zone: string, path: readonly PathSegment[]) {
	if (policy.loadBalancer.zone !== 'prefer') return;
	const haveNone = source === null ? endpoints.every((endpoint) => endpoint.zone === '') : source.is === 'dns';
	if (zone === '') {
		yield { path, message: 'has no effect: nothing says in which zone the app is', expected: '`app: { zone: a }`' };
	} else if (haveNone) {
		yield { path, message: 'has no effect: no endpoint says its zone', expected: '`any`' };
	}
}

function* aboutHash(service: ServiceConfig, config: Config, path: readonly PathSegment[]) {
	const { policy, hash, slowStart } = service.policy.loadBalancer;
	if (!isHashed(policy)) return;
	if (slowStart > 0) {
		const message = `has no effect with \`${policy}\`: each step would give requests to another endpoint`;
		yield { path: [...path, 'slowStart'], message };
	}
	if (hash.by === 'sourceIp' && isCalledByApp(service, config)) {
		const message = 'sends all that the app asks to one endpoint: its requests come from one address';
		yield { path: [...path, 'hash'], message, expected: '`hash: { header: x-user }`, or another policy' };
	}
}

/** Whether the app itself asks it, as far as the file tells. */
function isCalledByApp({ name, hostnames, listen }: ServiceConfig, { outbound }: Config): boolean {
	if (listen !== null) return true;
	const asksIt = ({ backendRefs }: Rule): boolean => backendRefs.some(({ service }) => service === name);
	return outbound !== null && (hostnames.length > 0 || outbound.routes.some(asksIt));
}
