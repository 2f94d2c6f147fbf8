/** Memory at rest, with idle connections and under load; and how long a start takes. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bench } from './bench-context.ts';
import { holdIdle } from './endpoint.ts';
import { type LivePeer, rotated, startPeer } from './live-peer.ts';
import type { FoundPeer } from './peer.ts';
import { rssMb } from './process-tree.ts';
import type { MemoryRow, StartRow } from './result.ts';
import { summarize } from './stats.ts';
import { runWrk } from './wrk.ts';

const IDLE_CONNECTIONS = 1000;
/** As many at once as a busy client opens, so that the pool behind the proxy stays small. */
const OPENED_AT_ONCE = 20;
/** Late allocations and the first garbage collection are over after this. */
const SETTLE_MS = 300;
const LOAD_CONNECTIONS = 50;

/** The processes must be fresh: the row says what they grow to. */
export async function measureMemory(bench: Bench, peers: readonly LivePeer[]): Promise<MemoryRow[]> {
	bench.say('memory');
	await sleep(SETTLE_MS);
	const idle = new Map(peers.map((live) => [live, rssMb(live.process.pid)]));
	const rows: MemoryRow[] = [];
	for (const live of peers) {
		const idleConnections = await withIdleConnections(live).catch(() => null);
		rows.push({ peer: live.peer.name, idle: idle.get(live) ?? 0, idleConnections, load: await underLoad(bench, live) });
	}
	return rows;
}

async function withIdleConnections({ port, process }: LivePeer): Promise<number> {
	const sockets = await holdIdle(port, '/100', IDLE_CONNECTIONS, OPENED_AT_ONCE);
	await sleep(SETTLE_MS);
	const mb = rssMb(process.pid);
	for (const socket of sockets) socket.destroy();
	return mb;
}

/** Read as the load ends, while all that it took is still held. */
async function underLoad(bench: Bench, { port, process }: LivePeer): Promise<number | null> {
	const load = { port, path: '/100', connections: LOAD_CONNECTIONS, seconds: bench.plan.seconds };
	try {
		await runWrk(bench.layout.load, bench.folder, load);
		return rssMb(process.pid);
	} catch {
		return null;
	}
}

export async function measureStart(bench: Bench, peers: readonly FoundPeer[]): Promise<StartRow[]> {
	bench.say('start');
	const times = new Map<FoundPeer, number[]>(peers.map((peer) => [peer, []]));
	const site = { folder: join(bench.folder, 'start'), originPort: bench.origin.port, core: bench.layout.proxy };
	for (let round = 0; round < bench.plan.startRuns; round++) {
		for (const peer of rotated(peers, round)) {
			const live = await startPeer(peer, site);
			times.get(peer)?.push(live.startMs);
			await live.process.stop();
		}
	}
	return peers.map((peer) => ({ peer: peer.name, ms: summarize(times.get(peer) ?? []) }));
}
