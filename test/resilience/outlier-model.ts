/** The outlier detector as a specification would put it: every outcome is kept, and everything is counted anew each time. */
import type { OutlierDetection } from '../../src/config/service-config.ts';

export const POLICY: OutlierDetection = {
	consecutiveErrors: 5,
	successRate: null,
	interval: 10_000,
	baseEjection: 30_000,
	maxEjection: 300_000,
	maxEjectionPercent: 50,
};

const BUCKETS = 10;

class ModelEndpoint {
	readonly name: string;
	/** Since it came back last. */
	outcomes: { readonly at: number; readonly isFailure: boolean }[] = [];
	/** Time of the first attempt that was counted: the edges of the window's parts follow from it. */
	countedFrom: number | null = null;
	/** Failures that have led to an ejection, or would have. */
	spent = 0;
	ejectedUntil: number | null = null;
	readonly stays: { readonly from: number; to: number }[] = [];

	constructor(name: string) {
		this.name = name;
	}

	get isOut(): boolean {
		return this.ejectedUntil !== null;
	}

	get errorsInRow(): number {
		const lastSuccess = this.outcomes.findLastIndex(({ isFailure }) => !isFailure);
		const start = Math.max(lastSuccess + 1, this.spent);
		return this.outcomes.length - start;
	}

	/** Outcomes in the window at a time. */
	window(now: number, windowMs: number): { failed: number; total: number } {
		const part = Math.max(1, Math.floor(windowMs / BUCKETS));
		const indexOf = (at: number) => Math.floor((at - (this.countedFrom ?? 0)) / part);
		const inside = this.outcomes.filter(({ at }) => indexOf(at) > indexOf(now) - BUCKETS);
		return { failed: inside.filter(({ isFailure }) => isFailure).length, total: inside.length };
	}
}

export class OutlierModel {
	readonly known = new Map<string, ModelEndpoint>();
	present: string[] = [];
	lookAt: number | null = null;
	private readonly policy: OutlierDetection;

	constructor(policy: OutlierDetection) {
		this.policy = policy;
	}

	get endpoints(): ModelEndpoint[] {
		return this.present.map((name) => this.of(name));
	}

	get out(): ModelEndpoint[] {
		return this.endpoints.filter(({ isOut }) => isOut);
	}

	get mostOut(): number {
		const count = this.present.length;
		return Math.max(0, Math.min(count - 1, Math.floor((count * this.policy.maxEjectionPercent) / 100)));
	}

	get nextChangeAt(): number {
		return Math.min(
			this.lookAt ?? Number.POSITIVE_INFINITY,
			...this.out.map(({ ejectedUntil }) => ejectedUntil ?? Number.POSITIVE_INFINITY),
		);
	}

	settle(name: string, isFailure: boolean, now: number): string[] {
		const endpoint = this.of(name);
		const { successRate, consecutiveErrors, interval } = this.policy;
		if (endpoint.isOut || !this.present.includes(name)) return [];
		endpoint.outcomes.push({ at: now, isFailure });
		endpoint.countedFrom ??= now;
		if (!isFailure) return [];
		if (successRate !== null) this.lookAt ??= now + interval;
		if (consecutiveErrors === 0 || endpoint.errorsInRow < consecutiveErrors) return [];
		endpoint.spent = endpoint.outcomes.length;
		return [this.eject(endpoint, 'consecutive-errors', now)];
	}

	sweep(now: number): string[] {
		const changes = this.endpoints
			.filter(({ ejectedUntil }) => ejectedUntil !== null && ejectedUntil <= now)
			.map((endpoint) => this.giveBack(endpoint, 'time', now));
		const { successRate, interval } = this.policy;
		if (successRate === null || this.lookAt === null || now < this.lookAt) return changes;
		const rates = this.endpoints
			.filter(({ isOut }) => !isOut)
			.map((endpoint) => ({ endpoint, ...endpoint.window(now, successRate.window) }))
			.filter(({ failed }) => failed > 0);
		this.lookAt = rates.length > 0 ? now + interval : null;
		const low = rates
			.filter(({ total, failed }) => total >= successRate.minRequests && (total - failed) / total < successRate.below)
			.toSorted((a, b) => (a.total - a.failed) / a.total - (b.total - b.failed) / b.total);
		return [...changes, ...low.map(({ endpoint }) => this.eject(endpoint, 'success-rate', now))];
	}

	resize(names: readonly string[], now: number): string[] {
		this.present = [...names];
		const changes = this.endpoints
			.filter(({ ejectedUntil }) => ejectedUntil !== null && ejectedUntil <= now)
			.map((endpoint) => this.giveBack(endpoint, 'time', now));
		const soonest = this.out.toSorted((a, b) => (a.ejectedUntil ?? 0) - (b.ejectedUntil ?? 0));
		const excess = Math.max(0, soonest.length - this.mostOut);
		return [...changes, ...soonest.slice(0, excess).map((endpoint) => this.giveBack(endpoint, 'cap', now))];
	}

	of(name: string): ModelEndpoint {
		const endpoint = this.known.get(name) ?? new ModelEndpoint(name);
		this.known.set(name, endpoint);
		return endpoint;
	}

	private eject(endpoint: ModelEndpoint, cause: string, now: number): string {
		if (this.out.length + 1 > this.mostOut) return `${endpoint.name} kept cap ${cause}`;
		const { baseEjection, maxEjection } = this.policy;
		const until = now + Math.min(maxEjection, baseEjection * this.inRow(endpoint, now));
		endpoint.ejectedUntil = until;
		endpoint.stays.push({ from: now, to: Number.NaN });
		return `${endpoint.name} ejected ${cause} until ${until}`;
	}

	/** With the one that begins now. */
	private inRow(endpoint: ModelEndpoint, now: number): number {
		const { baseEjection, maxEjection, interval } = this.policy;
		let inRow = 0;
		let since = Number.NaN;
		for (const { from, to } of [...endpoint.stays, { from: now, to: now }]) {
			for (let at = since + interval; at <= from && inRow > 0; at += interval) inRow--;
			// One more would make it no longer.
			if (inRow * baseEjection < maxEjection) inRow++;
			since = to;
		}
		return inRow;
	}

	private giveBack(endpoint: ModelEndpoint, reason: string, now: number): string {
		endpoint.ejectedUntil = null;
		endpoint.outcomes = [];
		endpoint.spent = 0;
		const stay = endpoint.stays.at(-1);
		if (stay !== undefined) stay.to = now;
		return `${endpoint.name} returned ${reason}`;
	}
}
