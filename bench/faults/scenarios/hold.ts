/** The sidecar is there before the app: callers wait for it instead of being refused. */
import { setTimeout as sleep } from 'node:timers/promises';
import { startApp } from '../child.ts';
import { atMost, type Figure, reported, type Scenario } from '../figure.ts';
import { fixedPort } from '../fixed-port.ts';
import { type Answer, Load, Tally } from '../load.ts';
import { Sidecar } from '../sidecar.ts';
import { waitFor } from '../wait.ts';

export interface HoldSettings {
	readonly main?: string | undefined;
	readonly callers: number;
	/** How long the app lets them wait; `null`: it never comes. */
	readonly appAfterMs: number | null;
	readonly hold: number;
	readonly holdFor: string;
}

export interface HoldResult {
	readonly tally: Tally;
	readonly answers: readonly Answer[];
	/** From the app's listening to each answer. */
	readonly afterListeningMs: readonly number[];
	readonly readyBefore: number;
	readonly readyAfter: number;
}

/** One request from each caller. */
export async function hold(given: HoldSettings): Promise<HoldResult> {
	const { main, callers, appAfterMs } = given;
	const port = await fixedPort();
	const limits = { hold: given.hold, holdFor: given.holdFor };
	const sidecar = await Sidecar.start({ main, appPort: port, blocks: { limits }, until: 'bound' });
	const tally = new Tally();
	const answers: Answer[] = [];
	tally.onAnswer = (answer) => answers.push(answer);
	let app: Awaited<ReturnType<typeof startApp>> | null = null;
	try {
		const load = new Load({ port: sidecar.port, clients: callers, tally, total: callers });
		if (appAfterMs !== null) await sleep(appAfterMs);
		const readyBefore = (await sidecar.adminGet('/ready')).status;
		if (appAfterMs !== null) app = await startApp('ordinary', port);
		await load.done;
		if (app !== null) await waitFor('readiness', async () => (await sidecar.adminGet('/ready')).status === 200);
		const readyAfter = (await sidecar.adminGet('/ready')).status;
		const listeningAt = app?.listeningAt ?? 0;
		return { tally, answers, readyBefore, readyAfter, afterListeningMs: answers.map(({ at }) => at - listeningAt) };
	} finally {
		await sidecar.stop();
		await app?.kill();
	}
}

/** The first held caller is answered within a few polls of the health check; a thousand at once take their time. */
const FIRST_MS = 500;
const LAST_MS = 2000;

export const scenario: Scenario = async ({ main, isQuick }) => {
	const callers = isQuick ? 200 : 1000;
	const held = await hold({ main, callers, appAfterMs: 2000, hold: 1024, holdFor: '30s' });
	const full = await hold({ main, callers: 60, appAfterMs: 1000, hold: 50, holdFor: '30s' });
	const never = await hold({ main, callers: 50, appAfterMs: null, hold: 1024, holdFor: '1s' });
	const refused = full.answers.filter(({ proxyStatus }) => proxyStatus.includes('overloaded')).length;
	// The first ones find that nobody listens; by then the circuit is open for the others.
	const given = never.answers.filter(({ proxyStatus }) => /connect_failed|circuit_open/.test(proxyStatus));
	const figures: Figure[] = [
		atMost(`failures of ${callers} held callers`, held.tally.failures, '', 0, held.tally.describe()),
		atMost('first of them served, after the app listens', Math.min(...held.afterListeningMs), 'ms', FIRST_MS),
		atMost('last of them served, after the app listens', Math.max(...held.afterListeningMs), 'ms', LAST_MS),
		reported('/ready while the app is away', held.readyBefore, ''),
		reported('/ready afterwards', held.readyAfter, ''),
		atMost('beyond `hold` (50 of 60): refused at once and signed', Math.abs(refused - 10), 'off', 0),
		atMost('of these and the others: unsigned or broken', full.tally.unsigned5xx + full.tally.errorCount, '', 0),
		atMost('`holdFor` over: not told why', 50 - given.length, '', 0, never.tally.describe()),
		atMost('answered after `holdFor` of 1 s, slowest', Math.max(...given.map(({ ms }) => ms)), 'ms', 2500),
	];
	return figures;
};
