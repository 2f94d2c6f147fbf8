/** What hedged requests tell the parts that learn from attempts: how long they take, and which failures count. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Hedging } from '../../src/resilience/hedge.ts';
import { waitFor } from '../support/wait-for.ts';
import { type Arrival, HedgingFixture, ok } from './hedging-fixture.ts';

const GET = 'GET /x HTTP/1.1\r\nHost: s\r\n\r\n';
const BUSY = 'HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy';
const AFTER_MS = 20;

let fixture: HedgingFixture;

beforeEach(async () => {
	fixture = await HedgingFixture.make();
});

afterEach(() => fixture.stop());

describe('how long attempts take', () => {
	it('is learned from a first attempt that lost, but not from its hedge', async () => {
		const observe = vi.spyOn(Hedging.prototype, 'observe');
		await fixture.start();
		const client = await fixture.send(GET);
		await fixture.arrival(0);
		(await fixture.arrival(1)).connection.send(ok('B'));
		await client.readResponse();
		await fixture.waitUntilQuiet();
		expect(observe).toHaveBeenCalledOnce();
		expect(observe.mock.calls[0]?.[0]).toBeGreaterThanOrEqual(AFTER_MS);
	});

	it('is learned once from a first attempt that won', async () => {
		const observe = vi.spyOn(Hedging.prototype, 'observe');
		await fixture.start();
		const client = await fixture.send(GET);
		const first = await fixture.arrival(0);
		await fixture.arrival(1);
		first.connection.send(ok('A'));
		await client.readResponse();
		await fixture.waitUntilQuiet();
		expect(observe).toHaveBeenCalledOnce();
	});
});

/** Attempts on connections that have been used before, which their endpoint may be just closing. */
describe('an attempt on a connection that had been idle', () => {
	async function hedgedOnUsed(): Promise<Readonly<Record<'A' | 'B', Arrival>>> {
		for (let i = 0; i < fixture.origins.length; i++) {
			const client = await fixture.send(GET);
			(await fixture.arrival(i)).connection.send(ok('warm'));
			await client.readResponse();
		}
		fixture.arrivals.length = 0;
		client = await fixture.send(GET);
		return { A: await fixture.arrival(0), B: await fixture.arrival(1) };
	}

	let client: Awaited<ReturnType<HedgingFixture['connect']>>;
	/** Long enough for the requests that come first not to be hedged. */
	const hedge = { after: '200ms', max: 1, budgetPercent: 100 };
	const inTurns = { loadBalancer: { policy: 'roundRobin' } };

	it('is not blamed for its end while another is under way, and not replayed', async () => {
		await fixture.start({ hedge }, inTurns);
		const { A, B } = await hedgedOnUsed();
		A.connection.reset();
		await fixture.waitForAttempts(1);
		B.connection.send(ok('B'));
		expect((await client.readResponse()).body.toString()).toBe('B');
		await fixture.waitUntilQuiet();
		const attempts = fixture.sidecar.records.at(-1)?.attempts;
		expect(attempts).toMatchObject([{ isReused: true, outcome: 'upstream_reset' }, { outcome: 'ok' }]);
		expect(fixture.failures).toEqual([]);
		expect(fixture.sidecar.retries).toEqual([]);
		expect(fixture.arrivals).toHaveLength(2);
	});

	it('is replayed at no cost when it is the last one, whatever its hedge was answered', async () => {
		await fixture.start({ hedge, retry: { attempts: 1, codes: [503] } }, inTurns);
		const { A, B } = await hedgedOnUsed();
		B.connection.send(BUSY);
		await fixture.waitForAttempts(1);
		A.connection.reset();
		const third = await fixture.arrival(2);
		third.connection.send(ok('C'));
		expect((await client.readResponse()).body.toString()).toBe('C');
		await waitFor('one replay', () => fixture.sidecar.retries.length === 1);
		expect(fixture.sidecar.retries).toEqual(['idle-race']);
		expect(fixture.failures).toEqual([]);
		await fixture.waitUntilQuiet();
	});
});
