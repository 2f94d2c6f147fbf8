/** Listeners of `Gateway` documents: they bound the hostnames of the routes that are attached to them. */
import type { Located } from '../located.ts';
import type { GatewayDocument, Path } from './document.ts';
import { EXPECTED_HOSTNAME, intersect, isHostname } from './hostnames.ts';

/** A hostname with where it was written. */
export interface Hostname {
	readonly text: string;
	readonly node: Located;
	readonly document: GatewayDocument;
	readonly path: Path;
}

export interface Listener {
	readonly name: string;
	/** 0: not said. */
	readonly port: number;
	/** Takes routes of HTTP; others pass bytes through. */
	readonly isHttp: boolean;
	/** `null`: any. */
	readonly hostname: Hostname | null;
}

/** By `namespace/name`. */
export type Gateways = ReadonlyMap<string, readonly Listener[]>;

/** The Gateway API's bound. */
const MAX_LISTENERS = 64;
/** Keys that say where and how a gateway listens, which is the route file's affair here. */
const IGNORED = ['port', 'protocol', 'tls', 'allowedRoutes'] as const;

export function gatewaysOf(documents: readonly GatewayDocument[]): Gateways {
	const [first] = documents;
	const gateways = new Map<string, readonly Listener[]>();
	for (const document of documents) {
		const items = document.list(['spec', 'listeners'], MAX_LISTENERS);
		gateways.set(
			`${document.namespace}/${document.name}`,
			items.map((_, index) => listenerOf(document, ['spec', 'listeners', index])),
		);
	}
	if (first !== undefined) tellIgnored(documents, first);
	return gateways;
}

function listenerOf(document: GatewayDocument, path: Path): Listener {
	const protocol = document.text([...path, 'protocol']) ?? 'HTTP';
	return {
		name: document.text([...path, 'name']) ?? '',
		port: document.port([...path, 'port']),
		isHttp: protocol === 'HTTP' || protocol === 'HTTPS',
		hostname: hostnameAt(document, [...path, 'hostname']),
	};
}

/** `null` when there is none, or none that is valid, which is an error. */
export function hostnameAt(document: GatewayDocument, path: Path): Hostname | null {
	const node = document.at(path);
	const text = document.text(path);
	if (node === null || text === null || text === '') return null;
	if (isHostname(text)) return { text: text.toLowerCase(), node, document, path };
	document.error(node, path, 'is not a hostname', { expected: EXPECTED_HOSTNAME });
	return null;
}

/** Those of a route that a listener lets through, and its own where the route has a wider one. `null`: any. */
export function boundBy(listener: Listener, hostnames: readonly Hostname[]): readonly Hostname[] | null {
	const own = listener.hostname;
	if (own === null) return hostnames.length === 0 ? null : hostnames;
	if (hostnames.length === 0) return [own];
	return hostnames.flatMap((hostname) => {
		const common = intersect(hostname.text, own.text);
		if (common === null) return [];
		return [common === hostname.text ? hostname : own];
	});
}

function tellIgnored(documents: readonly GatewayDocument[], first: GatewayDocument): void {
	const found = IGNORED.filter((key) =>
		documents.some((document) => document.list(['spec', 'listeners']).some((listener) => listener.entries.has(key))),
	);
	if (found.length === 0) return;
	const keys = found.map((key) => `\`${key}\``).join(', ');
	const at = first.at(['spec', 'listeners']) ?? first.node;
	first.note(at, ['spec', 'listeners'], `bound the hostnames of routes; ignored of all gateways: ${keys}`);
}
