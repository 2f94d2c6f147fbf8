/**
 * Istio's standard metrics (`telemetry.metrics.istio`), so that dashboards made for Istio show this workload.
 *
 * All four families share their label sets, and label sets are interned in the same order, so that one slot number
 * serves for all of them. What we do not know is `unknown`, as in Istio.
 */
import type Registry from 'prom-client/lib/registry.js';
import type { ExchangeRecord } from '../ports/telemetry.ts';
import { HotCounter, type HotFamily, HotHistogram, type LabelSet, OVERFLOW_SLOT } from './hot-family.ts';

export interface Workload {
	readonly name: string;
	readonly namespace: string;
	/** `''` when the file gives none. */
	readonly version: string;
}

/** Envoy's buckets, which Istio's dashboards expect: milliseconds, and the same figures for bytes. */
const BOUNDS = [
	0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000, 300_000, 600_000, 1_800_000,
	3_600_000,
] as const;
const UNKNOWN = 'unknown';
/** Istio's word for no flags. */
const NO_FLAGS = '-';

export class IstioMetrics {
	private readonly fixed: LabelSet;
	private readonly requests: HotCounter;
	private readonly durations: HotHistogram;
	private readonly requestBytes: HotHistogram;
	private readonly responseBytes: HotHistogram;
	readonly families: readonly HotFamily[];
	/** Flags → status → slot. */
	private readonly slots = new Map<string, Map<number, number>>();

	constructor(workload: Workload, maxSeries: number) {
		this.fixed = fixedLabels(workload);
		const labelNames = [...Object.keys(this.fixed), 'response_code', 'response_flags'];
		const common = { labelNames, maxSeries };
		const histogram = (name: string, help: string) => new HotHistogram({ ...common, name, help, bounds: BOUNDS });
		this.requests = new HotCounter({
			...common,
			name: 'istio_requests_total',
			help: 'Requests, as Istio counts them.',
		});
		this.durations = histogram('istio_request_duration_milliseconds', 'Duration of requests in milliseconds.');
		this.requestBytes = histogram('istio_request_bytes', 'Size of request bodies in bytes.');
		this.responseBytes = histogram('istio_response_bytes', 'Size of response bodies in bytes.');
		this.families = [this.requests, this.durations, this.requestBytes, this.responseBytes];
	}

	register(registry: Registry): void {
		for (const family of this.families) family.register(registry);
	}

	ended(record: ExchangeRecord): void {
		const slot = this.slotOf(record.flags, record.status);
		this.requests.add(slot, 1);
		this.durations.observe(slot, record.durationMs);
		this.requestBytes.observe(slot, record.requestBytes);
		this.responseBytes.observe(slot, record.responseBytes);
	}

	private slotOf(flags: string, status: number): number {
		let byStatus = this.slots.get(flags);
		if (byStatus === undefined) {
			byStatus = new Map();
			this.slots.set(flags, byStatus);
		}
		const known = byStatus.get(status);
		if (known !== undefined) return known;
		const labels = { ...this.fixed, response_code: String(status), response_flags: flags === '' ? NO_FLAGS : flags };
		let slot = OVERFLOW_SLOT;
		for (const family of this.families) slot = family.intern(labels);
		if (slot !== OVERFLOW_SLOT) byStatus.set(status, slot);
		return slot;
	}
}

function fixedLabels(workload: Workload): LabelSet {
	const { name, namespace } = workload;
	const version = workload.version === '' ? UNKNOWN : workload.version;
	return {
		reporter: 'destination',
		source_workload: UNKNOWN,
		source_workload_namespace: UNKNOWN,
		source_principal: UNKNOWN,
		source_app: UNKNOWN,
		source_version: UNKNOWN,
		source_cluster: UNKNOWN,
		source_canonical_service: UNKNOWN,
		source_canonical_revision: UNKNOWN,
		destination_workload: name,
		destination_workload_namespace: namespace,
		destination_principal: UNKNOWN,
		destination_app: name,
		destination_version: version,
		destination_service: `${name}.${namespace}.svc.cluster.local`,
		destination_service_name: name,
		destination_service_namespace: namespace,
		destination_cluster: UNKNOWN,
		destination_canonical_service: name,
		destination_canonical_revision: workload.version === '' ? 'latest' : version,
		request_protocol: 'http',
		grpc_response_status: '',
		connection_security_policy: 'none',
	};
}
