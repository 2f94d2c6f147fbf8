/**
 * What a watch of a namespace asks for.
 *
 * There is one watch a namespace for all services of it, and the API server selects: a connection a service would be many
 * connections a sidecar, and a watch on everything would carry every change of a namespace to every sidecar of it.
 */
import { SERVICE_LABEL } from './slice.ts';

/** Beyond it the selector would be a target of more than 8 KiB, which proxies on the way may refuse. */
const MAX_SELECTED = 100;
/** Slices of a page. The API server keeps to it where it does not answer from its cache. */
const PAGE_LIMIT = '500';
/** RFC 1123 labels, and what the label's value may be. */
const SERVICE_NAME = /^[a-z0-9](?:[-a-z0-9.]{0,61}[a-z0-9])?$/i;

/** A name that is none would have the question about all services turned down. */
export function isServiceName(name: string): boolean {
	return SERVICE_NAME.test(name);
}

/** `services` is not empty. */
export class Selection {
	private readonly services: ReadonlySet<string>;
	private readonly base: string;
	private readonly selector: string;

	constructor(namespace: string, services: ReadonlySet<string>) {
		this.services = services;
		this.base = `/apis/discovery.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/endpointslices`;
		this.selector = selectorOf([...services].sort());
	}

	has(service: string): boolean {
		return this.services.has(service);
	}

	/**
	 * `version`: the answer must not be older; `'0'`: any that the server has at hand; `''`: the newest. `continueToken`
	 * takes its place in every page but the first.
	 */
	listPath(version: string, continueToken: string): string {
		const query = new URLSearchParams({ labelSelector: this.selector, limit: PAGE_LIMIT });
		if (continueToken !== '') query.set('continue', continueToken);
		else if (version !== '') query.set('resourceVersion', version);
		return `${this.base}?${query}`;
	}

	watchPath(version: string, timeoutSeconds: number): string {
		const query = new URLSearchParams({
			labelSelector: this.selector,
			watch: '1',
			allowWatchBookmarks: 'true',
			resourceVersion: version,
			timeoutSeconds: String(timeoutSeconds),
		});
		return `${this.base}?${query}`;
	}
}

function selectorOf(services: readonly string[]): string {
	if (services.length > MAX_SELECTED) return SERVICE_LABEL;
	return services.length === 1 ? `${SERVICE_LABEL}=${services[0]}` : `${SERVICE_LABEL} in (${services.join(',')})`;
}
