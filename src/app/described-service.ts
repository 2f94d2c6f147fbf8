/** What `/services` shows of where a service has its endpoints from, and of each of them. */
import type { LiveSource } from './live-source.ts';
import type { Member } from './members.ts';
import type { ServiceCore } from './service-core.ts';

/** One at a time: there may be thousands. */
export function* describeMembers(
	members: readonly Member[],
	core: Pick<ServiceCore, 'lastFailure'>,
): Generator<object> {
	for (const { endpoint, pool } of members) {
		yield {
			address: endpoint.address,
			weight: endpoint.weight,
			...(endpoint.zone !== '' && { zone: endpoint.zone }),
			labels: endpoint.labels,
			usable: endpoint.isUsable,
			...(endpoint.isEjected && { ejected: true }),
			...(endpoint.isUnwell && { healthy: false, lastFailure: core.lastFailure(endpoint.address) }),
			requests: { active: endpoint.active },
			connections: pool.counts,
		};
	}
}

export function describeSource({ subset, source, endpoints, failure }: LiveSource): object {
	return {
		...(subset !== '' && { subset }),
		from: source,
		endpoints: endpoints.length,
		...(failure !== '' && { failure }),
	};
}
