/** SRV records → endpoints: which targets take part, and with what weight (RFC 2782). */
import type { EndpointConfig } from '../config/service-config.ts';
import type { ServiceRecord } from './dns-questions.ts';
import type { Found, LookupMemory, NameLookup } from './name-lookup.ts';

type Targets = readonly ServiceRecord[];

/** Beside a weight above 0, one of 0 stands for "a very small chance": a hundredth of a weight of 1. */
const SCALE = 100;

/**
 * Of the lowest priority alone, as with Consul: a group of a higher one takes over when no target of a lower one has an
 * address any more, and never because of trouble with DNS. `ttl` is 0: that of SRV records is not known, and those of the
 * addresses may be longer.
 */
export async function serviceEndpoints(
	records: readonly ServiceRecord[],
	lookup: NameLookup,
	memory: LookupMemory,
): Promise<Found<EndpointConfig>> {
	const targets = records.filter(({ name }) => name !== '');
	memory.keepTargets(new Set(targets.map(({ name }) => name)));
	// "A Target of "." means that the service is decidedly not available at this domain."
	if (targets.length === 0) return { ok: true, records: [], ttl: 0 };
	let last: Found<EndpointConfig> | null = null;
	for (const group of byPriority(targets)) {
		last = await groupEndpoints(group, lookup, memory);
		if (last.ok || !last.isSure) return last;
	}
	return last ?? { ok: true, records: [], ttl: 0 };
}

async function groupEndpoints(
	group: Targets,
	lookup: NameLookup,
	memory: LookupMemory,
): Promise<Found<EndpointConfig>> {
	const weightOf = weights(group);
	const endpoints: EndpointConfig[] = [];
	let trouble: Found<EndpointConfig> | null = null;
	// A target is a whole name. `memory.answered` is that of the service, so each has one of its own.
	const names = [...new Set(group.map(({ name }) => name))];
	const found = new Map(
		await Promise.all(names.map(async (name) => [name, await targetAddresses(name, lookup, memory)] as const)),
	);
	for (const record of group) {
		const addresses = found.get(record.name);
		if (addresses === undefined) continue;
		if (!addresses.ok) {
			if (trouble === null || !addresses.isSure) trouble = addresses;
			continue;
		}
		const { port } = record;
		for (const host of addresses.records) {
			endpoints.push({ host, port, weight: weightOf(record), zone: '', labels: {}, identity: '' });
		}
	}
	if (endpoints.length === 0 && trouble !== null) return trouble;
	return { ok: true, records: endpoints, ttl: 0 };
}

/** Addresses of a target; while nobody can tell, those that it had. */
async function targetAddresses(name: string, lookup: NameLookup, memory: LookupMemory): Promise<Found<string>> {
	const own = memory.ofTarget(name);
	const found = await lookup.addresses(`${name}.`, own);
	if (found.ok || found.isSure) return found;
	const known = [...own.addresses.values()].flat();
	return known.length > 0 ? { ok: true, records: known, ttl: 0 } : found;
}

function byPriority(targets: Targets): Targets[] {
	const priorities = [...new Set(targets.map(({ priority }) => priority))].sort((a, b) => a - b);
	return priorities.map((priority) => targets.filter((each) => each.priority === priority));
}

/** All 0: there is nothing to choose by, so all are alike. */
function weights(group: Targets): (record: ServiceRecord) => number {
	if (group.every(({ weight }) => weight === 0)) return () => 1;
	if (group.every(({ weight }) => weight > 0)) return ({ weight }) => weight;
	return ({ weight }) => (weight === 0 ? 1 : weight * SCALE);
}
