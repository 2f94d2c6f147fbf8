/**
 * A flood of clients that never finish a head, up to the cap on connections and beyond it: everybody else is served, and
 * the oldest of the flood makes way.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { startApp } from '../child.ts';
import { atMost, type Figure, reported, type Scenario } from '../figure.ts';
import { Flood } from '../flood.ts';
import { Load, Tally } from '../load.ts';
import { Sidecar } from '../sidecar.ts';
import { waitFor } from '../wait.ts';

export interface HalfOpenSettings {
	readonly main?: string | undefined;
	/** `limits.connections`; as many silent connections are opened. */
	readonly cap: number;
	readonly slow: number;
	/** How long the good clients are watched at the cap. */
	readonly watchMs: number;
	readonly headTimeout?: string;
	readonly say?: (line: string) => void;
}

export interface HalfOpenResult {
	readonly calm: Tally;
	readonly storm: Tally;
	readonly full: Tally;
	/** Silent connections that went although enough older ones were there. */
	readonly outOfOrder: number;
	readonly evicted: number;
	readonly refusedConnects: number;
	readonly headTimeouts: number;
	readonly rssMb: { readonly before: number; readonly full: number; readonly after: number };
}

const GOOD_CLIENTS = 8;
const THINK_MS = 10;
/** Before the flood. */
const CALM_MS = 1500;
const BYTE_EVERY_MS = 1000;
/** Connects overtake each other on their way to the listener, as many as are under way at once. */
const ORDER_TOLERANCE = 200;

/** Good clients of both kinds: with a connection that stays, and with a connection a request. */
async function watched<T>(port: number, tally: Tally, during: () => Promise<T>): Promise<T> {
	const options = { port, tally, think: () => THINK_MS };
	const loads = [new Load({ ...options, clients: GOOD_CLIENTS }), new Load({ ...options, clients: 2, closes: true })];
	const result = await during();
	await Promise.all(loads.map((load) => load.stop()));
	return result;
}

export async function halfOpen(given: HalfOpenSettings): Promise<HalfOpenResult> {
	const { main, cap, slow, watchMs, headTimeout = '10s', say } = given;
	const app = await startApp('ordinary', 0);
	const blocks = { limits: { connections: cap, headTimeout } };
	const sidecar = await Sidecar.start({ main, appPort: app.port, blocks });
	const flood = new Flood(sidecar.port);
	const [calm, storm, full] = [new Tally(), new Tally(), new Tally()];
	try {
		await watched(sidecar.port, calm, () => sleep(CALM_MS));
		const before = sidecar.rssMb();
		await watched(sidecar.port, storm, async () => {
			await flood.silent(cap);
			say?.(`${flood.open} silent connections`);
			await flood.slow(slow, BYTE_EVERY_MS);
			say?.(`${flood.open} connections, ${flood.ended.length} pushed out`);
		});
		await watched(sidecar.port, full, () => sleep(watchMs));
		const atFull = sidecar.rssMb();
		const evictions = flood.ended.filter((index) => index < cap);
		const headTimeouts = flood.answers.filter((text) => text.startsWith('HTTP/1.1 408')).length;
		flood.close();
		await waitFor('the flood to be gone', async () => (await sidecar.service()).requests.active === 0);
		await sleep(500);
		const rssMb = { before, full: atFull, after: sidecar.rssMb() };
		const outOfOrder = tooYoung(evictions);
		return {
			calm,
			storm,
			full,
			outOfOrder,
			evicted: evictions.length,
			refusedConnects: flood.failed,
			headTimeouts,
			rssMb,
		};
	} finally {
		flood.close();
		await sidecar.stop();
		await app.kill();
	}
}

/** With n pushed out, they should be the n oldest. */
function tooYoung(evicted: readonly number[]): number {
	return evicted.filter((index) => index >= evicted.length + ORDER_TOLERANCE).length;
}

/** p99 that good clients may see at the cap: what a person does not notice. */
const P99_MS = 50;
/** A connection that says nothing may cost this much. */
const KB_PER_CONNECTION = 20;

export const scenario: Scenario = async ({ main, isQuick, say }) => {
	const cap = isQuick ? 2000 : 10_000;
	const slow = isQuick ? 200 : 1000;
	const found = await halfOpen({ main, cap, slow, watchMs: isQuick ? 3000 : 15_000, say });
	const { calm, storm, full, rssMb } = found;
	const figures: Figure[] = [
		atMost('failures of good clients', calm.failures + storm.failures + full.failures, '', 0, full.describe()),
		reported('p99 of good clients before', calm.percentile(0.99), 'ms'),
		reported('p99 while they all connect', storm.percentile(0.99), 'ms'),
		atMost('p99 at the cap', full.percentile(0.99), 'ms', P99_MS),
		reported('silent connections pushed out', found.evicted, '', `${slow} slow ones came on top of ${cap}`),
		atMost('pushed out although older ones were there', found.outOfOrder, '', 0),
		atMost('connects refused', found.refusedConnects, '', 0),
		reported('heads answered with 408', found.headTimeouts, ''),
		reported('RSS before', rssMb.before, 'MB'),
		atMost('RSS for each connection', ((rssMb.full - rssMb.before) * 1000) / cap, 'kB', KB_PER_CONNECTION),
		reported('RSS at the cap', rssMb.full, 'MB'),
		reported('RSS after they have gone', rssMb.after, 'MB'),
	];
	return figures;
};
