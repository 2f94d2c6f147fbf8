/** As many requests as each proxy can take, in interleaved runs: requests per second and CPU per request. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ORDERS_DNS } from './bench-certificates.ts';
import type { Bench } from './bench-context.ts';
import { ask } from './endpoint.ts';
import { type LivePeer, rotated, startPeer } from './live-peer.ts';
import { type Metered, metered, remarks } from './meter.ts';
import { type Origin, startNode } from './origin.ts';
import type { Form } from './peer.ts';
import type { ThroughputSpec } from './plan.ts';
import { pinned, rssMb } from './process-tree.ts';
import { reasonOf } from './reason.ts';
import type { ThroughputCase, ThroughputRow } from './result.ts';
import { median, summarize } from './stats.ts';
import type { TlsClientResult, TlsClientSettings } from './tls-client.ts';
import { runWrk } from './wrk.ts';

/** Work done in one run; a fraction of a request where bodies are counted by bytes. */
interface Done {
	readonly requests: number;
	readonly seconds: number;
	readonly errors: number;
}

interface Contender {
	readonly live: LivePeer;
	readonly runs: Metered<Done>[];
	unsupported: string | null;
	/** At the end of the last run. */
	rssMb: number;
}

const TLS_CLIENT = fileURLToPath(import.meta.resolve('./tls-client.ts'));
const WEBSOCKET_CLIENT = fileURLToPath(import.meta.resolve('./websocket-client.ts'));
const run = promisify(execFile);

export async function measureThroughput(bench: Bench, peers: readonly LivePeer[]): Promise<ThroughputCase[]> {
	const cases: ThroughputCase[] = [];
	for (const spec of bench.plan.throughput) {
		const rows =
			spec.kind === 'websocket'
				? await webSocketRows(bench, spec, peers)
				: spec.form === undefined
					? await rowsOf(bench, spec, peers)
					: await secureRows(bench, spec, spec.form, peers);
		cases.push({ id: spec.id, title: spec.title, rows });
	}
	return cases;
}

/** nginx cannot echo, so this case has an origin of its own, and each proxy a second instance in front of it. */
async function webSocketRows(bench: Bench, spec: ThroughputSpec, peers: readonly LivePeer[]): Promise<ThroughputRow[]> {
	const echo: Origin = await startNode(join(bench.folder, 'echo'), bench.layout.origin);
	const site = { folder: join(bench.folder, 'websocket'), originPort: echo.port, core: bench.layout.proxy };
	const twins: LivePeer[] = [];
	const rows: ThroughputRow[] = [];
	for (const { peer } of peers) {
		if (peer.port !== undefined) rows.push({ peer: peer.name, unsupported: 'runs on one fixed port only', notes: [] });
		else twins.push(await startPeer(peer, site));
	}
	rows.unshift(...(await rowsOf(bench, spec, twins)));
	await Promise.all([...twins.map((twin) => twin.process.stop()), echo.process.stop()]);
	return rows;
}

/** Each proxy is started anew in that form, as it would be deployed. */
async function secureRows(
	bench: Bench,
	spec: ThroughputSpec,
	form: Form,
	peers: readonly LivePeer[],
): Promise<ThroughputRow[]> {
	const { certificates, layout, origin } = bench;
	const site = { folder: join(bench.folder, spec.id), originPort: origin.port, core: layout.proxy, certificates };
	const twins: LivePeer[] = [];
	const rows: ThroughputRow[] = [];
	for (const { peer } of peers) {
		if (peer.secure === undefined) continue;
		try {
			twins.push(await startPeer(peer, site, form));
		} catch (error) {
			rows.push({ peer: peer.name, unsupported: reasonOf(error), notes: [] });
		}
	}
	rows.unshift(...(await rowsOf(bench, spec, twins)));
	await Promise.all(twins.map((twin) => twin.process.stop()));
	return rows;
}

async function rowsOf(bench: Bench, spec: ThroughputSpec, peers: readonly LivePeer[]): Promise<ThroughputRow[]> {
	const contenders: Contender[] = peers.map((live) => ({ live, runs: [], unsupported: null, rssMb: 0 }));
	bench.say(`${spec.id}: warming up`);
	for (const contender of contenders) {
		try {
			if (spec.kind !== 'websocket') await expectOk(contender.live.port, spec);
			await once(bench, spec, contender.live.port, spec.warmupSeconds ?? bench.plan.warmupSeconds);
		} catch (error) {
			contender.unsupported = reasonOf(error);
		}
	}
	for (let round = 0; round < bench.plan.runs; round++) {
		bench.say(`${spec.id}: run ${round + 1} of ${bench.plan.runs}`);
		for (const contender of rotated(contenders, round)) {
			if (contender.unsupported === null) await oneRun(bench, spec, contender);
		}
	}
	return contenders.map((contender) => rowOf(bench, contender));
}

async function expectOk(port: number, { path, form, host, responseBytes: bytes }: ThroughputSpec): Promise<void> {
	const answer = await ask(port, path, { tls: form === 'tls', host });
	if (answer.status !== 200) throw new Error(`answered ${answer.status}`);
	if (bytes !== undefined && answer.bodyBytes !== bytes) throw new Error(`sent ${answer.bodyBytes} of ${bytes} bytes`);
}

async function oneRun(bench: Bench, spec: ThroughputSpec, contender: Contender): Promise<void> {
	const { port, process } = contender.live;
	try {
		contender.runs.push(await metered(process.pid, bench.layout, () => once(bench, spec, port, bench.plan.seconds)));
		contender.rssMb = rssMb(process.pid);
	} catch (error) {
		contender.unsupported = reasonOf(error);
	}
}

async function once(bench: Bench, spec: ThroughputSpec, port: number, seconds: number): Promise<Done> {
	const { layout, folder } = bench;
	if (spec.kind === 'websocket') {
		const args = [WEBSOCKET_CLIENT, String(port), String(spec.connections), String(seconds)];
		const launch = pinned(layout.load, { command: process.execPath, args });
		const { stdout } = await run(launch.command, [...launch.args]);
		const said = JSON.parse(stdout) as { roundTrips: number; seconds: number };
		return { requests: said.roundTrips, seconds: said.seconds, errors: 0 };
	}
	if (spec.kind === 'handshake') return handshakes(bench, spec, port, seconds);
	const done = await runWrk(layout.load, folder, { ...spec, tls: spec.form === 'tls', port, seconds });
	const requests = spec.responseBytes === undefined ? done.requests : done.bytes / spec.responseBytes;
	return { requests, seconds: done.seconds, errors: done.errors };
}

/** Throws when as much as one connection in a hundred was of the other kind. */
async function handshakes(bench: Bench, spec: ThroughputSpec, port: number, seconds: number): Promise<Done> {
	const { web, trustBundle } = bench.certificates;
	const { path, connections, resumes = false } = spec;
	const { certificate, key } = web;
	const settings = { port, path, connections, seconds, resumes, certificate, key, trustBundle, host: ORDERS_DNS };
	const args = [TLS_CLIENT, JSON.stringify(settings satisfies TlsClientSettings)];
	const launch = pinned(bench.layout.load, { command: process.execPath, args });
	const { stdout } = await run(launch.command, [...launch.args]);
	const said = JSON.parse(stdout) as TlsClientResult;
	const others = resumes ? said.requests - said.resumed : said.resumed;
	if (others > connections + said.requests / 100) throw new Error(`${said.resumed} of ${said.requests} were resumed`);
	return { requests: said.requests, seconds: said.seconds, errors: 0 };
}

function rowOf({ layout }: Bench, { live, runs, unsupported, rssMb }: Contender): ThroughputRow {
	const peer = live.peer.name;
	if (unsupported !== null) return { peer, unsupported, notes: [] };
	const notes = remarks(runs, layout, true);
	const errors = runs.reduce((sum, { value }) => sum + value.errors, 0);
	if (errors > 0) notes.push(`${errors} failed requests`);
	return {
		peer,
		requestsPerSecond: summarize(runs.map(({ value }) => value.requests / value.seconds)),
		cpuMicros: summarize(runs.map((metered) => (metered.cpuSeconds / metered.value.requests) * 1e6)),
		proxyShare: median(runs.map(({ proxyShare }) => proxyShare)),
		loadShare: median(runs.map(({ loadShare }) => loadShare)),
		foreignShare: median(runs.map(({ foreignShare }) => foreignShare)),
		rssMb,
		notes,
	};
}
