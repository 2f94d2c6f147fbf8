/** `Service` documents as entries of `services`, beside those that the route file itself has. */
import { type Located, scalarText } from '../located.ts';
import type { BackendTlsPolicies } from './backend-tls.ts';
import type { GatewayDocument } from './document.ts';
import { type ServicePort, Slices } from './endpoints.ts';
import { listNode, mapNode, placeOf, scalarNode } from './nodes.ts';
import type { ServiceName } from './service-name.ts';

/** What ports may say that they speak and this version does not (KEP-3726, GEP-1911, Istio's names). */
const NOT_SPOKEN = new Set([
	'kubernetes.io/h2c',
	'kubernetes.io/wss',
	'grpc',
	'grpc-web',
	'h2c',
	'http2',
	'https',
	'tcp',
	'tls',
	'udp',
]);
/** Of these, what a `BackendTLSPolicy` says how to speak. */
const SPOKEN_BY_TLS = new Set(['kubernetes.io/wss', 'https']);
const CLUSTER_DOMAIN = 'cluster.local';

/** Whom a reference to a service means. */
export type Target =
	/** An entry of the route file, or nobody: the reference says it all. */
	| { readonly is: 'asWritten' }
	| { readonly is: 'entry'; readonly name: string }
	| { readonly is: 'notSpoken'; readonly protocol: string };

interface Entry {
	readonly name: string;
	readonly ports: readonly ServicePort[];
	readonly endpoints: readonly Located[];
}

/** A service of which ports with the same endpoints are one entry. */
interface ClusterService {
	readonly document: GatewayDocument;
	readonly ports: readonly ServicePort[];
	readonly entries: readonly Entry[];
}

export class ClusterServices {
	readonly #namespace: string;
	/** Entries of the route file. */
	readonly #native: ReadonlyMap<string, Located>;
	readonly #nativeHostnames: ReadonlySet<string>;
	/** By `name.namespace`; without those that the route file has. */
	readonly #services = new Map<string, ClusterService>();

	constructor(
		documents: readonly GatewayDocument[],
		slices: readonly GatewayDocument[],
		native: ReadonlyMap<string, Located>,
		namespace: string,
		policies: BackendTlsPolicies,
	) {
		this.#namespace = namespace;
		this.#native = native;
		this.#nativeHostnames = hostnamesOf(native);
		const found = new Slices(slices);
		for (const document of documents) {
			if (this.#isNative(document)) continue;
			this.#services.set(keyOf(document), clusterService(document, found, policies));
		}
	}

	/** Whether a name that a reference has means an entry of the route file. */
	hasNative(service: ServiceName): boolean {
		return this.nativeNameOf(service) !== null;
	}

	/** The entry of the route file that a reference means; `null`: none. */
	nativeNameOf(service: ServiceName): string | null {
		if (this.#native.has(keyOf(service))) return keyOf(service);
		return !this.#services.has(keyOf(service)) && this.#native.has(service.name) ? service.name : null;
	}

	/** Whether a document describes it. */
	has(service: ServiceName): boolean {
		return this.#services.has(keyOf(service));
	}

	/** The route file may say where a service is that cannot be reached as the cluster has it. */
	#isNative(service: ServiceName): boolean {
		if (this.#native.has(keyOf(service))) return true;
		if (!this.#native.has(service.name)) return false;
		return (
			service.namespace === this.#namespace || longNamesOf(service).some((name) => this.#nativeHostnames.has(name))
		);
	}

	/** `port` 0: any. */
	targetOf(service: ServiceName, port: number): Target {
		const known = this.#services.get(keyOf(service));
		if (known === undefined) return { is: 'asWritten' };
		const meant = port === 0 ? known.ports[0] : known.ports.find((each) => each.port === port);
		if (meant !== undefined && !isSpoken(meant)) {
			return { is: 'notSpoken', protocol: meant.appProtocol };
		}
		const entry = known.entries.find(({ ports }) => meant !== undefined && ports.includes(meant)) ?? known.entries[0];
		// A port that the service does not list: its first entry does not list it either, which is found out there.
		if (entry === undefined) return { is: 'asWritten' };
		return { is: 'entry', name: entry.name };
	}

	/** Ports of a service that callers use; `null`: nothing is known of it. */
	portsOf(service: ServiceName): readonly number[] | null {
		const known = this.#services.get(keyOf(service));
		if (known !== undefined) return known.ports.map(({ port }) => port);
		const ports = (this.#native.get(keyOf(service)) ?? this.#native.get(service.name))?.entries.get('ports');
		if (ports === undefined || ports.entries.size === 0) return null;
		return [...ports.entries.values()].map(({ value }) => Number(scalarText(value)));
	}

	/** As callers write it. The short one is left to the app's own namespace if that has one of that name. */
	namesOf(service: ServiceName): readonly string[] {
		const own = { namespace: this.#namespace, name: service.name };
		const isTaken = service.namespace !== this.#namespace && this.#services.has(keyOf(own));
		return isTaken ? longNamesOf(service) : [service.name, ...longNamesOf(service)];
	}

	/** For `services` of the route file's tree. */
	entries(): ReadonlyMap<string, Located> {
		const nodes = new Map<string, Located>();
		const taken = new Set(this.#nativeHostnames);
		for (const service of this.#inOrder()) {
			const names = this.namesOf(service.document).filter((name) => !taken.has(name));
			for (const name of names) taken.add(name);
			for (const entry of service.entries) nodes.set(entry.name, nodeOf(service, entry, names));
		}
		return nodes;
	}

	/** A short name that two namespaces have belongs to the app's own, else to the first. */
	#inOrder(): readonly ClusterService[] {
		const isOwn = ({ document }: ClusterService): boolean => document.namespace === this.#namespace;
		const all = [...this.#services.values()];
		return [...all.filter(isOwn), ...all.filter((service) => !isOwn(service))];
	}
}

function hostnamesOf(native: ReadonlyMap<string, Located>): ReadonlySet<string> {
	const hostnames = [...native.values()].flatMap((entry) => entry.entries.get('hostnames')?.items ?? []);
	return new Set(hostnames.map(({ value }) => scalarText(value).toLowerCase()));
}

function keyOf({ namespace, name }: ServiceName): string {
	return `${name}.${namespace}`;
}

function longNamesOf(service: ServiceName): readonly string[] {
	const key = keyOf(service);
	return [key, `${key}.svc`, `${key}.svc.${CLUSTER_DOMAIN}`];
}

function isSpoken({ appProtocol, tls }: ServicePort): boolean {
	return !NOT_SPOKEN.has(appProtocol) || (tls !== null && SPOKEN_BY_TLS.has(appProtocol));
}

/** Ports are one entry where they have the same endpoints, and these are asked in the same way. */
function clusterService(document: GatewayDocument, slices: Slices, policies: BackendTlsPolicies): ClusterService {
	const ports = portsOf(document, policies);
	const groups = new Map<string, { ports: ServicePort[]; endpoints: readonly Located[] }>();
	for (const port of ports) {
		if (!isSpoken(port)) continue;
		const found = slices.endpointsOf(document, port, ports.length === 1);
		const endpoints = port.tls?.isBroken === true ? [] : [...found.values()];
		const key = `${port.tls?.title ?? ''} ${[...found.keys()].sort().join(' ')}`;
		const group = groups.get(key);
		if (group === undefined) groups.set(key, { ports: [port], endpoints });
		else group.ports.push(port);
	}
	const entries = [...groups.values()].map((group, index) => ({
		...group,
		name: entryName(document, group.ports, index),
	}));
	return { document, ports, entries };
}

/** No name in Kubernetes has an underscore, so this is none of another service. */
function entryName(document: GatewayDocument, [first]: readonly ServicePort[], index: number): string {
	return index === 0 ? keyOf(document) : `${keyOf(document)}_${first?.port ?? 0}`;
}

/** Without those of other transports. */
function portsOf(document: GatewayDocument, policies: BackendTlsPolicies): readonly ServicePort[] {
	return document.list(['spec', 'ports']).flatMap((node, index) => {
		const path = ['spec', 'ports', index];
		const protocol = document.text([...path, 'protocol']) ?? 'TCP';
		const port = document.port([...path, 'port']);
		if (protocol !== 'TCP' || port === 0) return [];
		const target = document.at([...path, 'targetPort'])?.value;
		const targetPort = typeof target === 'number' ? target : 0;
		const name = document.text([...path, 'name']) ?? '';
		const appProtocol = document.text([...path, 'appProtocol']) ?? '';
		return [{ name, port, targetPort, appProtocol, tls: policies.of(document, name), path, node }];
	});
}

function nodeOf(service: ClusterService, entry: Entry, hostnames: readonly string[]): Located {
	const { document } = service;
	const { ports, endpoints } = entry;
	const spec = document.at(['spec']) ?? document.node;
	const here = placeOf(spec, document.origin(['spec']));
	const name = document.at(['metadata', 'name']) ?? document.node;
	const named = placeOf(name, document.origin(['metadata', 'name']));
	const tls = ports[0]?.tls ?? null;
	// Of a policy that cannot be obeyed it has been said there.
	if (endpoints.length === 0 && tls?.isBroken !== true) warnOfNothing(service, entry, spec);
	const portNodes = ports.map((port) => portNode(document, port));
	const entries = new Map([
		[
			'ports',
			mapNode(new Map(portNodes), placeOf(document.at(['spec', 'ports']) ?? spec, document.origin(['spec', 'ports']))),
		],
		['endpoints', listNode(endpoints, here)],
	]);
	if (hostnames.length > 0) {
		entries.set(
			'hostnames',
			listNode(
				hostnames.map((text) => scalarNode(text, named, name)),
				named,
			),
		);
	}
	if (tls !== null) entries.set('tls', tls.node);
	return mapNode(entries, here);
}

/** Ports without endpoints are one entry: the first of them is shown, unless they are all. */
function warnOfNothing({ document, entries }: ClusterService, { ports: [first] }: Entry, spec: Located): void {
	const expected = `an \`EndpointSlice\` of it, or an entry \`${keyOf(document)}\` of \`services\``;
	const message = 'has no endpoints: its requests get 503';
	if (entries.length === 1 || first === undefined) document.warning(spec, [], message, { expected });
	else document.warning(first.node, first.path, message, { expected });
}

/** What its name is and what its number: an entry of `ports`. */
function portNode(document: GatewayDocument, { name, port, path, node }: ServicePort): [string, Located] {
	const number = node.entries.get('port') ?? node;
	const named = node.entries.get('name');
	if (name === '' || named === undefined) {
		return [String(port), scalarNode(port, placeOf(number, document.origin([...path, 'port'])))];
	}
	const place = { span: number.span, key: named.span, origin: document.origin([...path, 'name']) };
	return [name, scalarNode(port, place)];
}
