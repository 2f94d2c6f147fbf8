/** Services as the file has them → how they are called, and where they are. */

import { buildServiceTls } from './build-identity.ts';
import type { ServiceTls } from './identity-config.ts';
import type { Position } from './position.ts';
import type { EndpointsInput } from './schema/endpoints.ts';
import { DEFAULT_STATUSES, type HealthCheckInput } from './schema/health-check.ts';
import { type LoadBalancerInput, SOURCE_IP } from './schema/load-balancer.ts';
import type { NamedServiceInput } from './schema/named-service.ts';
import { canonicalHostname } from './schema/names.ts';
import type { OutlierDetectionInput } from './schema/outlier-detection.ts';
import type { ServicePolicyInput } from './schema/service.ts';
import type {
	EndpointConfig,
	EndpointSource,
	HealthCheck,
	HealthProbe,
	LoadBalancerPolicy,
	OutlierDetection,
	ServiceConfig,
	ServicePolicy,
} from './service-config.ts';

/** Of a service that has one endpoint, as the app. */
const ONE_ENDPOINT: LoadBalancerPolicy = { policy: 'leastRequest', hash: SOURCE_IP, slowStart: 0, zone: 'any' };

export function buildPolicy(input: ServicePolicyInput, tls: ServiceTls): ServicePolicy {
	const { connect, limits, circuitBreaker, retryBudget, loadBalancer, outlierDetection, healthCheck } = input;
	return {
		connect: { ...connect, idle: connect.idle ?? 0 },
		limits: { ...limits, retries: limits.retries ?? 0 },
		circuitBreaker,
		retryBudget,
		loadBalancer: loadBalancer === undefined ? ONE_ENDPOINT : buildBalancer(loadBalancer),
		outlierDetection: buildOutliers(outlierDetection),
		healthCheck: buildHealthCheck(healthCheck ?? null),
		tls,
	};
}

function buildBalancer({ policy, hash = SOURCE_IP, slowStart, zone }: LoadBalancerInput): LoadBalancerPolicy {
	return { policy, hash, slowStart, zone };
}

function buildOutliers(detection: OutlierDetectionInput): OutlierDetection | null {
	return detection === null ? null : { ...detection, successRate: detection.successRate ?? null };
}

function buildHealthCheck(check: HealthCheckInput): HealthCheck | null {
	if (check === null) return null;
	const { interval, timeout, healthy, unhealthy } = check;
	return { probe: probeOf(check), interval, timeout, healthy, unhealthy };
}

function probeOf({ path, expect = DEFAULT_STATUSES, grpc }: NonNullable<HealthCheckInput>): HealthProbe {
	if (path !== undefined) return { is: 'http', path, from: expect.from, to: expect.to };
	return grpc === undefined ? { is: 'tcp' } : { is: 'grpc', service: grpc };
}

/** What an entry does not say of itself. */
export interface ServicePlace {
	/** Of the app. */
	readonly namespace: string;
	/** Authorities that stand in a document, as PEM; `''`: none do. */
	readonly caPem: string;
	readonly at: Position;
}

export function buildNamedService(
	name: string,
	service: NamedServiceInput,
	{ namespace, caPem, at }: ServicePlace,
): ServiceConfig {
	return {
		name,
		hostnames: [...new Set(service.hostnames.map(canonicalHostname))],
		ports: service.ports,
		protocol: service.protocol,
		listen: service.listen ?? null,
		source: buildSource(service, namespace),
		endpoints: buildEndpoints(service.endpoints ?? []),
		...buildSubsets(service),
		policy: buildPolicy(service, buildServiceTls(service.tls, caPem)),
		at,
	};
}

export function buildEndpoints(endpoints: EndpointsInput): EndpointConfig[] {
	return endpoints.map(({ address, weight, zone = '', labels, identity = '' }) => ({
		...address,
		weight,
		zone,
		labels,
		identity,
	}));
}

function buildSource({ dns, file, kubernetes }: NamedServiceInput, namespace: string): EndpointSource | null {
	if (dns !== undefined) return { is: 'dns', ...dns, port: dns.port ?? 0 };
	if (file !== undefined) return { is: 'file', path: file };
	if (kubernetes === undefined) return null;
	const { service, port = '' } = kubernetes;
	return { is: 'kubernetes', service, namespace: kubernetes.namespace ?? namespace, port };
}

function buildSubsets({ subsets, kubernetes }: NamedServiceInput): Pick<ServiceConfig, 'subsets' | 'subsetServices'> {
	if (kubernetes === undefined) return { subsets, subsetServices: {} };
	const byLabels: [string, Readonly<Record<string, string>>][] = [];
	const byService: [string, string][] = [];
	for (const [name, wanted] of Object.entries(subsets)) {
		const { service } = wanted;
		if (service === undefined) byLabels.push([name, wanted]);
		else byService.push([name, service]);
	}
	return { subsets: Object.fromEntries(byLabels), subsetServices: Object.fromEntries(byService) };
}
