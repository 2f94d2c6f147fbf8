/**
 * What a valid route file means: every default filled in, durations in milliseconds, sizes in bytes, percentages from
 * 0 to 100. Plain data, never edited: a reload makes another one.
 */
import type { Position } from './position.ts';

export interface ListenAddress {
	/** `''`: every address of both families. IPv6 literals without brackets. */
	readonly host: string;
	/** 0: the system picks one. */
	readonly port: number;
}

export interface AppConfig {
	readonly name: string;
	readonly namespace: string;
	readonly version?: string;
	/** Exactly one of `port` and `socket` is there. */
	readonly port?: number;
	readonly socket?: string;
	readonly protocol: 'auto' | 'http1' | 'tcp';
	/** Absent: healthy when the port accepts. */
	readonly health?: { readonly path: string; readonly interval: number };
}

export type PathMatchType = 'Exact' | 'PathPrefix' | 'RegularExpression';

/** A condition on one header field or query parameter. */
export interface ValueMatch {
	/** Header names are in lower case. */
	readonly name: string;
	/** A regular expression holds for the whole value. */
	readonly type: 'Exact' | 'RegularExpression';
	readonly value: string;
}

export interface Match {
	/** Prefixes have no trailing slash (`/` aside); all are in the normalised form of `http/path.ts`. */
	readonly path: { readonly type: PathMatchType; readonly value: string };
	/** Empty: any. */
	readonly methods: readonly string[];
	/** All must hold; each name once. */
	readonly headers: readonly ValueMatch[];
	readonly queryParams: readonly ValueMatch[];
}

export type RetryCondition = 'connect-failure' | 'reset' | 'refused-stream' | 'timeout';

export interface RetryPolicy {
	/** Retries beyond the first try. */
	readonly attempts: number;
	readonly codes: readonly number[];
	readonly on: readonly RetryCondition[];
	/** 0: not written. */
	readonly backoff: number;
	readonly methods: 'idempotent' | 'idempotencyKey' | 'all';
}

export interface Rule {
	/** As given, else the pattern of its first path. */
	readonly name: string;
	/** The name is the file's, so metrics may not replace it by a path template. */
	readonly isNamed: boolean;
	/** Lower case, a wildcard only as the whole first label. Empty: any host. */
	readonly hostnames: readonly string[];
	/** Never empty. */
	readonly matches: readonly Match[];
	readonly timeouts: {
		/** 0: none. */
		readonly request: number;
		readonly backendRequest: number;
		readonly idle: number;
		/** A deadline was stated, so that it may be passed on. */
		readonly requestIsExplicit: boolean;
		/** `idle` was written, so that it holds for tunnels as well. */
		readonly idleIsExplicit: boolean;
	};
	/** `null`: off. */
	readonly retry: RetryPolicy | null;
	/** 0: none. */
	readonly limits: { readonly requestBody: number };
	readonly at: Position;
}

export type BreakerFailure = 'connect' | 'reset' | 'timeout' | 'malformed' | '5xx';

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
}

export interface TelemetryConfig {
	readonly accessLog: {
		readonly format: 'json' | 'combined';
		readonly when: 'all' | 'errors' | 'off';
		/** Per cent of what `when` leaves out. */
		readonly sample: number;
		/** `stdout`, `stderr` or a path. */
		readonly file: string;
	};
	readonly redact: { readonly headers: readonly string[]; readonly query: readonly string[] };
	readonly metrics: {
		readonly maxSeries: number;
		readonly istio: boolean;
		/** Path of the app's own metrics; `''` without. */
		readonly mergeApp: string;
		readonly pathTemplates: readonly string[];
	};
	readonly logIntake?: { readonly listen: ListenAddress; readonly path: string };
}

export interface Config {
	/** Of the file's text; `''` when the caller of the parser gave no hash function. */
	readonly hash: string;
	readonly app: AppConfig;
	readonly inbound: {
		readonly listen: ListenAddress;
		readonly unmatched: 'app' | 'reject';
		readonly routes: readonly Rule[];
		/** All defaults: what serves a request that no rule matches, with `unmatched: app`. */
		readonly fallback: Rule;
		readonly service: ServicePolicy;
	};
	readonly admin: { readonly listen: ListenAddress };
	readonly probes?: { readonly listen: ListenAddress };
	readonly telemetry: TelemetryConfig;
	readonly localReplies: 'brief' | 'verbose';
	readonly trustedHops: number;
	readonly workers: number;
	readonly passthrough: boolean;
	readonly shutdown: { readonly drain: number; readonly propagation: number };
	readonly limits: {
		readonly connections: number;
		readonly headerBytes: number;
		readonly headers: number;
		readonly headTimeout: number;
		readonly idle: number;
		readonly hold: number;
		readonly holdFor: number;
	};
}
