/** What a sidecar is given for a test: a route file of its own, and after it the documents of the test as they are. */
import { stringify } from 'yaml';
import type { Cluster } from './cluster.ts';
import type { ConformanceSuite, ConformanceTest, Manifest, ServicePort } from './suite.ts';

const ROUTES = new Set(['HTTPRoute', 'GRPCRoute', 'TLSRoute', 'TCPRoute', 'UDPRoute']);
const CLASS_NAME = '{GATEWAY_CLASS_NAME}';
export const MESH_NAMESPACE = 'gateway-conformance-mesh';

/** Whom a sidecar stands for: a gateway of the suite, or the client of a mesh. */
export interface Stand {
	/** `''`: the client of a mesh. */
	readonly gateway: string;
	readonly namespace: string;
}

export function routeFileOf(test: ConformanceTest, stand: Stand, suite: ConformanceSuite, cluster: Cluster): string {
	const own = Object.values(test.manifest_docs).flat();
	const gateway = gatewayOf(test, stand, suite);
	const shared = gateway === undefined || own.includes(gateway) ? [] : [gateway];
	const authorities = own.some(({ kind }) => kind === 'BackendTLSPolicy') ? cluster.pki.configMaps : [];
	const documents = [...shared, ...authorities, ...own.filter((document) => concerns(document, stand))];
	const native = {
		app: { port: cluster.app.port, name: 'conformance', namespace: stand.namespace },
		inbound: { listen: '127.0.0.1:0' },
		...(stand.gateway === '' ? { outbound: { listen: '127.0.0.1:0' } } : {}),
		admin: { listen: '127.0.0.1:0' },
		telemetry: { accessLog: { when: 'off' } },
		shutdown: { drain: '1s', propagation: '0s' },
		...(isSecured(gateway) ? { tls: { mode: 'permissive', ...cluster.pki.gateway } } : {}),
		services: servicesOf([...suite.base_manifests, ...suite.mesh_manifests], cluster, stand),
	};
	const slices = own.flatMap((document) => sliceOf(document, cluster));
	return [native, ...documents.map((document) => withEndpoints(document, cluster)), ...slices]
		.map((document) => stringify(document).replaceAll(CLASS_NAME, 'outrigger'))
		.join('---\n');
}

/** Gateways that tests share are part of the suite's base. */
export function gatewayOf(test: ConformanceTest, stand: Stand, suite: ConformanceSuite): Manifest | undefined {
	return [...Object.values(test.manifest_docs).flat(), ...suite.base_manifests].find(
		({ kind, metadata }) =>
			kind === 'Gateway' && metadata.name === stand.gateway && metadata.namespace === stand.namespace,
	);
}

/** A sidecar has one inbound listener, so it stands for one gateway: routes of other gateways are none of its own. */
function concerns({ kind, spec, metadata }: Manifest, stand: Stand): boolean {
	if (!ROUTES.has(kind) || stand.gateway === '') return true;
	return (spec?.parentRefs ?? []).some(
		({ name, namespace }) => name === stand.gateway && (namespace ?? metadata.namespace) === stand.namespace,
	);
}

function servicesOf(services: readonly Manifest[], cluster: Cluster, stand: Stand): Record<string, object> {
	const entries: Record<string, object> = {};
	for (const service of services.filter(({ kind }) => kind === 'Service')) {
		const { name, namespace = 'default' } = service.metadata;
		const pods = cluster.podsOf(service);
		if (pods.length === 0) continue;
		const key = `${name}.${namespace}`;
		const long = [key, `${key}.svc`, `${key}.svc.cluster.local`];
		entries[key] = {
			hostnames: namespace === stand.namespace ? [name, ...long] : long,
			ports: portsOf(service.spec?.ports ?? []),
			endpoints: pods.map((pod) => ({ address: `127.0.0.1:${pod.portFor(service.spec?.ports?.[0]?.targetPort)}` })),
		};
	}
	return entries;
}

/** A service that a test brings along stays a document; what Kubernetes would make of it is another. */
function sliceOf(service: Manifest, cluster: Cluster): Manifest[] {
	const pods = service.kind === 'Service' ? cluster.podsOf(service) : [];
	const { name, namespace } = service.metadata;
	const labels = { 'kubernetes.io/service-name': name };
	return pods.map((pod, index) => ({
		apiVersion: 'discovery.k8s.io/v1',
		kind: 'EndpointSlice',
		metadata: { name: `${name}-${index}`, ...(namespace !== undefined && { namespace }), labels },
		addressType: 'IPv4',
		ports: (service.spec?.ports ?? []).map(({ name: port = '', targetPort }) => {
			return { name: port, protocol: 'TCP', port: pod.portFor(targetPort) };
		}),
		endpoints: [{ addresses: ['127.0.0.1'] }],
	}));
}

function isSecured(gateway: Manifest | undefined): boolean {
	return (gateway?.spec?.listeners ?? []).some(({ protocol }) => protocol === 'HTTPS');
}

function portsOf(ports: readonly ServicePort[]): Record<string, number> {
	return Object.fromEntries(ports.map(({ name, port }) => [name ?? String(port), port]));
}

/** The suite fills slices without endpoints in when it runs: with the pods of `infra-backend-v1`. */
function withEndpoints(document: Manifest, cluster: Cluster): Manifest {
	if (document.kind !== 'EndpointSlice' || document['addressType'] !== 'IPv4') return document;
	const pod = cluster.pods.find(({ name }) => name === 'infra-backend-v1-0');
	const ports = (document['ports'] as readonly ServicePort[]).map((port) => ({ ...port, port: pod?.port }));
	return { ...document, ports, endpoints: [{ addresses: ['127.0.0.1'] }] };
}
