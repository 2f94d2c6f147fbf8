/**
 * Ports that lead to one service each (`services.<name>.listen`), for an app that is given an address and cannot name
 * whom it means.
 *
 * They are outbound ports in everything but the last step. Rules are asked first, by the host as the caller wrote it: what
 * the file says of calls (limits, timeouts, retries, refusals) would otherwise be passed by on another port. Where a rule,
 * or none, leaves the destination to the host, the service takes the request, whatever the host is; it is no key to
 * anything there, and it goes on as it came.
 */
import type { Config } from '../config/config.ts';
import type { Backend } from '../proxy/backend.ts';
import type { Destinations } from '../proxy/context.ts';
import type { Services } from './services.ts';
import type { BuiltSide, SideContext } from './side.ts';

/** The same for every host. */
class OneDestination implements Destinations {
	private readonly backend: Backend;

	constructor(backend: Backend) {
		this.backend = backend;
	}

	find(): Backend {
		return this.backend;
	}
}

/** By the names of the services that have a port. */
export function servicePorts(
	config: Config,
	services: Services,
	outbound: BuiltSide | null,
): ReadonlyMap<string, SideContext> {
	const contexts = new Map<string, SideContext>();
	if (outbound === null) return contexts;
	for (const { name, listen } of config.services) {
		if (listen === null) continue;
		const backend = services.backendOf({ label: name, service: name, subset: '', port: 0, invalid: '' });
		contexts.set(name, { ...outbound.context, portService: name, destinations: new OneDestination(backend) });
	}
	return contexts;
}
