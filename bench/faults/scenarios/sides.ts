/**
 * What a call of the app costs beside a request to it: the same requests through the inbound and the outbound port of one
 * process, by turns, in pairs.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { firstSuccess, freePort, LOOPBACK } from '../../load/endpoint.ts';
import { inspectMachine, which } from '../../load/machine.ts';
import { metered } from '../../load/meter.ts';
import { startHttpOrigin } from '../../load/origin.ts';
import { type Running, start } from '../../load/process-tree.ts';
import { median, medianInterval, pairedRatios } from '../../load/stats.ts';
import { runWrk } from '../../load/wrk.ts';
import { SOURCE_MAIN } from '../build.ts';
import { atMost, type Figure, reported, type Scenario } from '../figure.ts';

const PATH = '/100';
const HOST = 'payments';
const CONNECTIONS = 50;
const START_MS = 10_000;
const WARMUP_SECONDS = 2;
/** Short: what disturbs one run of a pair disturbs the other as well. */
const RUN_SECONDS = 1;

interface Ports {
	readonly inbound: number;
	readonly outbound: number;
	readonly admin: number;
}

interface SidesResult {
	/** CPU microseconds a request, in the order of the runs. */
	readonly inbound: readonly number[];
	readonly outbound: readonly number[];
	readonly failed: number;
	/** Of its core: far below 1, something else was the bottleneck, and the figures are those of a busy machine. */
	readonly busyShare: number;
}

function routeFile({ inbound, outbound, admin }: Ports, originPort: number): string {
	return `app: { port: ${originPort} }
inbound: { listen: "${LOOPBACK}:${inbound}" }
outbound: { listen: "${LOOPBACK}:${outbound}" }
services:
  payments: { hostnames: [${HOST}], endpoints: [{ address: "${LOOPBACK}:${originPort}" }] }
admin: { listen: "${LOOPBACK}:${admin}" }
telemetry: { accessLog: { when: off } }
`;
}

async function sides(main: string, pairs: number): Promise<SidesResult> {
	if (which('wrk') === null) throw new Error('wrk is missing: apt-get install wrk');
	const { layout } = inspectMachine();
	const folder = mkdtempSync(join(tmpdir(), 'outrigger-fault-'));
	const origin = await startHttpOrigin(join(folder, 'origin'), layout.origin);
	const ports = { inbound: await freePort(), outbound: await freePort(), admin: await freePort() };
	const file = join(folder, 'routes.yaml');
	writeFileSync(file, routeFile(ports, origin.port));
	const args = ['--disable-warning=ExperimentalWarning', main, 'run', file];
	const sidecar = start(layout.proxy, { command: process.execPath, args, logFile: join(folder, 'sidecar.log') });
	const wrk = (side: 'inbound' | 'outbound', seconds: number) =>
		runWrk(layout.load, folder, { port: ports[side], host: HOST, path: PATH, connections: CONNECTIONS, seconds });
	try {
		await untilReady(ports.admin, sidecar);
		for (const side of ['inbound', 'outbound', 'inbound', 'outbound'] as const) await wrk(side, WARMUP_SECONDS);
		const cpu = { inbound: [] as number[], outbound: [] as number[] };
		const busy: number[] = [];
		let failed = 0;
		for (let pair = 0; pair < pairs; pair++) {
			const order = pair % 2 === 0 ? (['inbound', 'outbound'] as const) : (['outbound', 'inbound'] as const);
			for (const side of order) {
				const run = await metered(sidecar.pid, layout, () => wrk(side, RUN_SECONDS));
				cpu[side].push((run.cpuSeconds / run.value.requests) * 1e6);
				busy.push(run.proxyShare);
				failed += run.value.errors;
			}
		}
		return { ...cpu, failed, busyShare: median(busy) };
	} finally {
		await sidecar.stop();
		await origin.process.stop();
		rmSync(folder, { recursive: true, force: true });
	}
}

async function untilReady(port: number, sidecar: Running): Promise<void> {
	const deadline = performance.now() + START_MS;
	const up = await firstSuccess(port, '/ready', () => sidecar.exited() || performance.now() > deadline);
	if (up === null) throw new Error('the sidecar did not start');
}

/** What a call may cost, over what a request costs. */
const MOST_RATIO = 1.1;

export const scenario: Scenario = async ({ main, isQuick, say }) => {
	const { inbound, outbound, failed, busyShare } = await sides(main ?? SOURCE_MAIN, isQuick ? 10 : 40);
	const ratios = pairedRatios(outbound, inbound);
	const interval = medianInterval(ratios);
	say(`outbound over inbound, pair by pair: ${ratios.map((ratio) => ratio.toFixed(3)).join(' ')}`);
	const range =
		interval === null
			? ''
			: `${interval.low.toFixed(3)} to ${interval.high.toFixed(3)} at ${(100 * interval.confidence).toFixed(1)} %`;
	const figures: Figure[] = [
		reported('inbound, median', median(inbound), 'µs CPU', 'GET, 100 B, keep-alive'),
		reported('outbound, median', median(outbound), 'µs CPU', 'a service with one endpoint, no rules'),
		atMost('outbound over inbound, median of pairs', median(ratios), 'times', MOST_RATIO, range),
		atMost('failed requests', failed, '', 0),
		reported('share of its core that the sidecar used', 100 * busyShare, '%'),
	];
	return figures;
};
