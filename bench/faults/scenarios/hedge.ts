/**
 * A service whose endpoints are slow now and then: how much of that clients notice with hedging and without, and what it costs
 * the endpoints. Then one that is slow as a whole, which must not get its requests twice.
 */
import { startApp } from '../child.ts';
import { atLeast, atMost, type Figure, reported, type Scenario } from '../figure.ts';
import { Load, Tally } from '../load.ts';
import { Sidecar } from '../sidecar.ts';
import { SlowOrigin } from '../slow-origin.ts';

const ENDPOINTS = 3;
const FAST_MS = 20;
/** A slow answer takes so many times as long. */
const SLOW_FACTOR = 50;
const SLOW_SHARE = 0.02;
/** Before anything is measured: enough for the p95 to be known, and for connections to be there. */
const WARMUP = 400;

export interface HedgeSettings {
	readonly main?: string | undefined;
	readonly method?: string;
	/** Of the route file; `null`: none. */
	readonly hedge: Record<string, unknown> | null;
	/** Share of the requests that are slow, once it is measured. */
	readonly slowShare?: number;
	readonly clients: number;
	readonly requests: number;
}

export interface HedgeResult {
	readonly tally: Tally;
	/** Requests that came to the endpoints beyond those of the clients, as a share of those. */
	readonly extraShare: number;
	readonly cancelled: number;
	readonly won: number;
	readonly lost: number;
}

export async function hedging(given: HedgeSettings): Promise<HedgeResult> {
	const { main, method = 'GET', hedge, slowShare = SLOW_SHARE, clients, requests } = given;
	let share = SLOW_SHARE;
	const delay = () => (Math.random() < share ? FAST_MS * SLOW_FACTOR : FAST_MS);
	const app = await startApp('ordinary', 0);
	const origins = await Promise.all(Array.from({ length: ENDPOINTS }, () => SlowOrigin.start(delay)));
	const endpoints = origins.map(({ port }) => ({ address: `127.0.0.1:${port}` }));
	const rule = { name: 'hedged', hostnames: ['app.test'], ...(hedge === null ? {} : { hedge }) };
	const sidecar = await Sidecar.start({
		main,
		appPort: app.port,
		blocks: {
			services: { slow: { hostnames: ['app.test'], endpoints } },
			outbound: { listen: '127.0.0.1:0', unknownHosts: 'reject', routes: [rule] },
		},
	});
	const sum = (what: 'requests' | 'cancelled') => origins.reduce((count, origin) => count + origin[what], 0);
	const run = (tally: Tally, total: number) =>
		new Load({ port: sidecar.outboundPort, clients, tally, method, total }).done;
	try {
		await run(new Tally(), WARMUP);
		share = slowShare;
		const before = sum('requests');
		const tally = new Tally();
		await run(tally, requests);
		const hedges = (outcome: string) => sidecar.metric('outrigger_hedges_total', { service: 'slow', outcome });
		return {
			tally,
			extraShare: (sum('requests') - before) / requests - 1,
			cancelled: sum('cancelled'),
			won: await hedges('won'),
			lost: await hedges('lost'),
		};
	} finally {
		await app.kill();
		await sidecar.stop();
		await Promise.all(origins.map((origin) => origin.stop()));
	}
}

const P95 = { after: 'p95', max: 1, budgetPercent: 5 };
/** What the goal is: p99 falls to a fifth at 6 % more load. */
export const LEAST_GAIN = 5;
export const MOST_EXTRA = 0.06;

export const scenario: Scenario = async ({ main, isQuick, say }) => {
	const requests = isQuick ? 5000 : 50_000;
	const settings = { main, clients: 32, requests };
	const alone = await hedging({ ...settings, hedge: null });
	const hedged = await hedging({ ...settings, hedge: P95 });
	const slow = await hedging({ ...settings, hedge: P95, slowShare: 1, requests: requests / 10 });
	const posts = await hedging({ ...settings, hedge: P95, method: 'POST' });
	say(`${hedged.won} hedges won, ${hedged.lost} lost, ${hedged.cancelled} requests given up at the endpoints`);
	const figures: Figure[] = [reported('without hedging, p50', alone.tally.percentile(0.5), 'ms')];
	for (const q of [0.5, 0.95, 0.99, 0.999]) {
		const before = alone.tally.percentile(q);
		const note = `without: ${before.toFixed(1)} ms`;
		figures.push(reported(`with hedging, p${100 * q}`, hedged.tally.percentile(q), 'ms', note));
	}
	const failures = [alone, hedged, slow, posts].reduce((count, { tally }) => count + tally.failures, 0);
	figures.push(
		atLeast('p99 falls by', alone.tally.percentile(0.99) / hedged.tally.percentile(0.99), 'times', LEAST_GAIN),
		atMost('more requests at the endpoints', 100 * hedged.extraShare, '%', 100 * MOST_EXTRA),
		atLeast('requests given up at the endpoints', hedged.cancelled, '', hedged.won / 2),
		atMost('the same where all requests are slow', 100 * slow.extraShare, '%', 100 * MOST_EXTRA),
		atMost('POSTs that came more than once', posts.extraShare * requests, '', 0),
		atMost('failures', failures, '', 0),
	);
	return figures;
};
