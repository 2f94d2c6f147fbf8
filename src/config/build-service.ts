/** Services as the file has them → how they are called, and where they are. */
import type { ServiceConfig, ServicePolicy } from './config.ts';
import type { Position } from './position.ts';
import type { NamedServiceInput } from './schema/named-service.ts';
import { canonicalHostname } from './schema/names.ts';
import type { ServicePolicyInput } from './schema/service.ts';

export function buildPolicy({ connect, limits, circuitBreaker, retryBudget }: ServicePolicyInput): ServicePolicy {
	return {
		connect: { ...connect, idle: connect.idle ?? 0 },
		limits: { ...limits, retries: limits.retries ?? 0 },
		circuitBreaker,
		retryBudget,
	};
}

export function buildNamedService(name: string, service: NamedServiceInput, at: Position): ServiceConfig {
	return {
		name,
		hostnames: [...new Set(service.hostnames.map(canonicalHostname))],
		ports: service.ports,
		protocol: service.protocol,
		endpoints: service.endpoints.map(({ address, weight, zone = '', labels }) => ({
			...address,
			weight,
			zone,
			labels,
		})),
		subsets: service.subsets,
		policy: buildPolicy(service),
		at,
	};
}
