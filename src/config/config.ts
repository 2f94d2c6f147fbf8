/**
 * What a valid route file means: every default filled in, durations in milliseconds, sizes in bytes, percentages from
 * 0 to 100. Plain data, never edited: a reload makes another one.
 */
import type { Authorization, TlsConfig } from './identity-config.ts';
import type { ListenAddress } from './listen-address.ts';
import type { Position } from './position.ts';
import type { ServiceConfig, ServicePolicy } from './service-config.ts';

export interface AppConfig {
	readonly name: string;
	readonly namespace: string;
	readonly version?: string;
	/** The zone that it runs in; `''`: not said. */
	readonly zone: string;
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

/** Name and value of a field; the name in the case in which the file has it. */
export interface HeaderValue {
	readonly name: string;
	readonly value: string;
}

/** The Gateway API's HTTPHeaderFilter: one action for each name. */
export interface HeaderEdits {
	/** Replaces all fields of the name. */
	readonly set: readonly HeaderValue[];
	/** Goes after what is there. */
	readonly add: readonly HeaderValue[];
	/** In lower case. */
	readonly remove: readonly string[];
}

export interface PathModifier {
	/** `ReplacePrefixMatch` stands only in rules whose matches are all `PathPrefix`. */
	readonly type: 'ReplaceFullPath' | 'ReplacePrefixMatch';
	readonly value: string;
}

/** Where a request may go: an entry of `services`, or the app. */
export interface BackendTarget {
	/** As written: `payments`, `payments/canary`, `app`. */
	readonly label: string;
	/** `app`, or the name of an entry of `Config.services`. */
	readonly service: string;
	/** Name of one of its subsets; `''`: all of its endpoints. */
	readonly subset: string;
	/** One of the service's ports; 0: any. */
	readonly port: number;
	/** Why nothing can be sent there, completing "`x` …"; `''` when all is well. Its share of the requests gets 500. */
	readonly invalid: string;
}

export interface BackendRef extends BackendTarget {
	/** Share of the requests among the rule's backends; 0: none. */
	readonly weight: number;
	/** In force after the rule's own, for requests that go to this backend. */
	readonly filters: readonly Filter[];
}

export interface HeaderFilter extends HeaderEdits {
	readonly type: 'RequestHeaderModifier' | 'ResponseHeaderModifier';
}

export interface RedirectFilter {
	readonly type: 'RequestRedirect';
	/** `''`: that of the request. */
	readonly scheme: 'http' | 'https' | '';
	/** `''`: that of the request. */
	readonly hostname: string;
	/** 0: the well-known one of a written scheme, else that of the request. */
	readonly port: number;
	/** `null`: that of the request. */
	readonly path: PathModifier | null;
	readonly statusCode: 301 | 302 | 303 | 307 | 308;
}

export interface RewriteFilter {
	readonly type: 'URLRewrite';
	/** `''`: that of the request. */
	readonly hostname: string;
	/** `null`: that of the request. */
	readonly path: PathModifier | null;
}

export interface MirrorFilter {
	readonly type: 'RequestMirror';
	readonly backend: BackendTarget;
	/** Share of the requests, from 0 to 1. */
	readonly share: number;
}

export interface CorsFilter {
	readonly type: 'CORS';
	/** Origins as `scheme://host[:port]`, a `*` in the host stands for any labels; `*` alone: every origin. */
	readonly allowOrigins: readonly string[];
	/** `*`: every method. */
	readonly allowMethods: readonly string[];
	/** `*`: every field. */
	readonly allowHeaders: readonly string[];
	readonly exposeHeaders: readonly string[];
	readonly allowCredentials: boolean;
	/** Seconds that a browser may keep the answer to a preflight. */
	readonly maxAge: number;
}

/** In the words of the Gateway API. */
export type Filter = HeaderFilter | RedirectFilter | RewriteFilter | MirrorFilter | CorsFilter;

/** Keeps a client with the endpoint that served it first (the Gateway API's GEP-1619). */
export interface SessionPersistence {
	readonly type: 'Cookie' | 'Header';
	/** Name of the cookie or field. */
	readonly sessionName: string;
	/** Milliseconds after which a session ends; 0: with the browser's. */
	readonly absoluteTimeout: number;
	/** The cookie outlives the browser for `absoluteTimeout`. */
	readonly isPermanent: boolean;
}

/** Whose requests are counted together: all of the rule's when there is none. */
export type RateLimitKey =
	| { readonly by: 'peer' }
	| { readonly by: 'client' }
	/** In lower case. */
	| { readonly by: 'header'; readonly name: string };

/** A token bucket: `requests` tokens flow in `per` milliseconds, at most `requests + burst` are kept. */
export interface RateLimit {
	readonly requests: number;
	readonly per: number;
	readonly burst: number;
	readonly by: readonly RateLimitKey[];
}

/** Faults that are made on purpose. Per cent from 0 to 100, each drawn by itself. */
export interface FaultInjection {
	readonly delay: { readonly fixed: number; readonly percent: number } | null;
	readonly abort: { readonly status: number; readonly percent: number } | null;
}

export interface DirectResponse {
	readonly status: number;
	readonly body: string;
	readonly headers: readonly HeaderValue[];
}

/** A second attempt beside one that takes long; the first answer wins. */
export interface HedgePolicy {
	/** Milliseconds, or as long as 95 of 100 recent attempts took. */
	readonly after: number | 'p95';
	/** Further attempts of one request. */
	readonly max: number;
	/** Hedges as a share of the requests. */
	readonly budgetPercent: number;
}

export interface Rule {
	/** As given, else the pattern of its first path. */
	readonly name: string;
	/** The name is the file's, so metrics may not replace it by a path template. */
	readonly isNamed: boolean;
	/** Where the rule came from when it was not written as a rule: `HTTPRoute shop/orders`; `''` otherwise. */
	readonly origin: string;
	/** Lower case, a wildcard only as the whole first label. Empty: any host. */
	readonly hostnames: readonly string[];
	/** Never empty. */
	readonly matches: readonly Match[];
	readonly filters: readonly Filter[];
	/** Empty: no backend at all, which answers 500 unless something else answers. */
	readonly backendRefs: readonly BackendRef[];
	/** Outbound only: nothing was written, so it goes to the service that lists the request's host. */
	readonly isByHost: boolean;
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
	readonly sessionPersistence: SessionPersistence | null;
	readonly rateLimit: RateLimit | null;
	readonly fault: FaultInjection | null;
	/** Answers in place of any backend. */
	readonly directResponse: DirectResponse | null;
	/** `null`: none. */
	readonly hedge: HedgePolicy | null;
	/** Who may ask, beside `inbound.authorization`; `null`: whoever that lets in. */
	readonly authorization: Authorization | null;
	/** 0: none. */
	readonly limits: { readonly requestBody: number };
	readonly at: Position;
}

export type Side = 'inbound' | 'outbound';

/** One entry of `tests`. What is not expected is `null`. */
export interface RouteTest {
	readonly name: string;
	readonly request: {
		readonly side: Side;
		readonly method: string;
		readonly host: string;
		/** With its query, if it has one. */
		readonly path: string;
		/** Names in lower case. */
		readonly headers: readonly HeaderValue[];
	};
	readonly expect: {
		/** Name of the rule; `''`: no rule matches. */
		readonly route: string | null;
		/** Label of a backend that may get it. */
		readonly backend: string | null;
		/** Of an answer that a rule makes without asking a backend, or of a request that gets nowhere. */
		readonly status: number | null;
	};
	readonly at: Position;
}

export interface OutboundConfig {
	readonly listen: ListenAddress;
	/** What becomes of requests to hosts that no service lists and no rule names. */
	readonly unknownHosts: 'passthrough' | 'reject';
	readonly routes: readonly Rule[];
}

/** What a call of the app takes from the request that it is made for. */
export interface DeadlinePolicy {
	/** Its deadline: if one was stated, always, or never. */
	readonly inherit: 'explicit' | 'always' | 'off';
	/** Its end, when the client has left: of GET and HEAD, of all, or of none. */
	readonly cancel: 'safe' | 'always' | 'off';
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
		/** Before that of a rule, and where no rule matches; `null`: everybody. */
		readonly authorization: Authorization | null;
		readonly routes: readonly Rule[];
		/** All defaults: what serves a request that no rule matches, with `unmatched: app`. */
		readonly fallback: Rule;
		readonly service: ServicePolicy;
	};
	/** `null`: no outbound listener. */
	readonly outbound: OutboundConfig | null;
	/**
	 * All defaults: what takes a call that no outbound rule matches. By hostname to the service that lists it; on the port
	 * of a service, which needs no `outbound`, to that service.
	 */
	readonly outboundFallback: Rule;
	/** Of all calls, through `outbound` or the port of a service: the defaults where there is no `outbound`. */
	readonly outboundDeadlines: DeadlinePolicy;
	readonly services: readonly ServiceConfig[];
	/** `null`: the workload has no identity, and plaintext is spoken. */
	readonly tls: TlsConfig | null;
	readonly tests: readonly RouteTest[];
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
