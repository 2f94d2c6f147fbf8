/** One address of a service as the proxy sees it: its connections, and how busy it is. */
import { LatencyCell } from '../balancing/latency-cell.ts';
import type { UpstreamPool } from '../ports/stream.ts';
import { OutlierCell } from '../resilience/outlier-detector.ts';

export interface EndpointOptions {
	/** `host:port`, or the path of a socket: what logs and the attempt ledger show. */
	readonly address: string;
	/** Share of the requests among the endpoints of its service. */
	readonly weight: number;
	/** Default: not said. */
	readonly zone?: string;
	readonly labels: Readonly<Record<string, string>>;
	readonly pool: UpstreamPool;
	/** Clock time at which it was found, in milliseconds. Default: it has been there for ever. */
	readonly foundAt?: number;
	/** It must have passed a health check first. Default: it need not. */
	readonly isUnwell?: boolean;
	/** The endpoint of the same address whose place it takes. */
	readonly before?: Endpoint | null;
}

export class Endpoint {
	readonly address: string;
	readonly weight: number;
	readonly zone: string;
	readonly labels: Readonly<Record<string, string>>;
	readonly pool: UpstreamPool;
	/** Neither ejected nor unwell, as of the last `judge`. */
	isUsable: boolean;
	/** Clock time since which it is. */
	usableSince: number;
	/** Its health checks fail. */
	isUnwell: boolean;
	/** What the outlier detector of its service remembers of it. */
	readonly outlier: OutlierCell;
	/** How long it takes to answer; kept where the policy asks for it. */
	readonly latency: LatencyCell;
	/** Attempts under way. */
	active = 0;

	constructor(options: EndpointOptions) {
		const { address, weight, zone = '', labels, pool, foundAt = Number.NEGATIVE_INFINITY } = options;
		const { isUnwell = false, before = null } = options;
		this.address = address;
		this.weight = weight;
		this.zone = zone;
		this.labels = labels;
		this.pool = pool;
		this.usableSince = before?.usableSince ?? foundAt;
		this.isUsable = before?.isUsable ?? !isUnwell;
		this.isUnwell = before?.isUnwell ?? isUnwell;
		this.latency = before?.latency ?? new LatencyCell();
		this.outlier = before?.outlier ?? new OutlierCell();
	}

	/** Left out for a while because its attempts fail. */
	get isEjected(): boolean {
		return this.outlier.isEjected;
	}

	/** Looks whether it may be used now. True where that has changed. */
	judge(now: number): boolean {
		const isUsable = !this.isUnwell && !this.isEjected;
		if (isUsable === this.isUsable) return false;
		this.isUsable = isUsable;
		if (isUsable) this.usableSince = now;
		return true;
	}
}
