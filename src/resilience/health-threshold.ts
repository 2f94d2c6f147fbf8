/**
 * Whether an endpoint is well, by its health checks: the first one decides at once (as Envoy's do), afterwards so many in
 * a row must say otherwise. A value: who asks, and when, is another's business.
 */
import type { HealthCheck } from '../config/service-config.ts';

export interface HealthChange {
	readonly isHealthy: boolean;
	readonly reason: 'first-check' | 'passed-in-a-row' | 'failed-in-a-row';
	/** Checks with this result without another between them. */
	readonly checks: number;
}

export class HealthThreshold {
	private readonly healthy: number;
	private readonly unhealthy: number;
	private state: boolean | null = null;
	/** Checks in a row that speak against the state. */
	private contrary = 0;

	/** Both are at least 1. */
	constructor({ healthy, unhealthy }: Pick<HealthCheck, 'healthy' | 'unhealthy'>) {
		this.healthy = healthy;
		this.unhealthy = unhealthy;
	}

	/** `null` before the first check. */
	get isHealthy(): boolean | null {
		return this.state;
	}

	/** A check is over. `null`: nothing has changed. */
	checked(isPassed: boolean): HealthChange | null {
		const isFirst = this.state === null;
		if (this.state === isPassed) {
			this.contrary = 0;
			return null;
		}
		const checks = ++this.contrary;
		if (!isFirst && checks < (isPassed ? this.healthy : this.unhealthy)) return null;
		this.state = isPassed;
		this.contrary = 0;
		const reason = isFirst ? 'first-check' : isPassed ? 'passed-in-a-row' : 'failed-in-a-row';
		return { isHealthy: isPassed, reason, checks };
	}
}
