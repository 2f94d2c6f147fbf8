/** Services as the file has them → how they are called, and where they are. */

import type { Position } from './position.ts';
import type { NamedServiceInput } from './schema/named-service.ts';
import { canonicalHostname } from './schema/names.ts';
import type { ServicePolicyInput } from './schema/service.ts';
import type { ServiceConfig, ServicePolicy } from './service-config.ts';

const LOAD_BALANCER = { policy: 'leastRequest', hash: { by: 'sourceIp' }, slowStart: 0, zone: 'any' } as const;

export function buildPolicy({ connect, limits, circuitBreaker, retryBudget }: ServicePolicyInput): ServicePolicy {
	return {
		connect: { ...connect, idle: connect.idle ?? 0 },
		limits: { ...limits, retries: limits.retries ?? 0 },
		circuitBreaker,
		retryBudget,
		loadBalancer: LOAD_BALANCER,
		outlierDetection: null,
		healthCheck: null,
	};
}

export function buildNamedService(name: string, service: NamedServiceInput, at: Position): ServiceConfig {
	return {
		name,
		hostnames: [...new Set(service.hostnames.map(canonicalHostname))],
		ports: service.ports,
		protocol: service.protocol,
		listen: null,
		source: null,
		endpoints: service.endpoints.map(({ address, weight, zone = '', labels }) => ({
			...address,
			weight,
			zone,
			labels,
		})),
		subsets: service.subsets,
		subsetServices: {},
		policy: buildPolicy(service),
		at,
	};
}
