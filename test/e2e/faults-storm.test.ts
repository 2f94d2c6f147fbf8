/** A service whose endpoints fail, one or all of them, in short; `bench/faults` has the long versions. */
import { describe, expect, it } from 'vitest';
import { allFail, oneFails, posts, retriesOfAll } from '../../bench/faults/scenarios/storm.ts';

describe('an endpoint of three that fails all of the time', () => {
	it.each([
		['status', 'GET'],
		['status', 'POST'],
		['reset', 'POST'],
		['refused', 'POST'],
	] as const)('(%s, %s) is left out, and clients notice no more of it', async (how, method) => {
		const { before, after } = await oneFails({ how, method, requests: 2000, clients: 16 });
		// Which are sent again, as they are idempotent.
		if (method === 'GET') expect(before.failures).toBe(0);
		expect({ failures: after.failures, seen: after.describe() }).toEqual({ failures: 0, seen: '200: 2000' });
	});
});

describe('endpoints that all fail', () => {
	it.each(['status', 'reset'] as const)('(%s) get no more requests than the retry budget allows', async (how) => {
		const { extra, allowed } = await retriesOfAll(undefined, how, 32, 2000);
		expect(extra).toBeLessThanOrEqual(allowed);
		expect(extra).toBeGreaterThan(0);
	});

	it('open the circuit within its window, see one probe at a time, and are served again once they are well', async () => {
		const resetMs = 500;
		const resets = 4;
		const found = await allFail({ resetMs, resets, clients: 16 });
		expect(found.openedAfterMs).toBeLessThan(10_000);
		expect(found.probes).toBeLessThanOrEqual(found.probesDue);
		expect(found.probes).toBeGreaterThan(0);
		expect(found.failuresAfter).toBe(0);
	});
});

describe('origins that break connections at random', () => {
	it('never see a POST twice', async () => {
		const { arrived, repeated, broken, retries } = await posts(undefined, 32, 5000);
		expect(repeated).toBe(0);
		expect(arrived).toBeGreaterThan(4500);
		expect(broken).toBeGreaterThan(100);
		expect(retries).toBeGreaterThan(20);
	});
});
