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
	/** Of gRPC. */
	readonly authority?: string | null;
	readonly metadata?: Readonly<Record<string, string>> | null;
}

export interface ForwardedRequest {
	readonly host: string | null;
	readonly path: string;
	readonly method: string;
	readonly headers: Readonly<Record<string, string>>;
	readonly absent_headers: readonly string[];
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
	/** Of gRPC they have lists of values, which the suite itself does not compare. */
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

export function loadConformance(): ConformanceSuite {
	const suite = JSON.parse(readFileSync(FILE, 'utf8')) as ConformanceSuite;
	return { ...suite, tests: suite.tests.map((test) => ({ ...test, cases: test.cases.map(corrected) })) };
}

function corrected(one: ConformanceCase): ConformanceCase {
	const path = MISPRINTED_PATHS[one.id];
	const forwarded = one.expect?.forwarded_request;
	if (path === undefined || forwarded === undefined) return one;
	return { ...one, expect: { ...one.expect, forwarded_request: { ...forwarded, path } } };
}

export function isMesh(test: ConformanceTest): boolean {
	return test.features.includes('Mesh');
}
