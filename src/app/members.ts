/** Endpoints of a service with the connections to them. One that is listed again is the same object, with all that it counts. */
import type { EndpointConfig, ServiceConfig } from '../config/service-config.ts';
import { Endpoint } from '../proxy/endpoint.ts';
import { hostPort } from '../upstream/dial-target.ts';
import { serverNameOf } from '../upstream/endpoint-probe.ts';
import type { Http1Pool } from '../upstream/pool.ts';
import { isSame } from './restart-only.ts';
import { isSecured } from './security.ts';
import { buildPool, type ServiceEnvironment } from './service-parts.ts';
import type { InSlices } from './slices.ts';

export interface Member {
	readonly config: EndpointConfig;
	readonly endpoint: Endpoint;
	readonly pool: Http1Pool;
}

/** Members by the subset that their source is for; `''`: the service itself. */
export type Membership = ReadonlyMap<string, readonly Member[]>;

/** Looked at between two pauses: some 10 µs each. */
const MEMBERS_A_SLICE = 100;
/** Looked up between two pauses: a microsecond each at most. */
const MAPPED_A_SLICE = 1000;

/** Of members that are new. */
export interface Found {
	/** Clock time, in milliseconds; -Infinity: they have been there for ever. */
	readonly at: number;
	/** They must have passed a health check first. */
	readonly isUnwell: boolean;
}

/** `before`: members of the service as it is, of which those for the same addresses stay. */
export function* membersOf(
	endpoints: readonly EndpointConfig[],
	before: readonly Member[],
	found: Found,
	service: ServiceConfig,
	env: ServiceEnvironment,
): InSlices<readonly Member[]> {
	const kept = yield* byAddress(before);
	const members: Member[] = [];
	for (const config of endpoints) {
		const known = kept.get(addressOf(config))?.shift() ?? null;
		members.push(known !== null && isSame(known.config, config) ? known : memberOf(config, known, found, service, env));
		if (members.length % MEMBERS_A_SLICE === 0) yield;
	}
	return members;
}

function addressOf({ host, port }: EndpointConfig): string {
	return hostPort(host, port);
}

/** An address may be listed twice. */
export function* byAddress(members: readonly Member[]): InSlices<Map<string, Member[]>> {
	const found = new Map<string, Member[]>();
	for (const [index, member] of members.entries()) {
		if (index > 0 && index % MAPPED_A_SLICE === 0) yield;
		const { address } = member.endpoint;
		const others = found.get(address);
		if (others === undefined) found.set(address, [member]);
		else others.push(member);
	}
	return found;
}

/** One whose weight or labels have changed is another endpoint with the same connections, and as well as the one before. */
function memberOf(
	config: EndpointConfig,
	before: Member | null,
	found: Found,
	service: ServiceConfig,
	env: ServiceEnvironment,
): Member {
	const { name, policy } = service;
	const { host, port, weight, zone, labels, identity } = config;
	const target = { kind: 'host', host, port } as const;
	// Connections to whoever it was before are none to whoever it is now.
	const kept = before?.config.identity === identity ? before.pool : null;
	const tls = env.security.outboundFor({ tls: policy.tls, identity, hostname: serverNameOf(service), host });
	const pool = kept ?? buildPool(env, { service: name, target, policy, recorder: env.metrics, tls });
	const endpoint = new Endpoint({
		address: addressOf(config),
		weight,
		zone,
		labels,
		pool,
		foundAt: found.at,
		isUnwell: found.isUnwell,
		before: before?.endpoint ?? null,
	});
	return { config, pool, endpoint };
}

export function* poolsOf(membership: Membership): Generator<Http1Pool> {
	for (const members of membership.values()) for (const { pool } of members) yield pool;
}

export function endpointsOf(members: readonly Member[]) {
	return members.map(({ endpoint }) => endpoint);
}

/** Whether connections and what is known of endpoints may be kept. TLS and checks ask for the service by its first name. */
export function isCalledAlike(before: ServiceConfig, after: ServiceConfig): boolean {
	if (!isSame(before.policy, after.policy)) return false;
	const { tls, healthCheck } = after.policy;
	const isNamed = isSecured(tls, '') || healthCheck !== null;
	return !isNamed || serverNameOf(before) === serverNameOf(after);
}
