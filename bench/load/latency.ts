/**
 * Added latency at a fixed rate. In each round the generator runs once directly against the origin and once through each
 * proxy, with the same schedule; a proxy's figure of the round is its percentile minus the direct one, and what is
 * reported is the median over the rounds. So a slow minute of the machine touches all of them alike.
 */
import type { Bench } from './bench-context.ts';
import { type LivePeer, rotated } from './live-peer.ts';
import { type Metered, metered, remarks } from './meter.ts';
import { type PaceRun, runPacer } from './pacer.ts';
import { LATENCY_CONNECTIONS, LATENCY_PATH, type LatencySpec } from './plan.ts';
import { reasonOf } from './reason.ts';
import type { LatencyCase, LatencyRow, Percentiles } from './result.ts';
import { median, summarize } from './stats.ts';
import { runWrk } from './wrk.ts';

interface Rounds {
	readonly live: LivePeer;
	readonly runs: Metered<PaceRun>[];
	unsupported: string | null;
}

/** When the generator's own sends are later than this, its figures are coarse. */
const LATE_US = 500;
/** Above this share the wait for a free connection shows in the percentiles. */
const QUEUED_SHARE = 0.01;
/** A proxy that needs more of its core than this does not keep up: what is measured then is the length of the run. */
const SATURATED_SHARE = 0.95;
const KEYS = ['p50', 'p90', 'p99'] as const;

export async function measureLatency(bench: Bench, peers: readonly LivePeer[]): Promise<LatencyCase[]> {
	const { plan } = bench;
	if (plan.latency.length > 0 && !plan.memory && plan.throughput.length === 0) await warmUp(bench, peers);
	const cases: LatencyCase[] = [];
	for (const spec of plan.latency) cases.push(await oneCase(bench, spec, peers));
	return cases;
}

/** A cold just-in-time compiler is not what is asked about. */
async function warmUp(bench: Bench, peers: readonly LivePeer[]): Promise<void> {
	bench.say('latency: warming up');
	for (const { port } of peers) {
		const load = { port, path: LATENCY_PATH, connections: LATENCY_CONNECTIONS, seconds: bench.plan.warmupSeconds };
		await runWrk(bench.layout.load, bench.folder, load).catch(() => null);
	}
}

async function oneCase(bench: Bench, spec: LatencySpec, peers: readonly LivePeer[]): Promise<LatencyCase> {
	const direct: PaceRun[] = [];
	const rounds: Rounds[] = peers.map((live) => ({ live, runs: [], unsupported: null }));
	for (let round = 0; round < bench.plan.latencyRounds; round++) {
		bench.say(`${spec.id}: round ${round + 1} of ${bench.plan.latencyRounds}`);
		direct.push(await pace(bench, spec, bench.origin.port, round));
		for (const contender of rotated(rounds, round)) {
			if (contender.unsupported === null) await oneRound(bench, spec, contender, round);
		}
	}
	const absolute = (key: (typeof KEYS)[number]) => summarize(direct.map((run) => run[key]));
	return {
		id: spec.id,
		rate: spec.rate,
		direct: { p50: absolute('p50'), p90: absolute('p90'), p99: absolute('p99') },
		rows: rounds.map((contender) => rowOf(bench, contender, direct)),
	};
}

async function oneRound(bench: Bench, spec: LatencySpec, contender: Rounds, round: number): Promise<void> {
	const { port, process } = contender.live;
	try {
		contender.runs.push(await metered(process.pid, bench.layout, () => pace(bench, spec, port, round)));
	} catch (error) {
		contender.unsupported = reasonOf(error);
	}
}

function pace({ plan, pacer, layout, folder }: Bench, { rate }: LatencySpec, port: number, round: number) {
	const cores = [layout.proxy, layout.load, layout.origin].filter((core) => core !== null);
	return runPacer(pacer, layout.load, folder, {
		port,
		rate,
		connections: LATENCY_CONNECTIONS,
		seconds: plan.latencySeconds,
		warmupSeconds: plan.latencyWarmupSeconds,
		path: LATENCY_PATH,
		seed: round + 1,
		awake: plan.keepAwake ? [...new Set(cores)] : [],
	});
}

function rowOf({ layout }: Bench, { live, runs, unsupported }: Rounds, direct: readonly PaceRun[]): LatencyRow {
	const peer = live.peer.name;
	if (unsupported !== null) return { peer, unsupported, notes: [] };
	const notes = remarks(runs, layout, false);
	const total = (key: 'sent' | 'failed' | 'queued') => runs.reduce((sum, { value }) => sum + value[key], 0);
	const late = median(runs.map(({ value }) => value.lateP99));
	const saturated = median(runs.map(({ proxyShare }) => proxyShare)) > SATURATED_SHARE;
	if (saturated) notes.push('cannot keep up with this rate');
	else if (late > LATE_US) notes.push(`the generator's own sends were late (p99 ${Math.round(late)} µs)`);
	const queued = total('queued') / total('sent');
	if (queued > QUEUED_SHARE) notes.push(`${Math.round(queued * 100)} % found all connections busy`);
	if (total('failed') > 0) notes.push(`${total('failed')} requests without an answer`);
	const over = (key: (typeof KEYS)[number]) =>
		summarize(runs.map(({ value }, round) => value[key] - (direct[round]?.[key] ?? Number.NaN)));
	const added: Percentiles = { p50: over('p50'), p90: over('p90'), p99: over('p99') };
	const cpuMicros = summarize(runs.map((run) => (run.cpuSeconds / run.value.sent) * 1e6));
	return { peer, added, saturated, cpuMicros, notes };
}
