/** The cases, and how long and how often each is run. */
import { ORDERS_DNS } from './bench-certificates.ts';
import type { Form } from './peer.ts';

export interface ThroughputSpec {
	readonly id: string;
	readonly title: string;
	/** `handshake`: a connection, with a handshake, for each request. */
	readonly kind: 'http' | 'websocket' | 'handshake';
	/** Default: plain. */
	readonly form?: Form;
	/** Of handshakes: by a ticket of the one before. */
	readonly resumes?: boolean;
	readonly host?: string;
	/** Where it takes longer than for others until all code is compiled. Every proxy gets the same. */
	readonly warmupSeconds?: number;
	readonly path: string;
	readonly connections: number;
	readonly method?: 'GET' | 'POST';
	readonly bodyBytes?: number;
	readonly close?: boolean;
	/** Big bodies are counted by bytes: a run holds too few whole ones. */
	readonly responseBytes?: number;
}

export interface LatencySpec {
	readonly id: string;
	readonly rate: number;
}

export interface Plan {
	readonly quick: boolean;
	readonly throughput: readonly ThroughputSpec[];
	readonly latency: readonly LatencySpec[];
	readonly memory: boolean;
	readonly start: boolean;
	readonly runs: number;
	/** Whole seconds: wrk takes no fractions. */
	readonly seconds: number;
	readonly warmupSeconds: number;
	readonly latencyRounds: number;
	readonly latencySeconds: number;
	readonly latencyWarmupSeconds: number;
	readonly startRuns: number;
	readonly keepAwake: boolean;
}

/** As in Istio's own load test: 16 connections, 1 KB. */
export const LATENCY_CONNECTIONS = 16;
export const LATENCY_PATH = '/1k';
const CONNECTIONS = 50;
const HANDSHAKERS = 8;
const BIG_BODY_BYTES = 64 * 1024 * 1024;

export const THROUGHPUT: readonly ThroughputSpec[] = [
	{ id: 'get-100', title: 'GET, 100 B response, keep-alive', kind: 'http', path: '/100', connections: CONNECTIONS },
	{ id: 'get-10k', title: 'GET, 10 KB response, keep-alive', kind: 'http', path: '/10k', connections: CONNECTIONS },
	{
		id: 'post-1k',
		title: 'POST, 1 KB body, 100 B response, keep-alive',
		kind: 'http',
		path: '/100',
		connections: CONNECTIONS,
		method: 'POST',
		bodyBytes: 1024,
	},
	{
		id: 'close-100',
		title: 'GET, 100 B response, a new connection per request',
		kind: 'http',
		path: '/100',
		connections: CONNECTIONS,
		close: true,
	},
	{ id: 'websocket', title: 'WebSocket echo, 100 B messages', kind: 'websocket', path: '/ws', connections: 16 },
	{
		id: 'get-64m',
		title: 'GET, 64 MB response',
		kind: 'http',
		path: '/64m',
		connections: 4,
		responseBytes: BIG_BODY_BYTES,
	},
	{
		id: 'tls-100',
		title: 'TLS inbound: GET, 100 B response, keep-alive',
		kind: 'http',
		form: 'tls',
		path: '/100',
		connections: CONNECTIONS,
	},
	{
		id: 'mesh-100',
		title: 'A mesh pair, mTLS between the two: GET, 100 B response, keep-alive',
		kind: 'http',
		form: 'pair',
		path: '/100',
		connections: CONNECTIONS,
		host: ORDERS_DNS,
		// Two share a core: each has half of the time, and twice the code.
		warmupSeconds: 20,
	},
	{
		id: 'handshake-full',
		title: 'A new mTLS connection per request, full handshake',
		kind: 'handshake',
		form: 'tls',
		path: '/100',
		connections: HANDSHAKERS,
	},
	{
		id: 'handshake-resumed',
		title: 'A new mTLS connection per request, resumed',
		kind: 'handshake',
		form: 'tls',
		path: '/100',
		connections: HANDSHAKERS,
		resumes: true,
	},
];

export const LATENCY: readonly LatencySpec[] = [
	{ id: 'latency-1000', rate: 1000 },
	{ id: 'latency-5000', rate: 5000 },
];

export const FOOTPRINT = ['memory', 'start'] as const;
export const CASE_IDS: readonly string[] = [...THROUGHPUT, ...LATENCY].map(({ id }) => id).concat(FOOTPRINT);

/** Of the two minutes that a quick run may take, what its latency rounds may use, whatever the number of peers. */
const QUICK_LATENCY_SECONDS = 34;
/** A generator's own start: process, 16 connections, the lead before the first send. */
const GENERATOR_START_SECONDS = 0.06;
const QUICK_LATENCY_RANGE_SECONDS = { min: 0.2, max: 0.6 };
const QUICK_CASES = ['get-100', ...LATENCY.map(({ id }) => id), ...FOOTPRINT];

export interface PlanWishes {
	readonly quick: boolean;
	/** null: the usual ones. */
	readonly cases: readonly string[] | null;
	readonly runs: number | null;
	readonly seconds: number | null;
	readonly keepAwake: boolean;
}

export function makePlan(wishes: PlanWishes, peerCount: number): Plan {
	const cases = wishes.cases ?? (wishes.quick ? QUICK_CASES : CASE_IDS);
	const chosen = {
		quick: wishes.quick,
		throughput: THROUGHPUT.filter(({ id }) => cases.includes(id)),
		latency: LATENCY.filter(({ id }) => cases.includes(id)),
		memory: cases.includes('memory'),
		start: cases.includes('start'),
		keepAwake: wishes.keepAwake,
	};
	const rounds = wishes.runs ?? (wishes.quick ? 5 : 7);
	if (!wishes.quick) {
		const seconds = wishes.seconds ?? 3;
		const latencySeconds = wishes.seconds ?? 2;
		const times = { seconds, warmupSeconds: 2, latencySeconds, latencyWarmupSeconds: 0.3 };
		return { ...chosen, ...times, runs: wishes.runs ?? 5, latencyRounds: rounds, startRuns: 5 };
	}
	const share = QUICK_LATENCY_SECONDS / (LATENCY.length * rounds * (peerCount + 1)) - GENERATOR_START_SECONDS;
	const { min, max } = QUICK_LATENCY_RANGE_SECONDS;
	const latencySeconds = wishes.seconds ?? Math.min(Math.max(share, min), max);
	const times = { seconds: wishes.seconds ?? 1, warmupSeconds: 1, latencySeconds, latencyWarmupSeconds: 0.1 };
	return { ...chosen, ...times, runs: wishes.runs ?? 3, latencyRounds: rounds, startRuns: 3 };
}
