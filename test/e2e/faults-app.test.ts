/** An app that dies, comes back, or closes connections at bad moments, in short; `bench/faults` has the long versions. */
import { describe, expect, it } from 'vitest';
import { idleRace } from '../../bench/faults/scenarios/idle-race.ts';
import { LONG, restart, SHORT, strayAnswers } from '../../bench/faults/scenarios/restart.ts';

/** From the app's return to the first 2xx. */
const RECOVERY_MS = 1000;

describe('an app that is killed under load', () => {
	it('is served again as soon as it is back; until then every failure is a signed 503', async () => {
		const { recoveryMs, tally, openings } = await restart({ traffic: SHORT, downMs: [50, 500] });
		expect({ stray: strayAnswers(tally), broken: [...tally.errors] }).toEqual({ stray: 0, broken: [] });
		expect(Math.max(...recoveryMs)).toBeLessThan(RECOVERY_MS);
		// Otherwise nothing was tried: the circuit had no reason to hold anybody back.
		expect(openings).toBeGreaterThan(0);
	});

	it('is served again at once, too, when nothing is retried and it was away for less than a health interval', async () => {
		const { recoveryMs, tally, openings } = await restart({ traffic: LONG, downMs: [20] });
		expect({ stray: strayAnswers(tally), broken: [...tally.errors] }).toEqual({ stray: 0, broken: [] });
		expect(Math.max(...recoveryMs)).toBeLessThan(RECOVERY_MS);
		expect(openings).toBeGreaterThan(0);
	});
});

describe('an app that closes idle connections when a request is on its way', () => {
	it('is not noticed by clients, whatever the age and manner of the close', async () => {
		const appSettings = { ageMs: 10, atRequest: 0.3 };
		const { tally, replays } = await idleRace({ app: 'closing', appSettings, clients: 16, thinkMs: 5, requests: 2000 });
		expect({ ok: tally.ok, failures: tally.failures, seen: tally.describe() }).toMatchObject({ ok: 2000, failures: 0 });
		expect(replays).toBeGreaterThan(100);
	});

	it('is not noticed with a keep-alive time of 50 ms that nobody was told of', async () => {
		const appSettings = { keepAliveMs: 50 };
		const { tally } = await idleRace({ app: 'ordinary', appSettings, clients: 16, thinkMs: 110, requests: 600 });
		expect({ ok: tally.ok, failures: tally.failures, seen: tally.describe() }).toMatchObject({ ok: 600, failures: 0 });
	});
});
