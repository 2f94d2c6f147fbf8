/** The app is killed under load and comes back: nobody hangs, every failure is signed, and recovery does not wait. */
import { setTimeout as sleep } from 'node:timers/promises';
import { median } from '../../load/stats.ts';
import { startApp } from '../child.ts';
import { atMost, type Figure, reported, type Scenario } from '../figure.ts';
import { fixedPort } from '../fixed-port.ts';
import { Load, Tally } from '../load.ts';
import { Sidecar } from '../sidecar.ts';
import { waitFor } from '../wait.ts';

export interface Traffic {
	readonly clients: number;
	readonly method: string;
	/** What the app needs for an answer. */
	readonly appMs: number;
	/** Between two requests of a client. */
	readonly thinkMs: number;
	/** Answers before each kill. */
	readonly steady: number;
}

/** Some thousand short requests a second: successes are most of what the breaker sees, and retries find the app away. */
export const SHORT: Traffic = { clients: 16, method: 'GET', appMs: 2, thinkMs: 5, steady: 200 };
/**
 * Long ones that are never retried: the kill fails all of them in one moment, which opens the circuit before anybody has
 * found that nobody listens.
 */
export const LONG: Traffic = { clients: 60, method: 'POST', appMs: 400, thinkMs: 5, steady: 10 };

export interface RestartSettings {
	readonly main?: string | undefined;
	readonly traffic: Traffic;
	/** How long the app is away, a cycle each. */
	readonly downMs: readonly number[];
	readonly say?: (line: string) => void;
}

export interface RestartResult {
	/** From the app's listening to the first 2xx, of each cycle. */
	readonly recoveryMs: number[];
	readonly tally: Tally;
	readonly openings: number;
}

export async function restart({ main, traffic, downMs, say }: RestartSettings): Promise<RestartResult> {
	const port = await fixedPort();
	let app = await startApp('ordinary', port);
	const sidecar = await Sidecar.start({ main, appPort: port });
	const tally = new Tally();
	const { clients, method, appMs, thinkMs, steady } = traffic;
	const path = `/delay/${appMs}`;
	const load = new Load({ port: sidecar.port, clients, method, tally, think: () => thinkMs, path });
	const recoveryMs: number[] = [];
	try {
		for (const ms of downMs) {
			const before = tally.ok;
			await waitFor('steady traffic', () => tally.ok >= before + steady);
			await app.kill();
			await sleep(ms);
			let firstOk = 0;
			tally.onAnswer = ({ status, at }) => {
				if (status === 200 && firstOk === 0) firstOk = at;
			};
			app = await startApp('ordinary', port);
			await waitFor('a 2xx after the return', () => firstOk > 0);
			recoveryMs.push(Math.max(0, firstOk - app.listeningAt - appMs));
			say?.(`away for ${ms} ms, served again after ${recoveryMs.at(-1)?.toFixed(0)} ms`);
		}
		await load.stop();
		const openings = await sidecar.metric('outrigger_circuit_transitions_total', { to: 'open' });
		return { recoveryMs, tally, openings };
	} finally {
		await load.stop();
		await app.kill();
		await sidecar.stop();
	}
}

/** Answers that are neither the app's nor a signed 503. */
export function strayAnswers(tally: Tally): number {
	let stray = tally.unsigned5xx;
	for (const [status, count] of tally.byStatus) if (status !== 200 && status !== 503) stray += count;
	return stray;
}

const QUICK_DOWN_MS = [50, 300, 1000];
/** Longer than the breaker's reset time, too. */
const DOWN_MS = [20, 50, 100, 200, 300, 500, 700, 1000, 1000, 2000, 6000, 20, 50, 100, 200, 300, 500, 700, 1000, 6000];
/** Shorter than the time between two health checks, so that only traffic can tell. */
const SHORT_DOWN_MS = [0, 20, 50, 100, 200, 0, 20, 50, 100, 200];

export const scenario: Scenario = async ({ main, isQuick, say }) => {
	const kinds = [
		{ name: 'short GETs', traffic: SHORT, downMs: isQuick ? QUICK_DOWN_MS : DOWN_MS },
		{ name: 'long POSTs', traffic: LONG, downMs: isQuick ? SHORT_DOWN_MS.slice(0, 4) : SHORT_DOWN_MS },
	];
	const figures: Figure[] = [];
	for (const { name, traffic, downMs } of kinds) {
		const { recoveryMs, tally, openings } = await restart({ main, traffic, downMs, say });
		const kills = `${recoveryMs.length} kills`;
		figures.push(
			atMost(`${name}: first 2xx after the return, slowest`, Math.max(...recoveryMs), 'ms', 1000),
			reported(`${name}: first 2xx after the return, median`, median(recoveryMs), 'ms', kills),
			atMost(
				`${name}: answers that are neither the app’s nor a signed 503`,
				strayAnswers(tally),
				'',
				0,
				tally.describe(),
			),
			atMost(`${name}: connections broken, refused or hanging`, tally.errorCount, '', 0),
			reported(`${name}: slowest answer`, tally.slowestMs, 'ms'),
			reported(`${name}: times the circuit opened`, openings, ''),
		);
	}
	return figures;
};
