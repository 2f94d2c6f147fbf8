/** What a valid route file says of services: where they are and how they are called. Plain data, units as in `config.ts`. */
import type { ServiceTls } from './identity-config.ts';
import type { ListenAddress } from './listen-address.ts';
import type { Position } from './position.ts';

export type BreakerFailure = 'connect' | 'reset' | 'timeout' | 'malformed' | '5xx';

/** What requests are told apart by, so that those of one kind go to one endpoint. Header names are in lower case. */
export type HashKey =
	| { readonly by: 'header' | 'cookie' | 'query'; readonly name: string }
	| { readonly by: 'sourceIp' };

export interface LoadBalancerPolicy {
	readonly policy: 'leastRequest' | 'peakEwma' | 'roundRobin' | 'random' | 'ringHash' | 'maglev';
	/** Of `ringHash` and `maglev`. */
	readonly hash: HashKey;
	/** Milliseconds in which a new endpoint comes to its full share; 0: at once. */
	readonly slowStart: number;
	/** `prefer`: endpoints of the app's own zone first. */
	readonly zone: 'any' | 'prefer';
}

/** When an endpoint that fails is left out for a while. Times in milliseconds. */
export interface OutlierDetection {
	/** Failures without a success between them; 0: off. */
	readonly consecutiveErrors: number;
	/** `null`: off. `below` is a share from 0 to 1. */
	readonly successRate: { readonly below: number; readonly window: number; readonly minRequests: number } | null;
	/** Between two looks at the success rates, and at who may come back. */
	readonly interval: number;
	/** Times the number of ejections in a row, at most `maxEjection`. */
	readonly baseEjection: number;
	readonly maxEjection: number;
	/** Per cent of the endpoints; one is always left. */
	readonly maxEjectionPercent: number;
}

/** What is asked of an endpoint to see whether it is well. */
export type HealthProbe =
	| { readonly is: 'http'; readonly path: string; readonly from: number; readonly to: number }
	/** Name of the gRPC service; `''`: the whole server. */
	| { readonly is: 'grpc'; readonly service: string }
	| { readonly is: 'tcp' };

export interface HealthCheck {
	readonly probe: HealthProbe;
	readonly interval: number;
	readonly timeout: number;
	/** Successes in a row after which an endpoint is well again, failures after which it is not. */
	readonly healthy: number;
	readonly unhealthy: number;
}

/** Where the endpoints of a service come from when the route file does not list them. */
export type EndpointSource =
	/** `refresh`: milliseconds between two questions where no TTL is longer. */
	| {
			readonly is: 'dns';
			readonly name: string;
			readonly port: number;
			readonly refresh: number;
			readonly type: 'A' | 'SRV';
	  }
	/** Path of a list as under `endpoints`, seen from the route file's folder. */
	| { readonly is: 'file'; readonly path: string }
	/** `port`: name or number; `''`: the only one. */
	| { readonly is: 'kubernetes'; readonly service: string; readonly namespace: string; readonly port: string };

/** How one service is called. */
export interface ServicePolicy {
	readonly connect: {
		readonly timeout: number;
		/** 0: learned. */
		readonly idle: number;
		readonly maxConnections: number;
		/** 0: no limit. */
		readonly maxRequestsPerConnection: number;
		/** 0: no limit. */
		readonly maxAge: number;
	};
	readonly limits: {
		readonly requests: number;
		readonly pending: number;
		/** 0: unset, the budget alone rules. */
		readonly retries: number;
	};
	/** `null`: off. */
	readonly circuitBreaker: {
		readonly errorThresholdPercentage: number;
		readonly volumeThreshold: number;
		readonly rollingCountTimeout: number;
		readonly resetTimeout: number;
		readonly failures: readonly BreakerFailure[];
	} | null;
	readonly retryBudget: { readonly percent: number; readonly minPerSecond: number };
	readonly loadBalancer: LoadBalancerPolicy;
	/** `null`: off. */
	readonly outlierDetection: OutlierDetection | null;
	/** `null`: none. */
	readonly healthCheck: HealthCheck | null;
	readonly tls: ServiceTls;
}

export interface EndpointConfig {
	/** A name or an IP literal, IPv6 without brackets. */
	readonly host: string;
	readonly port: number;
	/** Share of the requests among the endpoints. */
	readonly weight: number;
	/** `''`: not said. */
	readonly zone: string;
	readonly labels: Readonly<Record<string, string>>;
	/** SPIFFE id that its certificate must have; `''`: that of the service, if any. */
	readonly identity: string;
}

/** An entry of `services`. */
export interface ServiceConfig {
	readonly name: string;
	/** By which callers know it, in lower case. */
	readonly hostnames: readonly string[];
	/** The ports that callers use, by name. Empty: any. */
	readonly ports: Readonly<Record<string, number>>;
	readonly protocol: 'auto' | 'http1';
	/** A port of its own for the app's calls to it; `null`: none. */
	readonly listen: ListenAddress | null;
	/** `null`: `endpoints` are all. */
	readonly source: EndpointSource | null;
	/** Empty where they come from `source`. */
	readonly endpoints: readonly EndpointConfig[];
	/** Labels that an endpoint of the subset has, by the name of the subset. */
	readonly subsets: Readonly<Record<string, Readonly<Record<string, string>>>>;
	/** With a Kubernetes source: the Service whose endpoints a subset is, by the name of the subset. */
	readonly subsetServices: Readonly<Record<string, string>>;
	readonly policy: ServicePolicy;
	readonly at: Position;
}
