/** The app is killed under load and comes back: nobody hangs, every failure is signed, and recovery does not wait. */
import { setTimeout as sleep } from 'node:timers/promises';
import { median } from '../../load/stats.ts';
import { startApp } from '../child.ts';
import { atMost, type Figure, reported, type Scenario } from '../figure.ts';
import { fixedPort } from '../fixed-port.ts';
import { Load, Tally } from '../load.ts';
import { Sidecar } from '../sidecar.ts';
import { waitFor } from '../wait.ts';

const CLIENTS = 16;
/** Between requests of a client: some thousand requests a second in all leave the machine room to breathe. */
const THINK_MS = 5;
/** Steady traffic before each kill: enough successes that the breaker's window is not only failures. */
const STEADY_ANSWERS = 200;

export interface RestartSettings {
	readonly main?: string | undefined;
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

export async function restart({ main, downMs, say }: RestartSettings): Promise<RestartResult> {
	const port = await fixedPort();
	let app = await startApp('ordinary', port);
	const sidecar = await Sidecar.start({ main, appPort: port });
	const tally = new Tally();
	const load = new Load({ port: sidecar.port, clients: CLIENTS, tally, think: () => THINK_MS, path: '/delay/2' });
	const recoveryMs: number[] = [];
	try {
		for (const ms of downMs) {
			const before = tally.ok;
			await waitFor('steady traffic', () => tally.ok >= before + STEADY_ANSWERS);
			await app.kill();
			await sleep(ms);
			let firstOk = 0;
			tally.onAnswer = ({ status, at }) => {
				if (status === 200 && firstOk === 0) firstOk = at;
			};
			app = await startApp('ordinary', port);
			await waitFor('a 2xx after the return', () => firstOk > 0);
			recoveryMs.push(Math.max(0, firstOk - app.listeningAt));
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

export const scenario: Scenario = async ({ main, isQuick, say }) => {
	const { recoveryMs, tally, openings } = await restart({ main, downMs: isQuick ? QUICK_DOWN_MS : DOWN_MS, say });
	const figures: Figure[] = [
		atMost('first 2xx after the return, slowest', Math.max(...recoveryMs), 'ms', 1000),
		reported('first 2xx after the return, median', median(recoveryMs), 'ms', `${recoveryMs.length} kills`),
		atMost('answers that are neither the app’s nor a signed 503', strayAnswers(tally), '', 0, tally.describe()),
		atMost('connections broken, refused or hanging', tally.errorCount, '', 0),
		reported('slowest answer', tally.slowestMs, 'ms'),
		reported('times the circuit opened', openings, ''),
	];
	return figures;
};
