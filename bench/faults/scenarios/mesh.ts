/**
 * Two sidecars speak mTLS under an open load while their certificates change all the time, are left half-written in between,
 * and come from another root halfway: no request may fail, and nobody between the two may read anything.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { transformSync } from 'esbuild';
import { startApp } from '../child.ts';
import { atMost, type Figure, reported, type Scenario } from '../figure.ts';
import { OpenLoad } from '../fixed-rate.ts';
import { Tally } from '../load.ts';
import { PacketCapture } from '../packet-capture.ts';
import { RotatingCertificates } from '../rotating-certificates.ts';
import { Sidecar } from '../sidecar.ts';
import { TlsRelay } from '../tls-relay.ts';
import { longestTurn, type Turn } from '../turns.ts';
import { waitFor } from '../wait.ts';

/** The calling workload and the called one. */
const NAMES = ['web', 'orders'] as const;
type Name = (typeof NAMES)[number];
/** On top of the handshakes that new certificates bring. */
const REQUESTS_PER_CONNECTION = 200;
/** Of the calling app. Requests beyond wait with it, and count from when they were due. */
const MAX_CONNECTIONS = 64;
/** Two cold processes at the full rate would make a connection for each request, and all time would go into handshakes. */
const RISE_MS = 5000;
/** Of a short run. */
const RISE_SHARE = 0.25;
/** For a root to come and another one to go, with some renewals in between. */
const LEAST_PERIODS = 8;

export interface MeshSettings {
	readonly main?: string | undefined;
	/** Requests a second. */
	readonly rate: number;
	readonly seconds: number;
	/** Between two renewals of both certificates. */
	readonly periodMs: number;
	/** Of a connection between the sidecars. Default: so many that there are some handshakes a second. */
	readonly requestsPerConnection?: number;
	/** Whether to look at the turns of the event loops, and with tcpdump. */
	readonly isWatched: boolean;
	readonly say?: (line: string) => void;
}

export interface SidecarFigures {
	/** One a period, in MB: resident memory, and the heap in use, garbage included. */
	readonly rssMb: readonly number[];
	readonly heapMb: readonly number[];
	/** Of its side towards the other sidecar, by result. */
	readonly handshakes: ReadonlyMap<string, number>;
	readonly turn: Turn;
}

export interface MeshResult {
	readonly tally: Tally;
	readonly rate: number;
	readonly queued: number;
	readonly retries: number;
	readonly relay: TlsRelay;
	/** `null`: no tcpdump. */
	readonly capture: PacketCapture | null;
	readonly certificates: RotatingCertificates;
	/** From the last rename of a renewal until both sidecars have taken it over. */
	readonly takenMs: readonly number[];
	readonly sidecars: Readonly<Record<Name, SidecarFigures>>;
}

/** `/certs`, as far as this looks at it. */
interface CertsView {
	readonly workload: { readonly serial: string; readonly trustBundle: readonly unknown[] };
}

class Mesh {
	readonly secret = randomBytes(16).toString('hex');
	readonly tally = new Tally();
	readonly takenMs: number[] = [];
	readonly rssMb: Record<Name, number[]> = { web: [], orders: [] };
	readonly heapMb: Record<Name, number[]> = { web: [], orders: [] };
	readonly certificates: RotatingCertificates;
	private readonly settings: MeshSettings;
	private readonly probe: string;
	private readonly undo: (() => unknown)[] = [];

	constructor(settings: MeshSettings, certificates: RotatingCertificates) {
		this.settings = settings;
		this.certificates = certificates;
		this.undo.push(() => certificates.remove());
		// As JavaScript: to strip types takes a process as much memory as all the rest of it.
		this.probe = join(tmpdir(), `outrigger-probe-${this.secret}.mjs`);
		const source = readFileSync(new URL('../stall-probe.ts', import.meta.url), 'utf8');
		writeFileSync(this.probe, transformSync(source, { loader: 'ts' }).code);
		this.undo.push(() => rmSync(this.probe, { force: true }));
	}

	async run(): Promise<MeshResult> {
		const { secret, settings, certificates } = this;
		const app = await startApp('confiding', 0, { secret });
		this.undo.push(() => app.kill());
		const orders = await this.start('orders', app.port, {
			inbound: { listen: '127.0.0.1:0', authorization: { allow: [{ principals: [certificates.idOf('web')] }] } },
		});
		const relay = await TlsRelay.start(orders.port, secret);
		const capture = settings.isWatched ? await PacketCapture.start([orders.port, relay.port], secret) : null;
		this.undo.push(
			() => relay.stop(),
			() => capture?.stop(),
		);
		const endpoint = { address: `127.0.0.1:${relay.port}`, identity: certificates.idOf('orders') };
		const { requestsPerConnection = REQUESTS_PER_CONNECTION } = settings;
		const connect = { maxRequestsPerConnection: requestsPerConnection };
		const web = await this.start('web', app.port, {
			outbound: { listen: '127.0.0.1:0', unknownHosts: 'reject' },
			services: { orders: { hostnames: ['orders'], endpoints: [endpoint], connect } },
		});
		const load = this.load(web.outboundPort);
		const warmAt = performance.timeOrigin + performance.now() + load.options.risesMs;
		await this.rotate({ web, orders });
		await load.stop();
		return {
			tally: this.tally,
			rate: load.rate,
			queued: load.queued,
			retries: await web.metric('outrigger_retries_total'),
			relay,
			capture,
			certificates,
			takenMs: this.takenMs,
			sidecars: {
				web: await this.figuresOf('web', web, warmAt),
				orders: await this.figuresOf('orders', orders, warmAt),
			},
		};
	}

	private async figuresOf(name: Name, sidecar: Sidecar, warmAt: number): Promise<SidecarFigures> {
		return {
			rssMb: this.rssMb[name],
			heapMb: this.heapMb[name],
			handshakes: await handshakesOf(sidecar, name === 'web' ? 'outbound' : 'inbound'),
			turn: longestTurn(sidecar.stallFile, warmAt, Number.POSITIVE_INFINITY),
		};
	}

	private async start(name: Name, appPort: number, blocks: Record<string, unknown>): Promise<Sidecar> {
		const { main, isWatched } = this.settings;
		const sidecar = await Sidecar.start({
			main,
			appPort,
			blocks: { tls: { mode: 'strict', ...this.certificates.filesOf(name) }, ...blocks },
			...(isWatched && {
				nodeOptions: ['--import', pathToFileURL(this.probe).href],
				env: { STALL_PROBE_EVERY_MS: '1' },
			}),
		});
		this.undo.push(() => sidecar.stop());
		return sidecar;
	}

	/** The calling app: GETs and POSTs by turns, the secret in each of them. */
	private load(port: number): OpenLoad {
		const { secret, tally } = this;
		const { rate, seconds } = this.settings;
		const body = `what are the orders of ${secret}?`;
		const head = `/ HTTP/1.1\r\nhost: orders\r\nx-secret: ${secret}\r\n`;
		const texts = [`GET ${head}\r\n`, `POST ${head}content-length: ${body.length}\r\n\r\n${body}`];
		const load = new OpenLoad({
			port,
			rate,
			risesMs: Math.min(RISE_MS, RISE_SHARE * seconds * 1000),
			tally,
			maxConnections: MAX_CONNECTIONS,
			request: (n) => texts[n % 2] ?? '',
			fault: (status, text) => (status === 200 && !text.endsWith(': paddle, rope, sail') ? 'another answer' : ''),
		});
		this.undo.push(() => load.stop());
		return load;
	}

	/** Renews both pairs each period, waits until they are in force, and leaves them in halves until the next one. */
	private async rotate(sidecars: Readonly<Record<Name, Sidecar>>): Promise<void> {
		const { certificates, settings } = this;
		const periods = Math.max(LEAST_PERIODS, Math.round((settings.seconds * 1000) / settings.periodMs));
		const root = {
			added: Math.floor(periods * 0.4),
			signs: Math.floor(periods * 0.5),
			alone: Math.floor(periods * 0.7),
		};
		const startedAt = performance.now();
		let roots = 1;
		for (let i = 1; i <= periods; i++) {
			if (i === root.added) await certificates.addAuthority();
			await certificates.renew(i >= root.added && i < root.signs ? 1 : 0);
			const renewedAt = performance.now();
			await this.untilTaken(sidecars, roots);
			this.takenMs.push(performance.now() - renewedAt);
			if (i === root.added) roots = certificates.trust('all');
			if (i === root.alone) roots = certificates.trust('last');
			await this.untilTaken(sidecars, roots);
			if (i === root.added || i === root.alone) settings.say?.(`${roots} root${roots > 1 ? 's' : ''} trusted`);
			await sleep(Math.max(0, startedAt + (i - 0.5) * settings.periodMs - performance.now()));
			await certificates.damage();
			await sleep(Math.max(0, startedAt + i * settings.periodMs - performance.now()));
			for (const name of NAMES) await this.weigh(name, sidecars[name]);
			// What was good before the damage is what is still in force.
			await this.untilTaken(sidecars, roots);
			if (i % Math.ceil(periods / 10) === 0) settings.say?.(`${i} of ${periods} periods: ${this.tally.describe()}`);
		}
	}

	private async weigh(name: Name, sidecar: Sidecar): Promise<void> {
		this.rssMb[name].push(sidecar.rssMb());
		this.heapMb[name].push((await sidecar.metric('nodejs_heap_size_used_bytes')) / 1e6);
	}

	private async untilTaken(sidecars: Readonly<Record<Name, Sidecar>>, roots: number): Promise<void> {
		for (const name of NAMES) {
			const serial = this.certificates.serials.get(name);
			await waitFor(`${serial} of ${name} and ${roots} roots to be in force`, async () => {
				const { workload } = JSON.parse((await sidecars[name].adminGet('/certs')).body) as CertsView;
				return workload.serial === serial && workload.trustBundle.length === roots;
			});
		}
	}

	async clear(): Promise<void> {
		for (const step of this.undo.reverse()) await step();
	}
}

export async function mesh(settings: MeshSettings): Promise<MeshResult> {
	const made = new Mesh(settings, await RotatingCertificates.make(NAMES));
	try {
		return await made.run();
	} finally {
		await made.clear();
	}
}

async function handshakesOf(sidecar: Sidecar, side: 'inbound' | 'outbound'): Promise<ReadonlyMap<string, number>> {
	const { body } = await sidecar.adminGet('/metrics');
	const series = new RegExp(`^outrigger_tls_handshakes_total\\{side="${side}",result="(\\w+)"\\} (\\d+)$`, 'gm');
	return new Map([...body.matchAll(series)].map(([, result = '', count]) => [result, Number(count)]));
}

/** Handshakes that ended otherwise than well. */
export function badHandshakes({ handshakes }: SidecarFigures): number {
	return [...handshakes].reduce((sum, [result, n]) => (['ok', 'resumed'].includes(result) ? sum : sum + n), 0);
}

/** Connections between the two that had anything else in them than TLS records, the first a handshake's. */
export function notTls({ relay }: MeshResult): number {
	return relay.watches.filter(({ strayBytes }) => strayBytes > 0).length;
}

const RATE = 2000;
const MINUTES = 10;
const QUICK_MINUTES = 1 / 3;
const PERIOD_MS = 5000;
/** Noise of a heap that is being used; a short run may meet no collection of all of it. */
const HEAP_GROWTH_MB = 4;

export const scenario: Scenario = async ({ main, isQuick, minutes, rate: wanted = RATE, say }) => {
	const seconds = 60 * (minutes ?? (isQuick ? QUICK_MINUTES : MINUTES));
	const found = await mesh({ main, rate: wanted, seconds, periodMs: PERIOD_MS, isWatched: true, say });
	const { tally, rate, queued, retries, takenMs, certificates, sidecars } = found;
	return [
		atMost('failed requests', tally.failures, `of ${tally.answers}`, 0, tally.describe()),
		reported('requests a second', rate, '', `${wanted} wanted; ${queued} found ${MAX_CONNECTIONS} connections busy`),
		reported('attempts made again', retries, ''),
		reported('latency, p50', tally.percentile(0.5), 'ms'),
		reported('latency, p99', tally.percentile(0.99), 'ms', `slowest ${tally.slowestMs.toFixed(0)} ms`),
		...wire(found),
		reported('renewals', certificates.renewals, '', `and ${certificates.damages} pairs left in halves`),
		reported('until a renewal was in force, slowest', Math.max(...takenMs), 'ms'),
		...NAMES.flatMap((name) => figuresOf(name, sidecars[name])),
	];
};

function wire(found: MeshResult): Figure[] {
	const { relay, capture } = found;
	const seen = `${relay.sum('bytes')} bytes in ${relay.connections} connections`;
	const captured = capture === null ? 'there is no tcpdump here' : `in ${capture.bytes} bytes`;
	return [
		atMost('connections between the two with anything but TLS in them', notTls(found), '', 0, seen),
		atMost('bytes between the two that are no TLS', relay.sum('strayBytes'), '', 0),
		atMost('the secret was read between the two', relay.sum('secrets'), 'times', 0),
		atMost('the secret was read by tcpdump', capture?.secrets ?? 0, 'times', 0, captured),
	];
}

function figuresOf(name: Name, figures: SidecarFigures): Figure[] {
	const { handshakes, rssMb, heapMb, turn } = figures;
	const rss = thirds(rssMb, (values) => values[Math.floor(values.length / 2)] ?? 0);
	const heap = thirds(heapMb, ([least = 0]) => least);
	return [
		reported(`${name}: handshakes, full`, handshakes.get('ok') ?? 0, ''),
		reported(`${name}: handshakes, resumed`, handshakes.get('resumed') ?? 0, ''),
		atMost(`${name}: handshakes that failed`, badHandshakes(figures), '', 0, JSON.stringify([...handshakes])),
		reported(`${name}: RSS after the first period`, rssMb[0] ?? 0, 'MB'),
		reported(`${name}: RSS at the end`, rssMb.at(-1) ?? 0, 'MB', `at most ${Math.max(...rssMb).toFixed(1)} MB`),
		reported(`${name}: growth of RSS from the second third to the last`, rss.grown, 'MB', rss.note),
		atMost(`${name}: growth of the least heap in use, likewise`, heap.grown, 'MB', HEAP_GROWTH_MB, heap.note),
		reported(`${name}: longest turn of the event loop`, turn.cpuMs, 'ms CPU', `${turn.ms} ms by the clock`),
	];
}

/** What one figure of the last third of values has on that of the second third. `of`: gets them sorted. */
function thirds(values: readonly number[], of: (sorted: readonly number[]) => number) {
	const third = Math.ceil(values.length / 3);
	const sorted = (part: readonly number[]) => part.toSorted((a, b) => a - b);
	const [before, after] = [of(sorted(values.slice(third, 2 * third))), of(sorted(values.slice(-third)))];
	return { grown: after - before, note: `${before.toFixed(1)} MB, then ${after.toFixed(1)} MB` };
}
