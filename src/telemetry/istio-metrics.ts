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

/** Callers of one identity, as long as we have the same one. */
interface Source {
	readonly labels: LabelSet;
	/** Flags → status → slot. */
	readonly slots: Map<string, Map<number, number>>;
}

export class IstioMetrics {
	private readonly fixed: LabelSet;
	/** SPIFFE id of this workload; `''`: it has none. */
	private readonly ownId: () => string;
	private readonly requests: HotCounter;
	private readonly durations: HotHistogram;
	private readonly requestBytes: HotHistogram;
	private readonly responseBytes: HotHistogram;
	readonly families: readonly HotFamily[];
	/** Of requests in plaintext, or without a certificate. */
	private readonly stranger: Source;
	/** For whom there is no room. Its slots are the overflow. */
	private readonly others: Source;
	/** By our id, then by that of the caller. */
	private readonly sources = new Map<string, Map<string, Source>>();

	constructor(workload: Workload, maxSeries: number, ownId: () => string) {
		this.fixed = fixedLabels(workload);
		this.stranger = { labels: this.fixed, slots: new Map() };
		this.others = { labels: this.fixed, slots: new Map() };
		this.ownId = ownId;
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
		const slot = this.slotOf(this.sourceOf(record.principal), record.flags, record.status);
		this.requests.add(slot, 1);
		this.durations.observe(slot, record.durationMs);
		this.requestBytes.observe(slot, record.requestBytes);
		this.responseBytes.observe(slot, record.responseBytes);
	}

	private sourceOf(principal: string): Source {
		if (principal === '') return this.stranger;
		const ownId = this.ownId();
		const known = this.sources.get(ownId)?.get(principal);
		if (known !== undefined) return known;
		if (this.requests.isFull) return this.others;
		const labels = {
			...this.fixed,
			source_principal: principal,
			destination_principal: ownId === '' ? UNKNOWN : ownId,
			connection_security_policy: 'mutual_tls',
		};
		const source = { labels, slots: new Map() };
		const ofOwn = this.sources.get(ownId) ?? new Map<string, Source>();
		this.sources.set(ownId, ofOwn.set(principal, source));
		return source;
	}

	private slotOf(source: Source, flags: string, status: number): number {
		let byStatus = source.slots.get(flags);
		if (byStatus === undefined) {
			byStatus = new Map();
			source.slots.set(flags, byStatus);
		}
		const known = byStatus.get(status);
		if (known !== undefined) return known;
		const labels = { ...source.labels, response_code: String(status), response_flags: flags === '' ? NO_FLAGS : flags };
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
