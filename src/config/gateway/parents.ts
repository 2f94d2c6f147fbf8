/** What a route is attached to: by it the rules are inbound ones, outbound ones, both or none, and for which hostnames. */
import type { Located } from '../located.ts';
import type { GatewayDocument, Path } from './document.ts';
import { boundBy, type Gateways, type Hostname, hostnameAt, type Listener } from './listeners.ts';
import { placeOf } from './nodes.ts';
import { type PortGroup, portGroups, type ServiceParent } from './service-ports.ts';
import type { ClusterServices } from './services.ts';

/** The Gateway API's bounds. */
const MAX_PARENTS = 32;
const MAX_HOSTNAMES = 16;
const PARENT_KEYS = ['group', 'kind', 'namespace', 'name', 'sectionName', 'port'];
const GATEWAY_GROUP = 'gateway.networking.k8s.io';

export interface Attachment {
	/** `null`: no inbound rules. Empty: any host. */
	readonly inbound: readonly Hostname[] | null;
	/** Empty: no outbound rules. */
	readonly outbound: readonly PortGroup[];
}

export interface Surroundings {
	readonly gateways: Gateways;
	readonly services: ClusterServices;
	/** Namespace of the app. */
	readonly namespace: string;
}

interface Parent {
	readonly document: GatewayDocument;
	readonly path: Path;
	readonly node: Located;
	readonly namespace: string;
	readonly name: string;
	readonly port: number;
}

export function attachmentOf(document: GatewayDocument, around: Surroundings): Attachment {
	const parents = document.list(['spec', 'parentRefs'], MAX_PARENTS);
	const hostnames = hostnamesOf(document);
	if (parents.length === 0) return { inbound: hostnames, outbound: [] };
	const inbound = new HostnameSet();
	const services: ServiceParent[] = [];
	for (const [index, node] of parents.entries()) {
		const path: Path = ['spec', 'parentRefs', index];
		if (!document.checkKeys(path, PARENT_KEYS)) continue;
		const parent = parentOf(document, path, node);
		if (parent === null) continue;
		if (isService(document, path)) services.push(...serviceOf(parent, around));
		else inbound.add(hostnamesAt(parent, hostnames, around.gateways));
	}
	const isMeshOnly = services.length > 0 && !inbound.isAttached;
	const written = document.at(['spec', 'hostnames']);
	if (isMeshOnly && hostnames.length > 0 && written !== null) {
		document.note(written, ['spec', 'hostnames'], 'are ignored: rules of a service are for its own names');
	}
	return { inbound: inbound.isAttached ? inbound.hostnames : null, outbound: portGroups(services) };
}

/** The union over parents; once any host is in it, it is any host. */
class HostnameSet {
	isAttached = false;
	#isAny = false;
	readonly #byText = new Map<string, Hostname>();

	/** `null`: any; empty: the parent takes nothing of the route. */
	add(hostnames: readonly Hostname[] | null): void {
		if (hostnames !== null && hostnames.length === 0) return;
		this.isAttached = true;
		if (hostnames === null) this.#isAny = true;
		for (const hostname of hostnames ?? []) {
			if (!this.#byText.has(hostname.text)) this.#byText.set(hostname.text, hostname);
		}
	}

	get hostnames(): readonly Hostname[] {
		return this.#isAny ? [] : [...this.#byText.values()];
	}
}

function hostnamesOf(document: GatewayDocument): readonly Hostname[] {
	const items = document.list(['spec', 'hostnames'], MAX_HOSTNAMES);
	return items.flatMap((_, index) => hostnameAt(document, ['spec', 'hostnames', index]) ?? []);
}

function parentOf(document: GatewayDocument, path: Path, node: Located): Parent | null {
	const name = document.text([...path, 'name']);
	if (name === null || name === '') {
		if (document.at([...path, 'name']) === null) document.error(node, path, 'has no `name`');
		return null;
	}
	const namespace = document.text([...path, 'namespace']) ?? document.namespace;
	return { document, path, node, namespace, name, port: document.port([...path, 'port']) };
}

function isService(document: GatewayDocument, path: Path): boolean {
	const group = document.text([...path, 'group']) ?? GATEWAY_GROUP;
	return (
		document.text([...path, 'kind']) === 'Service' && (group === '' || group === 'core' || group === GATEWAY_GROUP)
	);
}

// --- gateways --------------------------------------------------------------------------------------------------------

/** Of a parent that no document describes nothing is known, so nothing is bounded. `null`: any. */
function hostnamesAt(parent: Parent, hostnames: readonly Hostname[], gateways: Gateways): readonly Hostname[] | null {
	const { document, path, node, namespace, name, port } = parent;
	const listeners = gateways.get(`${namespace}/${name}`);
	if (listeners === undefined) return hostnames.length === 0 ? null : hostnames;
	const section = document.text([...path, 'sectionName']) ?? '';
	const isMeant = (listener: Listener): boolean =>
		(section === '' || listener.name === section) && (port === 0 || listener.port === port);
	const meant = listeners.filter(isMeant);
	if (meant.length === 0) {
		document.warning(node, path, 'names no listener of its gateway: the route is not attached there');
		return [];
	}
	const takers = meant.filter(({ isHttp }) => isHttp);
	if (takers.length === 0) {
		document.warning(node, path, 'names listeners that do not speak HTTP: the route is not attached there');
		return [];
	}
	const bound = takers.map((listener) => boundBy(listener, hostnames));
	if (bound.includes(null)) return null;
	const all = bound.flatMap((each) => each ?? []);
	if (all.length === 0) {
		const expected = 'a hostname that a listener has as well';
		document.warning(node, path, 'has no hostname in common with the route: it is not attached there', { expected });
	}
	return all;
}

// --- services --------------------------------------------------------------------------------------------------------

/** None: the parent takes nothing of the route. */
function serviceOf(parent: Parent, { services, namespace }: Surroundings): readonly ServiceParent[] {
	const { document, path, node, port } = parent;
	// A route beside its service is for all callers, one elsewhere for those of its own namespace (GEP-1426).
	if (parent.namespace !== document.namespace && document.namespace !== namespace) {
		const expected = `\`app.namespace: ${document.namespace}\` for an app that is meant`;
		document.warning(node, path, 'is for callers of another namespace than the app', { expected });
		return [];
	}
	const known = services.portsOf(parent);
	const portPath: Path = [...path, 'port'];
	const portNode = document.at(portPath) ?? node;
	if (port !== 0 && known?.includes(port) === false) {
		document.warning(portNode, portPath, 'is no port of the service: the route is not attached there');
		return [];
	}
	const at = document.at([...path, 'name']) ?? node;
	const hostnames = services.namesOf(parent).map((text) => ({ text, node: at, document, path: [...path, 'name'] }));
	const place = placeOf(portNode, document.origin(portPath));
	return [{ hostnames, port: port === 0 ? null : { number: port, place }, known }];
}
