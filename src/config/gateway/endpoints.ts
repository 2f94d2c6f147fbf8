/** `EndpointSlice` documents: where the pods of a service are. */
import type { Located } from '../located.ts';
import type { BackendTls } from './backend-tls.ts';
import type { GatewayDocument, Path } from './document.ts';
import { mapNode, placeOf, scalarNode } from './nodes.ts';

const SERVICE_LABEL = 'kubernetes.io/service-name';

/** A port of a service that callers use. */
export interface ServicePort {
	/** `''`: not named. */
	readonly name: string;
	readonly port: number;
	/** 0: one that only the slices know, or the same. */
	readonly targetPort: number;
	/** What it says that it speaks; `''`: nothing. */
	readonly appProtocol: string;
	/** `null`: it is asked in plaintext. */
	readonly tls: BackendTls | null;
	readonly path: Path;
	readonly node: Located;
}

/** Slices by the service that they belong to. */
export class Slices {
	readonly #byService = new Map<string, GatewayDocument[]>();

	constructor(documents: readonly GatewayDocument[]) {
		for (const document of documents) {
			const service = document.text(['metadata', 'labels', SERVICE_LABEL]);
			if (service === null) {
				const expected = `the label \`${SERVICE_LABEL}\``;
				document.warning(document.node, [], 'belongs to no service, and is ignored', { expected });
				continue;
			}
			const key = `${document.namespace}/${service}`;
			const known = this.#byService.get(key);
			if (known === undefined) this.#byService.set(key, [document]);
			else known.push(document);
		}
	}

	/** Entries of `endpoints`, by address. `isOnly`: the service has no other port, so names need not agree. */
	endpointsOf(service: GatewayDocument, port: ServicePort, isOnly: boolean): ReadonlyMap<string, Located> {
		const endpoints = new Map<string, Located>();
		for (const slice of this.#byService.get(`${service.namespace}/${service.name}`) ?? []) {
			const target = targetPortOf(slice, port, isOnly);
			if (target === 0) continue;
			for (const [index, node] of slice.list(['endpoints']).entries()) {
				addEndpoint(slice, ['endpoints', index], node, target, endpoints);
			}
		}
		return endpoints;
	}
}

/** 0: the slice has nothing for this port. */
function targetPortOf(slice: GatewayDocument, port: ServicePort, isOnly: boolean): number {
	const ports = slice.list(['ports']);
	const unlisted = port.targetPort === 0 ? port.port : port.targetPort;
	if (ports.length === 0) return unlisted;
	for (const index of ports.keys()) {
		const name = slice.text(['ports', index, 'name']) ?? '';
		if (name !== port.name && !(isOnly && ports.length === 1)) continue;
		const target = slice.port(['ports', index, 'port']);
		return target === 0 ? unlisted : target;
	}
	return 0;
}

function addEndpoint(
	slice: GatewayDocument,
	path: Path,
	node: Located,
	port: number,
	endpoints: Map<string, Located>,
): void {
	if (slice.at([...path, 'conditions', 'ready'])?.value === false) return;
	// All addresses of an endpoint are the same pod's, and the first stands for them (KEP-752).
	const addressPath: Path = [...path, 'addresses', 0];
	const address = slice.text(addressPath);
	const at = slice.at(addressPath);
	if (address === null || at === null) return;
	const place = placeOf(at, slice.origin(addressPath));
	const text = `${address.includes(':') ? `[${address}]` : address}:${port}`;
	const entries = new Map([['address', scalarNode(text, place, at)]]);
	const zone = slice.at([...path, 'zone']);
	if (zone !== null) entries.set('zone', zone);
	// Two slices may have the same pod while it moves from one to the other.
	if (!endpoints.has(text)) endpoints.set(text, mapNode(entries, placeOf(node, slice.origin(path))));
}
