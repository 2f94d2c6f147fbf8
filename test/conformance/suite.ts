/** The Gateway API's own conformance tests, as data: what they send, what they expect, and their manifests. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FOLDER } from '../suites/load-suite.ts';

/** A Kubernetes document, as far as the runner itself looks into it. */
export interface Manifest {
	readonly apiVersion: string;
	readonly kind: string;
	readonly metadata: { readonly name: string; readonly namespace?: string };
	readonly spec?: ManifestSpec;
	readonly [key: string]: unknown;
}

export interface ManifestSpec {
	readonly parentRefs?: readonly ParentRef[];
	readonly listeners?: readonly { readonly name: string; readonly port: number; readonly protocol: string }[];
	readonly selector?: Readonly<Record<string, unknown>>;
	readonly ports?: readonly ServicePort[];
	readonly rules?: readonly ManifestRule[];
	readonly replicas?: number;
	readonly template?: PodTemplate;
}

export interface ManifestRule {
	readonly matches?: readonly { readonly path?: { readonly value?: string } }[];
	readonly filters?: readonly { readonly requestMirror?: ManifestMirror }[];
}

export interface ManifestMirror {
	readonly backendRef: { readonly name: string };
	readonly percent?: number;
	readonly fraction?: { readonly numerator: number; readonly denominator?: number };
}

export interface PodTemplate {
	readonly metadata: { readonly labels: Readonly<Record<string, string>> };
	readonly spec: { readonly containers: readonly { readonly env?: readonly { readonly name: string }[] }[] };
}

export interface ParentRef {
	readonly kind?: string;
	readonly name: string;
	readonly namespace?: string;
}

export interface ServicePort {
	readonly name?: string;
	readonly protocol?: string;
	readonly port: number;
	readonly targetPort?: number;
}

export interface SentRequest {
	readonly method?: string;
	readonly host?: string | null;
	readonly path?: string;
	readonly headers?: Readonly<Record<string, string>>;
	readonly body?: string | null;
	readonly protocol?: string | null;
	readonly echo_set_headers?: Readonly<Record<string, string>>;
	readonly tls_server_name?: string | null;
	/** Of gRPC. */
	readonly authority?: string | null;
	readonly metadata?: Readonly<Record<string, string>> | null;
	readonly message_hex?: string;
}

export interface ForwardedRequest {
	readonly host: string | null;
	readonly path: string;
	readonly method: string;
	readonly headers: Readonly<Record<string, string>>;
	readonly absent_headers: readonly string[];
	/** The server name of TLS towards the backend. */
	readonly sni?: string | null;
}

/** Parts that are absent are those of the request. */
export interface Redirect {
	readonly scheme?: string;
	readonly host?: string;
	readonly port?: string;
	readonly path?: string;
}

export interface Expectation {
	readonly status_any_of?: readonly number[];
	readonly forwarded_request?: ForwardedRequest;
	/** Of gRPC they are lists of values that the backend got, which the suite itself does not compare. */
	readonly response_headers?: Readonly<Record<string, unknown>> | null;
	readonly response_header_any_of?: Readonly<Record<string, readonly string[]>>;
	readonly response_absent_headers?: readonly string[];
	readonly ignore_whitespace?: boolean;
	readonly redirect?: Redirect | null;
	readonly backend_prefix?: string;
	readonly namespace?: string | null;
	readonly mirrored_to?: readonly { readonly name: string; readonly namespace?: string }[];
	readonly must_not_be_status?: number;
	readonly grpc_status?: number;
}

export interface ConformanceCase {
	readonly id: string;
	/** Absent: it asks for the status of a resource. */
	readonly proto?: 'http' | 'grpc' | 'tcp' | undefined;
	readonly name?: string | null;
	readonly request?: SentRequest;
	readonly expect?: Expectation;
	readonly target?: { readonly gateway: string; readonly namespace: string; readonly listeners: readonly string[] };
	readonly tls?: boolean;
	/** What the suite's own client is given besides. */
	readonly upstream_args?: readonly string[] | null;
	/** Shares of pods by the prefix of their names. */
	readonly expected_weights?: Readonly<Record<string, number>>;
}

export interface ConformanceTest {
	readonly short_name: string;
	readonly kind: 'data-plane' | 'l4' | 'status';
	readonly features: readonly string[];
	readonly manifest_docs: Readonly<Record<string, readonly Manifest[]>>;
	readonly cases: readonly ConformanceCase[];
}

export interface ConformanceSuite {
	readonly meta: { readonly repo: string; readonly commit: string; readonly licence: string };
	readonly base_manifests: readonly Manifest[];
	readonly mesh_manifests: readonly Manifest[];
	readonly tests: readonly ConformanceTest[];
}

const FILE = join(FOLDER, 'gateway-api-conformance', 'conformance.json');

/** `''` when the tests are there, else why they are left out. */
export const LEFT_OUT: string = existsSync(FILE)
	? ''
	: `left out: the Gateway API's conformance tests are not at ${FILE} (they are no part of this repository)`;

/** Paths of another case, by id: the suite's own client in a mesh does not look at them, so nobody has noticed. */
const MISPRINTED_PATHS: Readonly<Record<string, string>> = { 'MeshHTTPRouteNamedRule/1': '/unnamed' };

/**
 * Headers of gRPC that are not what the documents of the test say, by id: the suite does not compare them, so nobody has
 * noticed. Three rules match `Echo` alike, of which the first alone holds; in the others values are mistaken.
 */
const MISPRINTED_HEADERS: Readonly<Record<string, Pick<ForwardedRequest, 'headers' | 'absent_headers'>>> = {
	'GRPCRouteRequestHeaderModifier/2': {
		headers: { 'Some-Other-Header': 'this-header-should-be-set', 'X-Header-Set': 'set-overwrites-values' },
		absent_headers: ['X-Header-Add'],
	},
	'GRPCRouteRequestHeaderModifier/3': {
		headers: {
			'Some-Other-Header': 'this-header-should-be-set',
			'X-Header-Set': 'set-overwrites-values',
			'X-Header-Add': 'this-value-should-be-appended',
		},
		absent_headers: [],
	},
	'GRPCRouteRequestHeaderModifier/4': {
		headers: { 'X-Header-Set': 'set-overwrites-values', 'X-Header-Remove': 'this-should-be-removed' },
		absent_headers: [],
	},
	'GRPCRouteRequestHeaderModifier/5': {
		headers: {
			'Some-Other-Header': 'another-header-val',
			'X-Header-Set-1': 'header-set-1',
			'X-Header-Set-2': 'header-set-2',
			'X-Header-Add-1': 'header-add-1',
			'X-Header-Add-2': 'add-header-2,header-add-2',
		},
		absent_headers: ['X-Header-Remove-2'],
	},
	'GRPCRouteRequestHeaderModifier/6': {
		headers: {
			'X-Header-Set-1': 'header-set-1',
			'X-Header-Set-2': 'header-set-2',
			'X-Header-Add-1': 'existing-add-1,header-add-1',
			'X-Header-Add-2': 'header-add-2',
		},
		absent_headers: ['X-Header-Remove-1'],
	},
};

export function loadConformance(): ConformanceSuite {
	const suite = JSON.parse(readFileSync(FILE, 'utf8')) as ConformanceSuite;
	return { ...suite, tests: suite.tests.map((test) => ({ ...test, cases: test.cases.map(corrected) })) };
}

function corrected(one: ConformanceCase): ConformanceCase {
	if (one.proto === 'grpc') return withForwardedHeaders(one);
	const path = MISPRINTED_PATHS[one.id];
	const forwarded = one.expect?.forwarded_request;
	if (path === undefined || forwarded === undefined) return one;
	return { ...one, expect: { ...one.expect, forwarded_request: { ...forwarded, path } } };
}

/** What the suite writes down as headers of the response is what the backend is to have got. */
function withForwardedHeaders(one: ConformanceCase): ConformanceCase {
	const written = Object.entries(one.expect?.response_headers ?? {}).map(([name, values]) => [name, String(values)]);
	const { headers, absent_headers } = MISPRINTED_HEADERS[one.id] ?? {
		headers: Object.fromEntries(written) as Record<string, string>,
		absent_headers: [],
	};
	const path = one.request?.path ?? '/';
	const forwarded_request: ForwardedRequest = { host: null, path, method: 'POST', headers, absent_headers };
	return { ...one, expect: { ...one.expect, forwarded_request } };
}

export function isMesh(test: ConformanceTest): boolean {
	return test.features.includes('Mesh');
}
