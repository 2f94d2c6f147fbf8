/** Certificates that change under load, in short; `bench/faults` has the long version. */
import { expect, it } from 'vitest';
import { badHandshakes, mesh, notTls } from '../../bench/faults/scenarios/mesh.ts';

/** Certificates and processes to start, on a machine that is busy with other tests. */
const TIMEOUT_MS = 90_000;

it(
	'renewals, pairs left in halves and another root are noticed by nobody, and nobody between can read anything',
	async () => {
		const found = await mesh({ rate: 100, seconds: 10, periodMs: 1000, requestsPerConnection: 10, isWatched: false });
		const { tally, relay, certificates, sidecars } = found;
		expect({ failures: tally.failures, seen: tally.describe() }).toEqual({ failures: 0, seen: `200: ${tally.ok}` });
		expect(tally.ok).toBeGreaterThan(100);
		expect({ notTls: notTls(found), stray: relay.sum('strayBytes'), read: relay.sum('secrets') }).toEqual({
			notTls: 0,
			stray: 0,
			read: 0,
		});
		// Otherwise nothing was tried.
		expect(relay.sum('bytes')).toBeGreaterThan(tally.ok * 200);
		expect(certificates.renewals).toBeGreaterThanOrEqual(20);
		expect(certificates.damages).toBeGreaterThanOrEqual(16);
		for (const figures of Object.values(sidecars)) {
			expect(badHandshakes(figures), JSON.stringify([...figures.handshakes])).toBe(0);
			expect(figures.handshakes.get('ok')).toBeGreaterThan(5);
			expect(figures.handshakes.get('resumed')).toBeGreaterThan(5);
		}
	},
	TIMEOUT_MS,
);
