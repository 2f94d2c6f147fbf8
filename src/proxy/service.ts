/** A service as the proxy sees it: its endpoints, and the mutable counts behind its limits. */
import type { BreakerFailure } from '../config/service-config.ts';
import { type ErrorCode, ProxyError } from '../error.ts';
import type { CircuitBreaker } from '../resilience/circuit-breaker.ts';
import { failureKind } from '../resilience/failure-kind.ts';
import type { RetryBudget } from '../resilience/retry-budget.ts';
import type { Ejector } from './ejection.ts';
import type { Endpoint } from './endpoint.ts';

export interface ServiceOptions {
	readonly name: string;
	/** Where the route file says how it is called; `''` for the app. */
	readonly settings: string;
	readonly endpoints: readonly Endpoint[];
	/** `null`: off. */
	readonly breaker: CircuitBreaker | null;
	readonly failures: readonly BreakerFailure[];
	readonly budget: RetryBudget;
	/** Leaves out endpoints that fail; none: nobody is left out. */
	readonly ejector?: Ejector | null;
	/** Its balancer asks how long endpoints take. Default: it does not. */
	readonly isTimed?: boolean;
	/** Exchanges at once. */
	readonly maxRequests: number;
	/** Retries at once; 0: the budget alone rules. */
	readonly maxRetries: number;
	/** A failure has opened the circuit, or has come while it was open. */
	onOpen(): void;
}

export class Service {
	readonly name: string;
	readonly settings: string;
	/** All of them, as a snapshot: replaced whole. */
	endpoints: readonly Endpoint[];
	readonly breaker: CircuitBreaker | null;
	readonly budget: RetryBudget;
	/** `null`: nobody is left out. */
	readonly ejector: Ejector | null;
	/** Its balancer asks how long endpoints take. */
	readonly isTimed: boolean;
	readonly maxRetries: number;
	/** Exchanges, and copies of requests, that have been admitted and are not over. */
	active = 0;
	/** What its source says instead of telling endpoints, in case there are none; `null`: nothing. */
	noneBecause: Pick<ProxyError, 'code' | 'detail'> | null = null;
	private readonly maxRequests: number;
	private readonly failures: ReadonlySet<BreakerFailure>;
	private readonly onOpen: () => void;

	constructor(options: ServiceOptions) {
		this.name = options.name;
		this.settings = options.settings;
		this.endpoints = options.endpoints;
		this.breaker = options.breaker;
		this.budget = options.budget;
		this.ejector = options.ejector ?? null;
		this.isTimed = options.isTimed ?? false;
		this.maxRequests = options.maxRequests;
		this.maxRetries = options.maxRetries;
		this.failures = new Set(options.failures);
		this.onOpen = () => options.onOpen();
	}

	/** Takes a place for an exchange; an error when all are taken. */
	admit(): ProxyError | null {
		if (this.active >= this.maxRequests) {
			return new ProxyError('limit_requests', `${this.maxRequests} requests are under way`, { unsent: true });
		}
		this.active++;
		return null;
	}

	/** None of its endpoints can take an attempt. */
	noEndpoint(): ProxyError {
		const { noneBecause: because, name, settings } = this;
		if (because === null) return new ProxyError('no_healthy_endpoint', `${name} has no endpoint`, { unsent: true });
		const detail = `${name} has no endpoint: ${because.detail}`;
		if (because.code !== 'dns_failed') return new ProxyError(because.code, detail, { unsent: true });
		return new ProxyError(because.code, detail, { unsent: true, setting: `${settings}.dns` });
	}

	/** Asks the breaker for one attempt; an error while it is open. Each pass must be answered by `settle`. */
	allow(now: number): ProxyError | null {
		const { breaker } = this;
		if (breaker === null || breaker.allow(now)) return null;
		const waitMs = breaker.retryAfterMs(now);
		const detail = `the circuit to ${this.name} is ${breaker.state}`;
		return new ProxyError('circuit_open', detail, {
			unsent: true,
			retryAfterSeconds: Math.max(1, Math.ceil(waitMs / 1000)),
		});
	}

	/** An attempt that went to `target` is over. `code` is `''` when a whole response came, with this status. */
	settle(target: Endpoint | null, code: ErrorCode | '', status: number, now: number): void {
		const { breaker, ejector } = this;
		if (ejector !== null && target !== null) ejector.settled(target, code, status, now);
		if (breaker === null) return;
		if (code === '') {
			if (status >= 500 && this.failures.has('5xx')) this.fail(breaker, now);
			else breaker.succeed(now);
			return;
		}
		const kind = failureKind(code);
		if (kind !== undefined && this.failures.has(kind)) this.fail(breaker, now);
		else breaker.release(now);
	}

	/** An attempt is over and tells nothing about the service. */
	forgive(now: number): void {
		this.breaker?.release(now);
	}

	private fail(breaker: CircuitBreaker, now: number): void {
		breaker.fail(now);
		if (breaker.state === 'open') this.onOpen();
	}
}
