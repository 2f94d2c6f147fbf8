/** Attempts beside one that takes long: which of them is answered, and what becomes of the others. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RawClient } from '../support/raw-client.ts';
import { waitFor } from '../support/wait-for.ts';
import { type Arrival, HedgingFixture, ok } from './hedging-fixture.ts';

const GET = 'GET /x HTTP/1.1\r\nHost: s\r\n\r\n';
const BUSY = 'HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy';
const BROKEN = 'HTTP/1.1 500 Broken\r\nContent-Length: 6\r\n\r\nbroken';

const POLICIES = ['leastRequest', 'roundRobin', 'random', 'ringHash', 'maglev', 'peakEwma'];

let fixture: HedgingFixture;

beforeEach(async () => {
	fixture = await HedgingFixture.make();
});

afterEach(() => fixture.stop());

/** What happens to an attempt: it is answered, its connection breaks, or its answer has a status that is retried. */
type Event = 'answered' | 'breaks' | 'busy' | 'broken';

async function happen(event: Event, { connection }: Arrival, name: string): Promise<void> {
	const left = fixture.taken.attempts - 1;
	if (event === 'breaks') connection.reset();
	else if (event === 'busy') connection.send(BUSY);
	else if (event === 'broken') connection.send(BROKEN);
	else connection.send(ok(name));
	// The last one's failure is the request's own: what follows it may have begun by the time we look.
	if ((event === 'breaks' || event === 'busy') && left > 0) await fixture.waitForAttempts(left);
}

interface Case {
	/** `A` is the first attempt, `B` its hedge, in the order in which it happens to them. */
	readonly events: readonly (readonly ['A' | 'B', Event])[];
	readonly answer: string;
	readonly ledger: readonly string[];
	readonly hedge: 'won' | 'lost' | 'failed';
}

const CASES: readonly Case[] = [
	{ events: [['A', 'answered']], answer: 'A', ledger: ['ok', 'lost'], hedge: 'lost' },
	{ events: [['B', 'answered']], answer: 'B', ledger: ['lost', 'ok'], hedge: 'won' },
	{ events: [['A', 'broken']], answer: 'broken', ledger: ['ok', 'lost'], hedge: 'lost' },
	{ events: [['B', 'broken']], answer: 'broken', ledger: ['lost', 'ok'], hedge: 'won' },
	{
		events: [
			['A', 'breaks'],
			['B', 'answered'],
		],
		answer: 'B',
		ledger: ['upstream_reset', 'ok'],
		hedge: 'won',
	},
	{
		events: [
			['B', 'breaks'],
			['A', 'answered'],
		],
		answer: 'A',
		ledger: ['ok', 'upstream_reset'],
		hedge: 'failed',
	},
	{
		events: [
			['A', 'busy'],
			['B', 'answered'],
		],
		answer: 'B',
		ledger: ['ok', 'ok'],
		hedge: 'won',
	},
	{
		events: [
			['B', 'busy'],
			['A', 'answered'],
		],
		answer: 'A',
		ledger: ['ok', 'ok'],
		hedge: 'failed',
	},
];

/** Both fail, in either order and manner: then it is one failure of the request. */
const BOTH_FAIL: readonly Case['events'][] = (['breaks', 'busy'] as const).flatMap((one) =>
	(['breaks', 'busy'] as const).flatMap((other): Case['events'][] => [
		[
			['A', one],
			['B', other],
		],
		[
			['B', one],
			['A', other],
		],
	]),
);

function titleOf(events: Case['events']): string {
	return events.map(([who, event]) => `${who} ${event}`).join(', ');
}

async function hedged(): Promise<Readonly<Record<'A' | 'B', Arrival>>> {
	return { A: await fixture.arrival(0), B: await fixture.arrival(1) };
}

describe('a request with a hedge', () => {
	it.each(CASES.map((each) => [titleOf(each.events), each] as const))('(%s)', async (_title, each) => {
		await fixture.start();
		const client = await fixture.send(GET);
		const attempts = await hedged();
		expect(attempts.A.origin.port).not.toBe(attempts.B.origin.port);
		for (const [who, event] of each.events) await happen(event, attempts[who], who);
		const answer = await client.readResponse();
		expect(answer.body.toString()).toBe(each.answer);
		await fixture.waitUntilQuiet();
		const [record] = await fixture.sidecar.waitForRecords(1);
		expect(record?.attempts.map(({ outcome }) => outcome)).toEqual(each.ledger);
		expect(record?.attempts.map(({ isHedge }) => isHedge)).toEqual([false, true]);
		expect(await fixture.hedges()).toEqual({ won: 0, lost: 0, failed: 0, [each.hedge]: 1 });
		expect(fixture.failures).toEqual(each.ledger.filter((outcome) => outcome.startsWith('upstream')));
		expect(fixture.sidecar.retries).toEqual([]);
		const loser = each.ledger.indexOf('lost');
		if (loser >= 0) {
			const { connection } = attempts[loser === 0 ? 'A' : 'B'];
			await waitFor('the loser to be cut off', () => connection.ended !== '');
		}
		expect(fixture.arrivals).toHaveLength(2);
	});

	it.each(BOTH_FAIL.map((events) => [titleOf(events), events] as const))(
		'that fails as a whole is retried once (%s)',
		async (_title, events) => {
			await fixture.start({
				hedge: { after: '20ms', max: 1, budgetPercent: 100 },
				retry: { attempts: 1, codes: [503] },
			});
			const client = await fixture.send(GET);
			const attempts = await hedged();
			for (const [who, event] of events) await happen(event, attempts[who], who);
			const third = await fixture.arrival(2);
			third.connection.send(ok('C'));
			expect((await client.readResponse()).body.toString()).toBe('C');
			await fixture.waitUntilQuiet();
			expect(fixture.sidecar.retries).toHaveLength(1);
			const [record] = await fixture.sidecar.waitForRecords(1);
			expect(record?.attempts.map(({ isHedge }) => isHedge)).toEqual([false, true, false]);
			expect(await fixture.hedges()).toEqual({ won: 0, lost: 0, failed: 1 });
		},
	);

	it('is answered by the last failure where nothing is retried', async () => {
		await fixture.start({ retry: 'off' });
		const client = await fixture.send(GET);
		const { A, B } = await hedged();
		await happen('busy', A, 'A');
		await happen('breaks', B, 'B');
		const answer = await client.readResponse();
		expect(answer.status).toBe(503);
		expect(JSON.parse(answer.body.toString())).toMatchObject({ error: 'upstream_reset' });
		await fixture.waitUntilQuiet();
	});

	it('whose client leaves is cancelled everywhere', async () => {
		await fixture.start();
		const client = await fixture.send(GET);
		const { A, B } = await hedged();
		client.reset();
		await waitFor('both to be cut off', () => A.connection.ended !== '' && B.connection.ended !== '');
		await fixture.waitUntilQuiet();
		const [record] = await fixture.sidecar.waitForRecords(1);
		expect(record).toMatchObject({
			status: 499,
			attempts: [{ outcome: 'client_closed' }, { outcome: 'client_closed' }],
		});
		expect(await fixture.hedges()).toEqual({ won: 0, lost: 1, failed: 0 });
	});

	it('whose time is up is cancelled everywhere, and the first attempt alone is blamed', async () => {
		await fixture.start({ timeouts: { request: '120ms' } });
		const client = await fixture.send(GET);
		const { A, B } = await hedged();
		expect((await client.readResponse()).status).toBe(504);
		await waitFor('both to be cut off', () => A.connection.ended !== '' && B.connection.ended !== '');
		await fixture.waitUntilQuiet();
		expect(fixture.failures).toEqual(['request_timeout']);
	});

	it('gives each attempt its own time', async () => {
		await fixture.start({
			timeouts: { backendRequest: '150ms' },
			hedge: { after: '100ms', max: 1, budgetPercent: 100 },
		});
		const client = await fixture.send(GET);
		const { A, B } = await hedged();
		await waitFor('the first attempt to be given up', () => A.connection.ended !== '');
		expect(B.connection.ended).toBe('');
		B.connection.send(ok('B'));
		expect((await client.readResponse()).body.toString()).toBe('B');
		await fixture.waitUntilQuiet();
		const [record] = await fixture.sidecar.waitForRecords(1);
		expect(record?.attempts.map(({ outcome }) => outcome)).toEqual(['attempt_timeout', 'ok']);
	});

	it('gives the hedge its own time when the first attempt has failed', async () => {
		const hedge = { after: '200ms', max: 1, budgetPercent: 100 };
		await fixture.start({ timeouts: { backendRequest: '300ms' }, hedge, retry: 'off' });
		const client = await fixture.send(GET);
		const { A, B } = await hedged();
		const arrivedAt = performance.now();
		await happen('breaks', A, 'A');
		expect((await client.readResponse()).status).toBe(504);
		expect(performance.now() - arrivedAt).toBeGreaterThan(250);
		await waitFor('the hedge to be given up', () => B.connection.ended !== '');
		await fixture.waitUntilQuiet();
	});

	it('holds the winner to the time of an attempt, too', async () => {
		await fixture.start({ timeouts: { backendRequest: '100ms' } });
		const client = await fixture.send(GET);
		const { B } = await hedged();
		B.connection.send('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nB');
		await waitFor('the answer to be broken off', () => client.isEnded);
		await fixture.waitUntilQuiet();
		const [record] = await fixture.sidecar.waitForRecords(1);
		expect(record).toMatchObject({ status: 200, errorCode: 'attempt_timeout' });
		expect(await fixture.hedges()).toEqual({ won: 1, lost: 0, failed: 0 });
	});

	it.each(POLICIES)('gets as many hedges as the rule allows, each at another endpoint (%s)', async (policy) => {
		const loadBalancer = { policy };
		await fixture.start({ hedge: { after: '20ms', max: 2, budgetPercent: 100 } }, { loadBalancer });
		const first = await fixture.send(GET);
		(await fixture.arrival(0)).connection.send(ok('saved'));
		await first.readResponse();
		const client = await fixture.send(GET);
		const [A, B, C] = [await fixture.arrival(1), await fixture.arrival(2), await fixture.arrival(3)];
		expect(new Set([A.origin, B.origin, C.origin]).size).toBe(3);
		await waitFor('one more to be due', async () => (await fixture.skipped('max')) === 1);
		B.connection.send(ok('B'));
		expect((await client.readResponse()).body.toString()).toBe('B');
		await fixture.waitUntilQuiet();
		expect(await fixture.hedges()).toEqual({ won: 1, lost: 1, failed: 0 });
		expect(fixture.sidecar.records.at(-1)?.attempts.map(({ outcome }) => outcome)).toEqual(['lost', 'ok', 'lost']);
	});

	it('may be hedged while its first attempt still waits for a connection', async () => {
		await fixture.start({}, { connect: { maxConnections: 1 } });
		// Three requests hold the connections to all endpoints; they are hedged nowhere, as their answers have begun.
		const holders: RawClient[] = [];
		for (let i = 0; i < 3; i++) {
			holders.push(await fixture.send(GET));
			(await fixture.arrival(i)).connection.send('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n1');
		}
		await waitFor('all to be answered', () => holders.every(({ received }) => received.length > 0));
		const client = await fixture.send(GET);
		await waitFor('two attempts to wait', () => fixture.taken.pending === 2);
		for (const { connection } of fixture.arrivals.slice(0, 3)) connection.send('2345');
		const next = await fixture.arrival(3);
		next.connection.send(ok('late'));
		expect((await client.readResponse()).body.toString()).toBe('late');
		await fixture.waitUntilQuiet();
	});

	it('is hedged once it is whole: a client that sends slowly makes no endpoint slow', async () => {
		await fixture.start({ hedge: { after: '50ms', max: 1, budgetPercent: 100 } });
		const client = await fixture.send('PUT /x HTTP/1.1\r\nHost: s\r\nContent-Length: 8\r\n\r\nbody');
		// As long as this takes, the first one's hedge would have been due.
		const other = await fixture.send(GET);
		const { B } = await hedged();
		B.connection.send(ok('B'));
		await other.readResponse();
		const wholeAt = performance.now();
		await client.send('more');
		const [first, second] = [await fixture.arrival(2), await fixture.arrival(3)];
		expect(performance.now() - wholeAt).toBeGreaterThan(45);
		expect([first, second].map(({ asked }) => asked.body.toString())).toEqual(['bodymore', 'bodymore']);
		expect(first.origin).not.toBe(second.origin);
		second.connection.send(ok('second'));
		expect((await client.readResponse('PUT')).body.toString()).toBe('second');
		await fixture.waitUntilQuiet();
		expect(await fixture.skipped('body')).toBe(0);
	});

	it.each([{}, { retry: 'off' }])('sends the same body to both, and passes on the answer whole (%o)', async (rule) => {
		await fixture.start(rule);
		const body = 'b'.repeat(60_000);
		const client = await fixture.send(`PUT /x HTTP/1.1\r\nHost: s\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
		const { A, B } = await hedged();
		expect(A.asked.body.toString()).toBe(body);
		expect(B.asked.body.equals(A.asked.body)).toBe(true);
		const answer = 'a'.repeat(1_000_000);
		// What the loser still says is heard by nobody.
		B.connection.send(ok(answer));
		A.connection.send(ok('c'.repeat(1_000_000)));
		const { status, body: got } = await client.readResponse('PUT');
		expect(status).toBe(200);
		expect(got.length).toBe(1_000_000);
		expect(new Set(got)).toHaveLength(1);
		await fixture.waitUntilQuiet();
	});

	it('leaves out interim answers of several attempts', async () => {
		await fixture.start();
		const client = await fixture.send(GET);
		const { A, B } = await hedged();
		B.connection.send('HTTP/1.1 103 Early Hints\r\nLink: </b>\r\n\r\n');
		A.connection.send(ok('A'));
		await client.readResponse();
		expect(client.received.toString('latin1')).not.toContain('103');
	});
});
