/** References to services in a route → names that the route file's `services` have, or the app's. */
import type { Side } from '../config.ts';
import { type Located, scalarText } from '../located.ts';
import type { GatewayDocument, Path } from './document.ts';
import { placeOf, replaced, scalarNode } from './nodes.ts';
import type { ServiceName } from './service-name.ts';
import type { ClusterServices } from './services.ts';

const APP = 'app';

export interface BackendContext {
	readonly document: GatewayDocument;
	readonly side: Side;
	readonly services: ClusterServices;
	/** The app as Kubernetes knows it. */
	readonly app: ServiceName;
}

/** A `backendRef` whose name means in the route file what it means in its document. */
export function resolved(ref: Located, path: Path, { document, side, services, app }: BackendContext): Located {
	const name = ref.entries.get('name');
	if (name === undefined || typeof name.value !== 'string' || !isService(ref)) return ref;
	const given = ref.entries.get('namespace')?.value;
	const service = { name: name.value, namespace: typeof given === 'string' ? given : document.namespace };
	const namePlace = placeOf(name, document.origin([...path, 'name']));
	// Requests for the app's own service have come to it already.
	const isApp = service.name === app.name && service.namespace === app.namespace;
	if (side === 'inbound' && isApp && !services.hasNative(service)) {
		return replaced(ref, { name: scalarNode(APP, namePlace), namespace: null, port: null });
	}
	const port = Number(scalarText(ref.entries.get('port')?.value));
	const target = services.targetOf(service, port);
	if (target.is === 'entry') return replaced(ref, { name: scalarNode(target.name, namePlace, name), namespace: null });
	const namespace = ref.entries.get('namespace') ?? scalarNode(service.namespace, namePlace);
	const written = replaced(ref, { namespace });
	if (target.is === 'asWritten') return written;
	return { ...written, invalid: `has a port that speaks \`${target.protocol}\`, which this version does not` };
}

/** Of other kinds nothing is known; a reference to one is said to be none of a backend. */
function isService(ref: Located): boolean {
	const kind = ref.entries.get('kind')?.value ?? 'Service';
	const group = ref.entries.get('group')?.value ?? '';
	return kind === 'Service' && (group === '' || group === 'core');
}
