/** One address of a service as the proxy sees it: its connections, and how busy it is. */
import type { UpstreamPool } from '../ports/stream.ts';
import { OutlierCell } from '../resilience/outlier-detector.ts';

export interface EndpointOptions {
	/** `host:port`, or the path of a socket: what logs and the attempt ledger show. */
	readonly address: string;
	/** Share of the requests among the endpoints of its service. */
	readonly weight: number;
	readonly labels: Readonly<Record<string, string>>;
	readonly pool: UpstreamPool;
}

export class Endpoint {
	readonly address: string;
	readonly weight: number;
	readonly labels: Readonly<Record<string, string>>;
	readonly pool: UpstreamPool;
	/** What the outlier detector of its service remembers of it. */
	readonly outlier = new OutlierCell();
	/** Attempts under way. */
	active = 0;

	constructor({ address, weight, labels, pool }: EndpointOptions) {
		this.address = address;
		this.weight = weight;
		this.labels = labels;
		this.pool = pool;
	}

	/** Left out for a while because its attempts fail. */
	get isEjected(): boolean {
		return this.outlier.isEjected;
	}
}
