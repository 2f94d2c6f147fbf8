/** What a run of the benchmark leaves behind: the shape of `bench/results/<date>.json`. */
import type { Machine } from './machine.ts';
import type { Summary } from './stats.ts';

export interface BenchResult {
	readonly date: string;
	readonly project: string;
	readonly quick: boolean;
	readonly machine: Machine;
	readonly origin: string;
	readonly generator: string;
	readonly keptAwake: boolean;
	readonly seconds: number;
	readonly runs: number;
	readonly latencySeconds: number;
	readonly latencyRounds: number;
	readonly peers: readonly PeerReport[];
	readonly skipped: readonly { readonly name: string; readonly howToGet: string }[];
	readonly throughput: readonly ThroughputCase[];
	readonly latency: readonly LatencyCase[];
	readonly memory: readonly MemoryRow[];
	readonly start: readonly StartRow[];
}

export interface PeerReport {
	readonly name: string;
	readonly ours: boolean;
	readonly version: string;
	readonly setting: string;
}

export interface ThroughputCase {
	readonly id: string;
	readonly title: string;
	readonly rows: readonly ThroughputRow[];
}

export interface ThroughputRow {
	readonly peer: string;
	/** Why there are no figures. */
	readonly unsupported?: string;
	readonly requestsPerSecond?: Summary;
	readonly cpuMicros?: Summary;
	/** Shares of one core over the run, medians: the proxy itself, the load side's core, other work on the proxy's core. */
	readonly proxyShare?: number;
	readonly loadShare?: number;
	readonly foreignShare?: number;
	/** VmRSS at the end of the last run. */
	readonly rssMb?: number;
	readonly notes: readonly string[];
}

export interface LatencyCase {
	readonly id: string;
	readonly rate: number;
	/** Without a proxy, in microseconds. */
	readonly direct: Percentiles;
	readonly rows: readonly LatencyRow[];
}

export interface Percentiles {
	readonly p50: Summary;
	readonly p90: Summary;
	readonly p99: Summary;
}

export interface LatencyRow {
	readonly peer: string;
	readonly unsupported?: string;
	/** Percentile through the proxy minus percentile direct of the same round, in microseconds. */
	readonly added?: Percentiles;
	/** The rate is more than it can take, so its latencies say nothing but that. */
	readonly saturated?: boolean;
	readonly cpuMicros?: Summary;
	readonly notes: readonly string[];
}

/** Megabytes of VmRSS. */
export interface MemoryRow {
	readonly peer: string;
	readonly idle: number;
	readonly idleConnections: number | null;
	readonly load: number | null;
}

/** Milliseconds from exec to the first 2xx. */
export interface StartRow {
	readonly peer: string;
	readonly ms: Summary;
}
