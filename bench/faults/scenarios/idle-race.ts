/** The app closes idle connections at the worst moments: not one client may see it. */
import { startApp } from '../child.ts';
import { atLeast, atMost, type Figure, reported, type Scenario } from '../figure.ts';
import { Load, Tally } from '../load.ts';
import { Sidecar } from '../sidecar.ts';

export interface IdleRaceSettings {
	readonly main?: string | undefined;
	readonly app: 'closing' | 'ordinary';
	readonly appSettings: Record<string, unknown>;
	readonly clients: number;
	/** Longest pause of a client between two requests. */
	readonly thinkMs: number;
	readonly requests: number;
}

export interface IdleRaceResult {
	readonly tally: Tally;
	/** Requests that lost the race and were sent again. */
	readonly replays: number;
	/** Paid retries: zero when every loss was recognised for what it was. */
	readonly otherRetries: number;
}

export async function idleRace(given: IdleRaceSettings): Promise<IdleRaceResult> {
	const { main, appSettings, clients, thinkMs, requests } = given;
	const app = await startApp(given.app, 0, appSettings);
	const sidecar = await Sidecar.start({ main, appPort: app.port });
	try {
		const tally = new Tally();
		const think = () => Math.random() * thinkMs;
		const load = new Load({ port: sidecar.port, clients, tally, think, total: requests });
		await load.done;
		const replays = await sidecar.metric('outrigger_retries_total', { reason: 'idle-race' });
		const all = await sidecar.metric('outrigger_retries_total');
		return { tally, replays, otherRetries: all - replays };
	} finally {
		await sidecar.stop();
		await app.kill();
	}
}

const FULL = 100_000;
const QUICK = 10_000;

const KINDS: readonly (Omit<IdleRaceSettings, 'requests'> & { name: string; mayNotRace?: boolean })[] = [
	{
		name: 'random ages, FIN or RST, 2 % at the request',
		app: 'closing',
		appSettings: { ageMs: 20, atRequest: 0.02 },
		clients: 64,
		thinkMs: 20,
	},
	{
		name: 'every second request meets the close',
		app: 'closing',
		appSettings: { ageMs: 5, atRequest: 0.5 },
		clients: 32,
		thinkMs: 4,
	},
	{
		name: '`Keep-Alive: timeout=1`, kept to the millisecond',
		app: 'closing',
		appSettings: { hintSeconds: 1, atRequest: 0 },
		clients: 600,
		thinkMs: 1300,
		mayNotRace: true,
	},
	{
		name: 'node:http with a keepAliveTimeout of 50 ms',
		app: 'ordinary',
		appSettings: { keepAliveMs: 50 },
		clients: 64,
		thinkMs: 110,
		mayNotRace: true,
	},
];

/** These pause for longer, so they get a share of the requests. */
const SHARE_OF_THE_PATIENT = 0.1;

export const scenario: Scenario = async ({ main, isQuick, say }) => {
	const figures: Figure[] = [];
	for (const { name, mayNotRace, ...kind } of KINDS) {
		const requests = Math.round((isQuick ? QUICK : FULL) * (mayNotRace === true ? SHARE_OF_THE_PATIENT : 1));
		const { tally, replays, otherRetries } = await idleRace({ ...kind, main, requests });
		say(`${name}: ${tally.describe()}; ${replays} replays`);
		figures.push(atMost(`failures: ${name}`, tally.failures, `of ${requests}`, 0, tally.describe()));
		if (mayNotRace === true) figures.push(reported(`replays: ${name}`, replays, ''));
		else figures.push(atLeast(`replays: ${name}`, replays, '', requests / 1000));
		figures.push(reported(`paid retries: ${name}`, otherRetries, ''));
	}
	return figures;
};
