/**
 * `npm run bench`: measures this project and every peer found on this machine in one run, with the same origin, the same
 * load and the same cores, and leaves a table, `bench/results/<date>.json` and plots. How each figure is made is in
 * README.md next to this file.
 */

import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCertificates } from './load/bench-certificates.ts';
import type { Bench } from './load/bench-context.ts';
import { measureMemory, measureStart } from './load/footprint.ts';
import { measureLatency } from './load/latency.ts';
import { type LivePeer, startPeer } from './load/live-peer.ts';
import { inspectMachine, type Machine, which } from './load/machine.ts';
import { nativePeers } from './load/native-peers.ts';
import { nodePeers } from './load/node-peers.ts';
import { type Options, parseOptions } from './load/options.ts';
import { startHttpOrigin } from './load/origin.ts';
import { extraPeer, outrigger, projectVersion } from './load/own-peers.ts';
import { preparePacer } from './load/pacer.ts';
import { type FoundPeer, isFound, isMissing, type Peer } from './load/peer.ts';
import { LATENCY, makePlan, THROUGHPUT } from './load/plan.ts';
import { reasonOf } from './load/reason.ts';
import type { BenchResult } from './load/result.ts';
import { measureThroughput } from './load/throughput.ts';
import { plotsOf } from './report/plots.ts';
import { writeReadme } from './report/readme.ts';
import { tablesOf } from './report/tables.ts';

const RESULTS = join(import.meta.dirname, 'results');
const README = join(import.meta.dirname, 'README.md');
/** nginx's worker gives up root and must still reach its files. */
const READABLE_BY_ALL = 0o755;
const EXIT_USAGE = 64;

interface Selection {
	readonly found: readonly FoundPeer[];
	readonly skipped: { name: string; howToGet: string }[];
}

function selectPeers(options: Options): Selection {
	const extras: Peer[] = options.extraPeers.map((text, i) => extraPeer(text, options.extraPorts[i]));
	const all = [outrigger(options.outrigger), ...extras, ...nativePeers(), ...nodePeers()];
	const unknown = options.only?.find((name) => !all.some((peer) => peer.name === name));
	if (unknown !== undefined)
		throw new Error(`unknown peer ${unknown}; there are: ${all.map(({ name }) => name).join(', ')}`);
	const wanted = all.filter(({ name }) => options.only === null || options.only.includes(name));
	return {
		found: wanted.filter(isFound),
		skipped: wanted.filter(isMissing),
	};
}

function list({ found, skipped }: Selection): void {
	for (const { name, version, setting } of found) console.log(`${name.padEnd(14)} ${version}: ${setting}`);
	for (const { name, howToGet } of skipped) console.log(`${name.padEnd(14)} missing; to get it: ${howToGet}`);
	for (const { id, title } of THROUGHPUT) console.log(`--case ${id.padEnd(18)} ${title}`);
	for (const { id, rate } of LATENCY)
		console.log(`--case ${id.padEnd(18)} added latency and CPU at ${rate} requests/s`);
	console.log('--case memory             RSS idle, with 1,000 idle connections, under load');
	console.log('--case start              from exec to the first 2xx');
}

async function measure(options: Options): Promise<BenchResult> {
	const machine = inspectMachine();
	const selection = selectPeers(options);
	if (which('wrk') === null) throw new Error('wrk is missing: apt-get install wrk');
	const folder = mkdtempSync(join(tmpdir(), 'outrigger-bench-'));
	chmodSync(folder, READABLE_BY_ALL);
	pinSelf(machine);
	try {
		return await measureIn(folder, machine, selection, options);
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

/** This process works a little during a run, and must not do so on the proxy's core. */
function pinSelf({ layout }: Machine): void {
	if (layout.load === null) return;
	execFileSync('taskset', ['-a', '-c', '-p', String(layout.load), String(process.pid)], { stdio: 'ignore' });
}

async function measureIn(
	folder: string,
	machine: Machine,
	{ found, skipped }: Selection,
	options: Options,
): Promise<BenchResult> {
	const date = new Date().toISOString();
	const project = projectVersion();
	const plan = makePlan(options, found.length);
	const say = (text: string) => console.error(`bench: ${text}`);
	const { layout } = machine;
	say(layout.note);
	const origin = await startHttpOrigin(join(folder, 'origin'), layout.origin);
	const certificates = await makeCertificates(folder);
	const bench: Bench = { folder, layout, origin, plan, certificates, say, pacer: preparePacer(folder) };
	const live = await startAll(bench, found, skipped);
	const peers = live.map(({ peer }) => peer);
	const memory = plan.memory ? await measureMemory(bench, live) : [];
	const throughput = await measureThroughput(bench, live);
	const latency = await measureLatency(bench, live);
	await Promise.all(live.map(({ process }) => process.stop()));
	const start = plan.start ? await measureStart(bench, peers) : [];
	await origin.process.stop();
	const { quick, keepAwake, seconds, runs, latencySeconds, latencyRounds } = plan;
	const made = { quick, keptAwake: keepAwake, seconds, runs, latencySeconds, latencyRounds };
	const reports = peers.map(({ name, ours, version, setting }) => ({ name, ours, version, setting }));
	const what = { origin: origin.kind, generator: bench.pacer.kind, peers: reports, skipped };
	const figures = { throughput, latency, memory, start };
	return { date, project, machine, ...made, ...what, ...figures };
}

/** A peer that does not come up is skipped with what it said; the others are measured all the same. */
async function startAll(bench: Bench, found: readonly FoundPeer[], skipped: Selection['skipped']): Promise<LivePeer[]> {
	const live: LivePeer[] = [];
	const site = { folder: bench.folder, originPort: bench.origin.port, core: bench.layout.proxy };
	for (const peer of found) {
		bench.say(`starting ${peer.name} ${peer.version}`);
		try {
			live.push(await startPeer(peer, site));
		} catch (error) {
			skipped.push({ name: peer.name, howToGet: reasonOf(error) });
		}
	}
	return live;
}

function save(result: BenchResult, folder: string): string[] {
	mkdirSync(folder, { recursive: true });
	const name = result.date.slice(0, 10);
	const files = [{ name: `${name}.json`, text: `${JSON.stringify(result, null, '\t')}\n` }];
	for (const plot of plotsOf(result)) files.push({ name: `${name}-${plot.id}.svg`, text: plot.svg });
	for (const file of files) writeFileSync(join(folder, file.name), file.text);
	return files.map((file) => join(folder, file.name));
}

async function main(): Promise<void> {
	const options = parseOptions(process.argv.slice(2));
	if (options.list) return list(selectPeers(options));
	const result: BenchResult =
		options.from === null ? await measure(options) : JSON.parse(readFileSync(options.from, 'utf8'));
	console.log(tablesOf(result));
	if (options.from === null || options.out !== null) {
		for (const file of save(result, options.out ?? RESULTS)) console.error(`bench: wrote ${file}`);
	}
	if (options.writeReadme) writeReadme(README, result);
}

try {
	await main();
} catch (error) {
	console.error(error instanceof Error ? error.message : error);
	process.exitCode = EXIT_USAGE;
}
