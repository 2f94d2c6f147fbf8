/**
 * Ten thousand endpoints of one service, and a thousand services: what they weigh, how soon the sidecar is ready, and that
 * nobody who is served notices when they change, or when somebody looks at them.
 */
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startApp } from '../child.ts';
import { atMost, type Figure, reported, type Scenario, type ScenarioOptions } from '../figure.ts';
import { fleet, manyServices } from '../fleet.ts';
import { Load, Tally } from '../load.ts';
import { getOnce, Sidecar } from '../sidecar.ts';
import { longestTurn, STALL_MS, TURN_PROBE, type Turn } from '../turns.ts';
import { waitFor } from '../wait.ts';

/** Where a change is made: in the file that a service has its endpoints from, or in the route file. */
export type Shape = 'endpoint file' | 'one service' | 'many services';

export interface ScaleSettings {
	readonly main?: string | undefined;
	readonly shape: Shape;
	/** Endpoints of the one service, or services. */
	readonly count: number;
	readonly changes: number;
	/** Between two requests of a client. */
	readonly thinkMs: number;
	readonly clients: number;
	/** Loads of no changes before the first, and in between as many as there are changes. */
	readonly warmMs: number;
	/** To look at each turn keeps a core busy: then latencies say nothing. */
	readonly watchesTurns: boolean;
}

export interface ScaleResult {
	readonly startMs: number;
	readonly rssMb: number;
	readonly quiet: Tally;
	readonly changing: Tally;
	readonly quietTurn: Turn;
	readonly changingTurn: Turn;
	/** While somebody looks, by what at. */
	readonly looks: ReadonlyMap<string, Turn>;
	/** From a change to its being in force, in the order of the changes. */
	readonly tookMs: readonly number[];
}

const SETTLE_MS = 2000;
const CHANGE_DEADLINE_MS = 60_000;
const LOOKS = ['/services', '/metrics', '/config', '/routes', '/explain'];

class Fleet {
	readonly folder = mkdtempSync(join(tmpdir(), 'outrigger-fleet-'));
	private readonly settings: ScaleSettings;
	private readonly port: number;

	constructor(settings: ScaleSettings, port: number) {
		this.settings = settings;
		this.port = port;
		this.writeEndpoints(0);
	}

	private get endpointFile(): string {
		return join(this.folder, 'endpoints.yaml');
	}

	private writeEndpoints(version: number): void {
		const { shape, count } = this.settings;
		if (shape !== 'endpoint file') return;
		writeFileSync(`${this.endpointFile}.new`, JSON.stringify(fleet(count, this.port, version)));
		renameSync(`${this.endpointFile}.new`, this.endpointFile);
	}

	blocks(version: number): Record<string, unknown> {
		const { shape, count } = this.settings;
		const source =
			shape === 'endpoint file' ? { file: this.endpointFile } : { endpoints: fleet(count, this.port, version) };
		const services =
			shape === 'many services'
				? manyServices(count, this.port, version)
				: { payments: { hostnames: ['app.test'], ...source } };
		return { services, outbound: { listen: '127.0.0.1:0', unknownHosts: 'reject' } };
	}

	/** Resolves when it is in force; to the milliseconds that took. */
	async change(sidecar: Sidecar, version: number): Promise<number> {
		const { shape } = this.settings;
		const isFile = shape === 'endpoint file';
		// Told by the log: to ask for it would be one more thing that goes on meanwhile.
		const told = isFile ? 'endpoints were found' : 'the route file was reloaded';
		const count = () => sidecar.output.split(told).length;
		const before = count();
		const startedAt = performance.now();
		if (isFile) this.writeEndpoints(version);
		else {
			writeFileSync(`${sidecar.file}.new`, sidecar.textWith(this.port, this.blocks(version)));
			renameSync(`${sidecar.file}.new`, sidecar.file);
		}
		await waitFor(`version ${version}`, () => count() > before, CHANGE_DEADLINE_MS);
		// A list that is found is not taken over yet.
		if (isFile) await sleep(SETTLE_MS / 4);
		return performance.now() - startedAt;
	}
}

const since1970 = () => performance.timeOrigin + performance.now();

export async function scale(settings: ScaleSettings): Promise<ScaleResult> {
	const app = await startApp('ordinary', 0, { host: '0.0.0.0' });
	const endpoints = new Fleet(settings, app.port);
	const nodeOptions = settings.watchesTurns ? ['--import', TURN_PROBE] : [];
	const sidecar = await Sidecar.start({
		main: settings.main,
		appPort: app.port,
		blocks: endpoints.blocks(0),
		nodeOptions,
	});
	const startMs = performance.now() - sidecar.startedAt;
	try {
		await sidecar.adminGet('/metrics');
		await sleep(SETTLE_MS);
		const rssMb = sidecar.rssMb();
		return { startMs, rssMb, ...(await changes(settings, sidecar, endpoints)) };
	} finally {
		rmSync(endpoints.folder, { recursive: true, force: true });
		await sidecar.stop();
		await app.kill();
	}
}

async function changes(settings: ScaleSettings, sidecar: Sidecar, endpoints: Fleet) {
	const load = async (tally: Tally, run: () => Promise<unknown>) => {
		const { clients, thinkMs } = settings;
		const clientsOf = new Load({ port: sidecar.outboundPort, clients, tally, think: () => thinkMs });
		const startedAt = since1970();
		await run();
		const turn = longestTurn(sidecar.stallFile, startedAt, since1970());
		await clientsOf.stop();
		return turn;
	};
	await load(new Tally(), () => sleep(settings.warmMs));
	const quiet = new Tally();
	const changing = new Tally();
	const quietTurns: Turn[] = [];
	const changingTurns: Turn[] = [];
	const tookMs: number[] = [];
	for (let version = 1; version <= settings.changes; version++) {
		changingTurns.push(await load(changing, async () => tookMs.push(await endpoints.change(sidecar, version))));
		quietTurns.push(await load(quiet, () => sleep(tookMs.at(-1))));
	}
	const looks = new Map<string, Turn>();
	for (const path of LOOKS) looks.set(path, await load(new Tally(), () => look(sidecar, path)));
	return { quiet, changing, quietTurn: longest(quietTurns), changingTurn: longest(changingTurns), looks, tookMs };
}

async function look(sidecar: Sidecar, path: string): Promise<void> {
	const asked = path === '/explain' ? { request: 'GET http://app.test/', side: 'outbound' } : null;
	const { status, body } = await getOnce(sidecar.adminPort, path, asked);
	if (status !== 200 || body === '') throw new Error(`${path}: ${status} ${body.slice(0, 200)}`);
	// What comes after the last byte, such as the collection of what was made for it.
	await sleep(200);
}

function longest(turns: readonly Turn[]): Turn {
	return { ms: Math.max(...turns.map(({ ms }) => ms)), cpuMs: Math.max(...turns.map(({ cpuMs }) => cpuMs)) };
}

async function figuresOf(shape: Shape, count: number, { main, isQuick, say }: ScenarioOptions): Promise<Figure[]> {
	say(`${count} of ${shape}`);
	const settings = { main, shape, count, changes: isQuick ? 2 : 6, warmMs: 3000 };
	const timed = await scale({ ...settings, clients: 8, thinkMs: 5, watchesTurns: false });
	const watched = await scale({ ...settings, clients: 4, thinkMs: 5, watchesTurns: true });
	const name = (what: string) => `${shape}, ${count}: ${what}`;
	const failures = [timed, watched].reduce((sum, { quiet, changing }) => sum + quiet.failures + changing.failures, 0);
	const { quiet, changing, tookMs } = timed;
	const byClock = ({ ms }: Turn) => `${ms} ms by the clock`;
	return [
		reported(name('exec to the first 2xx on /ready'), timed.startMs, 'ms'),
		reported(name('RSS idle, after a scrape'), timed.rssMb, 'MB'),
		reported(
			name('p99 without changes'),
			quiet.percentile(0.99),
			'ms',
			`of ${quiet.answers}; p50 ${quiet.percentile(0.5).toFixed(1)}`,
		),
		reported(
			name('p99 with changes'),
			changing.percentile(0.99),
			'ms',
			`of ${changing.answers}; p50 ${changing.percentile(0.5).toFixed(1)}`,
		),
		reported(name('until a change is in force, at most'), Math.max(...tookMs), 'ms'),
		atMost(name('failed requests'), failures, '', 0, changing.describe()),
		reported(name('longest turn without changes'), watched.quietTurn.cpuMs, 'ms CPU', byClock(watched.quietTurn)),
		atMost(
			name('longest turn with changes'),
			watched.changingTurn.cpuMs,
			'ms CPU',
			STALL_MS,
			byClock(watched.changingTurn),
		),
		...[...watched.looks].map(([path, turn]) =>
			atMost(name(`longest turn while ${path} is read`), turn.cpuMs, 'ms CPU', STALL_MS, byClock(turn)),
		),
	];
}

export const scenario: Scenario = async (options) => [
	...(await figuresOf('endpoint file', 10_000, options)),
	...(await figuresOf('one service', 10_000, options)),
	...(await figuresOf('many services', 1000, options)),
];
