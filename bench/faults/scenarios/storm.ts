/**
 * A service of three endpoints on its worst days: one of them fails, all of them fail, all of them break connections at
 * random. Clients must not notice the first; the origins must not suffer from us in the second; and no request that is not
 * idempotent may come to an origin twice in the third.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { startApp } from '../child.ts';
import { atLeast, atMost, type Figure, reported, type Scenario } from '../figure.ts';
import { Load, Tally } from '../load.ts';
import { Sidecar } from '../sidecar.ts';
import { type Behaviour, Ledger, StormOrigin } from '../storm-origin.ts';
import { waitFor } from '../wait.ts';

/** Clients' requests go to `app.test`. */
const SERVICE = 'storm';
const ENDPOINTS = 3;
/** A reply that is under way when its endpoint is left out is given this long. */
const SETTLE_MS = 200;
/** The default budget: this share of the requests, and this many a second, which may have been saved up for one second. */
const BUDGET_SHARE = 0.2;
const BUDGET_PER_SECOND = 10;

class Storm {
	readonly ledger: Ledger;
	readonly origins: readonly StormOrigin[];
	readonly sidecar: Sidecar;
	private readonly app: Awaited<ReturnType<typeof startApp>>;

	private constructor(
		ledger: Ledger,
		origins: readonly StormOrigin[],
		sidecar: Sidecar,
		app: Awaited<ReturnType<typeof startApp>>,
	) {
		this.ledger = ledger;
		this.origins = origins;
		this.sidecar = sidecar;
		this.app = app;
	}

	/** `policy`: what the route file says of the service beyond its endpoints. */
	static async start(main: string | undefined, policy: Record<string, unknown> = {}): Promise<Storm> {
		const ledger = new Ledger();
		const starting = Array.from({ length: ENDPOINTS }, () => StormOrigin.start(ledger));
		const [app, origins] = await Promise.all([startApp('ordinary', 0), Promise.all(starting)]);
		const endpoints = origins.map(({ port }) => ({ address: `127.0.0.1:${port}` }));
		const sidecar = await Sidecar.start({
			main,
			appPort: app.port,
			blocks: {
				services: { [SERVICE]: { hostnames: ['app.test'], endpoints, ...policy } },
				outbound: { listen: '127.0.0.1:0', unknownHosts: 'reject' },
			},
		});
		return new Storm(ledger, origins, sidecar, app);
	}

	behave(behaviour: Behaviour): void {
		for (const origin of this.origins) origin.behaviour = behaviour;
	}

	load(tally: Tally, more: { clients: number; method?: string; total?: number; request?: () => string }): Load {
		return new Load({ port: this.sidecar.outboundPort, tally, ...more });
	}

	metric(name: string, labels: Record<string, string> = {}): Promise<number> {
		return this.sidecar.metric(name, { service: SERVICE, ...labels });
	}

	async stop(): Promise<void> {
		// The app first: the way out stays open as long as it is there.
		await this.app.kill();
		await this.sidecar.stop();
		await Promise.all(this.origins.map((origin) => origin.stop().catch(() => undefined)));
	}
}

export interface OneFailsSettings {
	readonly main?: string | undefined;
	readonly how: 'status' | 'reset' | 'refused';
	readonly method: string;
	/** After the failing endpoint has been left out. */
	readonly requests: number;
	readonly clients: number;
}

export interface OneFailsResult {
	/** From the first failure until the endpoint was left out. */
	readonly ejectedAfterMs: number;
	readonly before: Tally;
	readonly after: Tally;
	/** Ejections in all: the endpoint is tried again from time to time. */
	readonly ejections: number;
}

/** One of three endpoints fails all of the time. */
export async function oneFails({ main, how, method, requests, clients }: OneFailsSettings): Promise<OneFailsResult> {
	const storm = await Storm.start(main);
	try {
		const before = new Tally();
		const first = storm.load(before, { clients, method });
		await waitFor('steady traffic', () => before.ok > 100);
		const startedAt = performance.now();
		const failing = storm.origins[0] as StormOrigin;
		if (how === 'refused') await failing.stop();
		else failing.behaviour = how;
		await waitFor('an ejection', async () => (await storm.metric('outrigger_ejections_total')) > 0);
		const ejectedAfterMs = performance.now() - startedAt;
		await first.stop();
		await sleep(SETTLE_MS);
		const after = new Tally();
		await storm.load(after, { clients, method, total: requests }).done;
		return { ejectedAfterMs, before, after, ejections: await storm.metric('outrigger_ejections_total') };
	} finally {
		await storm.stop();
	}
}

export interface BudgetResult {
	readonly requests: number;
	/** What the origins saw beyond that. */
	readonly extra: number;
	/** What the budget allows. */
	readonly allowed: number;
}

/** All endpoints fail, and no breaker holds anybody back: what retries add is what the budget grants. */
export async function retriesOfAll(
	main: string | undefined,
	how: Behaviour,
	clients: number,
	requests: number,
): Promise<BudgetResult> {
	const storm = await Storm.start(main, { circuitBreaker: 'off' });
	try {
		storm.behave(how);
		const startedAt = performance.now();
		await storm.load(new Tally(), { clients, total: requests }).done;
		const seconds = (performance.now() - startedAt) / 1000;
		const allowed = BUDGET_SHARE * requests + BUDGET_PER_SECOND * (seconds + 1);
		return { requests, extra: storm.ledger.requests - requests, allowed: Math.floor(allowed) };
	} finally {
		await storm.stop();
	}
}

export interface BreakerSettings {
	readonly main?: string | undefined;
	readonly resetMs: number;
	/** How many reset times the origins go on failing. */
	readonly resets: number;
	readonly clients: number;
}

export interface BreakerResult {
	readonly openedAfterMs: number;
	/** Requests at the origins while the circuit was open or half open. */
	readonly probes: number;
	/** How many could have been probes in that time. */
	readonly probesDue: number;
	readonly closedAfterMs: number;
	/** Failures of clients after it had closed. */
	readonly failuresAfter: number;
}

/** All endpoints break every connection, and mend. */
export async function allFail({ main, resetMs, resets, clients }: BreakerSettings): Promise<BreakerResult> {
	const storm = await Storm.start(main, { circuitBreaker: { resetTimeout: `${resetMs}ms` } });
	const openings = () => storm.metric('outrigger_circuit_transitions_total', { to: 'open' });
	try {
		const tally = new Tally();
		// They pause, so that refusals by the thousand do not keep everybody busy.
		const load = new Load({ port: storm.sidecar.outboundPort, clients, tally, think: () => 2 });
		await waitFor('steady traffic', () => tally.ok > 200);
		storm.behave('reset');
		const failedAt = performance.now();
		await waitFor('the circuit to open', async () => (await openings()) > 0);
		const openedAfterMs = performance.now() - failedAt;
		await sleep(SETTLE_MS);
		const openSince = performance.now();
		const atOpening = storm.ledger.requests;
		await sleep(resetMs * resets);
		const probes = storm.ledger.requests - atOpening;
		const probesDue = Math.ceil((performance.now() - openSince) / resetMs);
		storm.behave('ok');
		const mendedAt = performance.now();
		const closed = () => storm.metric('outrigger_circuit_transitions_total', { to: 'closed' });
		await waitFor('the circuit to close', async () => (await closed()) > 0);
		const closedAfterMs = performance.now() - mendedAt;
		await load.stop();
		const after = new Tally();
		await storm.load(after, { clients, total: 1000 }).done;
		return { openedAfterMs, probes, probesDue, closedAfterMs, failuresAfter: after.failures };
	} finally {
		await storm.stop();
	}
}

export interface PostsResult {
	/** Of the POSTs and the GETs. */
	readonly tally: Tally;
	/** POSTs that came to the origins, and those of them that came more than once. */
	readonly arrived: number;
	readonly repeated: number;
	/** Connections that the origins have broken. */
	readonly broken: number;
	/** Of the GETs: that they are sent again shows that it was tried. */
	readonly retries: number;
}

/** One request in so many is a GET. */
const POSTS_PER_GET = 4;

/** POSTs, and some GETs, to origins that break connections at random, and answer 503 at random. */
export async function posts(main: string | undefined, clients: number, requests: number): Promise<PostsResult> {
	const storm = await Storm.start(main, { circuitBreaker: 'off' });
	try {
		storm.behave('random');
		const tally = new Tally();
		let next = 0;
		const request = () => {
			const id = next++;
			if (id % (POSTS_PER_GET + 1) === POSTS_PER_GET) return 'GET / HTTP/1.1\r\nhost: app.test\r\n\r\n';
			const body = 'x'.repeat((id * 37) % 2000);
			return `POST / HTTP/1.1\r\nhost: app.test\r\nx-storm-id: ${id}\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
		};
		const total = requests + Math.floor(requests / POSTS_PER_GET);
		await storm.load(tally, { clients, total, request }).done;
		const { ids, repeated } = storm.ledger;
		const broken = storm.origins.reduce((sum, origin) => sum + origin.broken, 0);
		return { tally, arrived: ids, repeated, broken, retries: await storm.metric('outrigger_retries_total') };
	} finally {
		await storm.stop();
	}
}

/** Of the requests after the ejection. */
export const MOST_FAILURES = 0.001;
/** The breaker's window, in which it must open. */
const WINDOW_MS = 10_000;

const ONE_FAILS: readonly (Pick<OneFailsSettings, 'how' | 'method'> & { name: string })[] = [
	{ how: 'status', method: 'GET', name: 'GETs, one of three answers 503' },
	{ how: 'status', method: 'POST', name: 'POSTs, one of three answers 503' },
	{ how: 'reset', method: 'POST', name: 'POSTs, one of three breaks connections' },
	{ how: 'refused', method: 'POST', name: 'POSTs, one of three refuses connections' },
];

export const scenario: Scenario = async ({ main, isQuick, say }) => {
	const figures: Figure[] = [];
	const requests = isQuick ? 10_000 : 100_000;
	for (const { name, how, method } of ONE_FAILS) {
		const { ejectedAfterMs, before, after, ejections } = await oneFails({ main, how, method, requests, clients: 32 });
		say(`${name}: left out after ${ejectedAfterMs.toFixed(0)} ms; then ${after.describe()}; ${ejections} ejections`);
		const share = (100 * after.failures) / requests;
		figures.push(
			atMost(`${name}: failures after the ejection`, share, '%', 100 * MOST_FAILURES, after.describe()),
			reported(`${name}: left out after`, ejectedAfterMs, 'ms', `until then ${before.describe()}`),
			reported(`${name}: ejections`, ejections, ''),
		);
	}
	for (const how of ['status', 'reset'] as const) {
		const { extra, allowed } = await retriesOfAll(main, how, 64, requests);
		const name = how === 'status' ? 'all answer 503' : 'all break connections';
		figures.push(atMost(`${name}: more requests at the origins than clients made`, extra, '', allowed, `${requests}`));
	}
	const resets = isQuick ? 2 : 5;
	const breaker = await allFail({ main, resetMs: 5000, resets, clients: 64 });
	figures.push(
		atMost('all break connections: the circuit opens', breaker.openedAfterMs, 'ms', WINDOW_MS),
		atMost('requests at the origins while it is not closed', breaker.probes, '', breaker.probesDue),
		atLeast('probes while it is not closed', breaker.probes, '', resets - 1),
		atMost('all are well again: the circuit closes', breaker.closedAfterMs, 'ms', 2 * 5000),
		atMost('failures once it has closed', breaker.failuresAfter, 'of 1000', 0),
	);
	const { tally, arrived, repeated, broken, retries } = await posts(main, 64, requests);
	say(`POSTs: ${tally.describe()}; ${arrived} arrived, ${broken} connections broken, ${retries} sent again`);
	figures.push(
		atMost('POSTs that came to an origin twice', repeated, `of ${arrived}`, 0),
		atLeast('connections broken meanwhile', broken, '', requests / 100),
		atLeast('GETs that were sent again meanwhile', retries, '', requests / 200),
		atMost('answers broken off', tally.errorCount, '', broken, tally.describe()),
	);
	return figures;
};
