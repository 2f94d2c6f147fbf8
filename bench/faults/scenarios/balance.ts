/**
 * A service whose endpoints work at one request at a time, and one of them takes ten times as long as the others: what
 * clients notice of it under each policy, and with Envoy's LEAST_REQUEST. All of them get the same requests at the same
 * moments, and a request costs an endpoint the same whoever sent it: chance favours nobody.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { envoyArgs, envoyVersion, findEnvoy, HOW_TO_GET_ENVOY } from '../../load/envoy.ts';
import { percentile } from '../../load/stats.ts';
import { Child, startApp } from '../child.ts';
import { atMost, type Figure, reported, type Scenario } from '../figure.ts';
import { fixedPort } from '../fixed-port.ts';
import { OpenTarget, openLoad } from '../open-load.ts';
import { QueueOrigin } from '../queue-origin.ts';
import { getOnce, Sidecar } from '../sidecar.ts';
import { waitFor } from '../wait.ts';

/** Mean times of service; they vary by chance (exponentially). */
const WORK_MS = [10, 10, 10, 10, 100];
const SLOW = WORK_MS.length - 1;
/** Of what all endpoints can do together. */
const LOAD = 0.6;
const CAPACITY_PER_MS = WORK_MS.reduce((sum, workMs) => sum + 1 / workMs, 0);
/** By turn or chance, the slow one gets a fifth: all of this, with room for bad luck. */
const DRAIN_FACTOR = 2;
const MIN_PATIENCE_MS = 30_000;
const NO_LIMIT = 100_000;
const ENVOY = 'Envoy, LEAST_REQUEST';

export const POLICIES = ['peakEwma', 'leastRequest', 'roundRobin', 'random'] as const;
export type Policy = (typeof POLICIES)[number];

export interface BalanceSettings {
	readonly main?: string | undefined;
	readonly policies: readonly Policy[];
	/** Path of the program; `null`: without it. */
	readonly envoy: string | null;
	readonly requests: number;
}

export interface BalanceResult {
	readonly name: string;
	readonly p50: number;
	readonly p99: number;
	/** Of the requests that have come to endpoints, those of the slow one. */
	readonly slowShare: number;
	readonly failures: number;
}

export interface BalanceRun {
	readonly results: readonly BalanceResult[];
	/** How late 99 % of the requests were sent at most, in milliseconds; it counts as a part of their latency. */
	readonly lateMs: number;
}

/** Origins of one target, in the order of `WORK_MS`. */
type Origins = readonly QueueOrigin[];

export async function balancing({ main, policies, envoy, requests }: BalanceSettings): Promise<BalanceRun> {
	// What each request costs, as a multiple of the mean.
	const work = Array.from({ length: requests }, () => exponential(1));
	let at = 0;
	const due = work.map(() => (at += exponential(1 / (CAPACITY_PER_MS * LOAD))));
	const startOrigins = (): Promise<Origins> =>
		Promise.all(WORK_MS.map((workMs) => QueueOrigin.start((path) => workMs * (work[Number(path.slice(1))] ?? 1))));
	const origins = new Map<string, Origins>();
	for (const name of envoy === null ? policies : [...policies, ENVOY]) origins.set(name, await startOrigins());
	const app = await startApp('ordinary', 0);
	const sidecar = await startSidecar(main, app.port, policies, origins);
	const rival = envoy === null ? null : await startEnvoy(envoy, origins.get(ENVOY) ?? []);
	const targets = policies.map((policy) => new OpenTarget(policy, sidecar.outboundPort, `${policy}.test`));
	if (rival !== null) targets.push(new OpenTarget(ENVOY, rival.port, 'envoy.test'));
	try {
		const patienceMs = at + MIN_PATIENCE_MS + (DRAIN_FACTOR * requests * (WORK_MS[SLOW] ?? 0)) / WORK_MS.length;
		const late = await openLoad({ targets, due, patienceMs });
		const lateMs = percentile(
			late.toSorted((a, b) => a - b),
			0.99,
		);
		return { lateMs, results: targets.map((target) => resultOf(target, origins.get(target.name) ?? [])) };
	} finally {
		for (const target of targets) target.close();
		await app.kill();
		await sidecar.stop();
		await rival?.stop();
		await Promise.all([...origins.values()].flat().map((origin) => origin.stop()));
	}
}

function exponential(mean: number): number {
	return -mean * Math.log(1 - Math.random());
}

function resultOf(target: OpenTarget, origins: Origins): BalanceResult {
	const { name, failures } = target;
	const came = origins.reduce((sum, { requests }) => sum + requests, 0);
	const slowShare = (origins[SLOW]?.requests ?? 0) / came;
	return { name, p50: target.percentile(0.5), p99: target.percentile(0.99), slowShare, failures };
}

function startSidecar(
	main: string | undefined,
	appPort: number,
	policies: readonly Policy[],
	origins: ReadonlyMap<string, Origins>,
): Promise<Sidecar> {
	const serviceOf = (policy: Policy) => ({
		hostnames: [`${policy}.test`],
		endpoints: (origins.get(policy) ?? []).map(({ port }) => ({ address: `127.0.0.1:${port}` })),
		loadBalancer: { policy },
		limits: { requests: NO_LIMIT, pending: NO_LIMIT },
		connect: { maxConnections: NO_LIMIT },
	});
	return Sidecar.start({
		main,
		appPort,
		blocks: {
			services: Object.fromEntries(policies.map((policy) => [policy, serviceOf(policy)])),
			outbound: { listen: '127.0.0.1:0', unknownHosts: 'reject' },
		},
	});
}

async function startEnvoy(command: string, origins: Origins): Promise<{ port: number; stop(): Promise<void> }> {
	const port = await fixedPort();
	const folder = mkdtempSync(join(tmpdir(), 'outrigger-envoy-'));
	const originPorts = origins.map((origin) => origin.port);
	const child = new Child(command, envoyArgs({ port, originPorts, policy: 'LEAST_REQUEST', folder }));
	// The requests by which it is found ready cost next to nothing, and are not counted.
	await waitFor('Envoy', async () => (await getOnce(port, '/0')).status === 200);
	for (const origin of origins) origin.requests = 0;
	return {
		port,
		stop: async () => {
			await child.kill();
			rmSync(folder, { recursive: true, force: true });
		},
	};
}

/** Share of the requests that the slow endpoint may get by peak EWMA: it can do 2.4 % of all that can be done. */
export const MOST_SLOW_SHARE = 0.05;

export const scenario: Scenario = async ({ main, isQuick, say }) => {
	const envoy = findEnvoy();
	say(envoy === null ? `without Envoy, which is not here: ${HOW_TO_GET_ENVOY}` : `with Envoy ${envoyVersion(envoy)}`);
	const { results, lateMs } = await balancing({ main, policies: POLICIES, envoy, requests: isQuick ? 1000 : 6000 });
	const figures: Figure[] = [];
	let failures = 0;
	for (const { name, p50, p99, slowShare, failures: its } of results) {
		const share = `${name}: share of the slow endpoint`;
		figures.push(
			reported(`${name}: p50`, p50, 'ms'),
			reported(`${name}: p99`, p99, 'ms'),
			name === 'peakEwma'
				? atMost(share, 100 * slowShare, '%', 100 * MOST_SLOW_SHARE)
				: reported(share, 100 * slowShare, '%'),
		);
		failures += its;
	}
	figures.push(reported('99 % were sent late by at most', lateMs, 'ms'), atMost('failures', failures, '', 0));
	return figures;
};
