/** References to backends → whom they mean, or why nobody. */
import type { BackendTarget } from './config.ts';
import type { ServiceConfig } from './service-config.ts';

/** The app's name among the services. */
export const APP = 'app';

/** Entries of `services` by their name. */
export type KnownServices = ReadonlyMap<string, ServiceConfig>;

export interface TargetInput {
	/** `payments`, or `payments/canary`. */
	readonly name: string;
	readonly namespace?: string | undefined;
	readonly port?: number | undefined;
	readonly kind: string;
	readonly group: string;
}

/** The reasons complete "`x` …", and never hold a value of the file: that may come from the environment. */
const NO_SERVICE_KIND = 'is of a kind that is no backend';
const NO_SERVICE = 'is not an entry of `services`';
const NO_SUBSET = 'names a subset that the service does not have';
const NO_PORT = 'asks for a port that the service does not list';

export function buildTarget(ref: TargetInput, services: KnownServices): BackendTarget {
	const [name = '', subset = ''] = ref.name.split('/', 2);
	const qualified = ref.namespace === undefined ? name : `${name}.${ref.namespace}`;
	const service = services.has(qualified) ? qualified : name;
	// Two namespaces may have a service of one name: the label tells them apart.
	const label = service === name ? ref.name : [service, subset].filter((part) => part !== '').join('/');
	const target = { label, service, subset, port: ref.port ?? 0 };
	if (ref.kind !== 'Service' || (ref.group !== '' && ref.group !== 'core'))
		return { ...target, invalid: NO_SERVICE_KIND };
	// Callers know the app by ports that it may not listen on itself.
	if (service === APP) return { ...target, port: 0, invalid: subset === '' ? '' : NO_SUBSET };
	return { ...target, invalid: reasonAgainst(target, services.get(service)) };
}

function reasonAgainst({ subset, port }: { subset: string; port: number }, service: ServiceConfig | undefined): string {
	if (service === undefined) return NO_SERVICE;
	if (subset !== '' && !subsetsOf(service).includes(subset)) return NO_SUBSET;
	const ports = Object.values(service.ports);
	return port === 0 || ports.length === 0 || ports.includes(port) ? '' : NO_PORT;
}

/** Names of its subsets, whatever they are made of. */
export function subsetsOf({ subsets, subsetServices }: ServiceConfig): readonly string[] {
	return [...Object.keys(subsets), ...Object.keys(subsetServices)];
}

/** Which key of a reference a reason speaks of. */
export function keyOfReason(invalid: string): 'name' | 'kind' | 'port' {
	if (invalid === NO_SERVICE_KIND) return 'kind';
	return invalid === NO_PORT ? 'port' : 'name';
}
