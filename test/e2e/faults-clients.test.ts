/** Clients that cost more than they should, in short; `bench/faults` has the long versions. */
import { describe, expect, it } from 'vitest';
import { halfOpen } from '../../bench/faults/scenarios/half-open.ts';
import { bulk, GROWTH_MB } from '../../bench/faults/scenarios/memory.ts';
import { soak } from '../../bench/faults/scenarios/soak.ts';

const BYTES = 128 * 1024 * 1024;

describe('a flood of clients that never finish a head', () => {
	it('pushes out its own oldest, and nobody else notices', async () => {
		const found = await halfOpen({ cap: 400, slow: 60, watchMs: 2500, headTimeout: '1s' });
		expect(found.calm.failures + found.storm.failures + found.full.failures).toBe(0);
		expect(found.evicted).toBeGreaterThanOrEqual(60);
		expect(found.outOfOrder).toBe(0);
		// A byte a second is not a head in time.
		expect(found.headTimeouts).toBeGreaterThan(0);
	});
});

describe('a body much bigger than any buffer', () => {
	it.each([
		['download', true],
		['upload', false],
	] as const)('does not stay in memory: %s, chunked %s', async (direction, isChunked) => {
		const { beforeMb, peakMb } = await bulk({ direction, isChunked, bytes: BYTES, stutterMs: 20 });
		expect(peakMb - beforeMb).toBeLessThan(GROWTH_MB);
	});
});

describe('clients of every kind at once, bad ones among them', () => {
	it('leave nothing behind', async () => {
		const { tally, done, failed, service, activeRequests } = await soak(undefined, 3);
		expect(failed).toEqual([]);
		expect(tally.failures).toBe(0);
		expect(Math.min(...Object.values(done))).toBeGreaterThan(0);
		expect(activeRequests).toBe(0);
		expect(service).toMatchObject({ requests: { active: 0 }, retries: { active: 0 } });
		expect(service.connections).toMatchObject({ active: 0, pending: 0 });
	});
});
