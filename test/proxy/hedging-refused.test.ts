/** When a request that takes long gets no hedge, and that the reason can be seen. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { waitFor } from '../support/wait-for.ts';
import { valuesOf, type WireMessage } from '../support/wire-message.ts';
import { HedgingFixture, ok } from './hedging-fixture.ts';

const GET = 'GET /x HTTP/1.1\r\nHost: s\r\n\r\n';

const STICKY = { sessionPersistence: { sessionName: 'sid' }, backendRefs: [{ name: 's' }] };

let fixture: HedgingFixture;

beforeEach(async () => {
	fixture = await HedgingFixture.make();
});

afterEach(() => fixture.stop());

function requestOf(method: string, body: string, more = ''): string {
	return `${method} /x HTTP/1.1\r\nHost: s\r\n${more}Content-Length: ${body.length}\r\n\r\n${body}`;
}

function cookieOf(answer: WireMessage): string {
	const [cookie = ''] = valuesOf(answer, 'set-cookie');
	expect(cookie).toMatch(/^sid=/);
	return cookie.slice(0, cookie.indexOf(';'));
}

/** Answers what has come, and sees to it that nothing else has. */
async function answerTheOnlyOne(client: Awaited<ReturnType<HedgingFixture['connect']>>, method: string): Promise<void> {
	const { connection } = await fixture.arrival(fixture.arrivals.length - 1);
	connection.send(method === 'HEAD' ? 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n' : ok('one'));
	expect((await client.readResponse(method)).status).toBe(200);
	expect(fixture.arrivals).toHaveLength(1);
	await fixture.waitUntilQuiet();
	expect(await fixture.hedges()).toEqual({ won: 0, lost: 0, failed: 0 });
}

describe('no hedge is made', () => {
	it.each(['POST', 'PATCH', 'BREW'])('of a %s, which must not come twice', async (method) => {
		// A timeout that is due after the hedge would have been.
		await fixture.start({ timeouts: { backendRequest: '150ms' }, retry: 'off' });
		const client = await fixture.send(requestOf(method, 'body'));
		await fixture.arrival(0);
		expect((await client.readResponse(method)).status).toBe(504);
		expect(fixture.arrivals).toHaveLength(1);
		expect(await fixture.skipped('method')).toBe(1);
		await fixture.waitUntilQuiet();
	});

	it('of a request for another protocol', async () => {
		await fixture.start();
		const client = await fixture.send('GET /x HTTP/1.1\r\nHost: s\r\nConnection: upgrade\r\nUpgrade: chat\r\n\r\n');
		await fixture.arrival(0);
		expect(await fixture.skipped('method')).toBe(1);
		await answerTheOnlyOne(client, 'GET');
	});

	it('of a request whose body is too large to be kept', async () => {
		await fixture.start();
		const client = await fixture.send(requestOf('PUT', 'b'.repeat(200_000)));
		await fixture.arrival(0);
		await waitFor('a hedge to be due', async () => (await fixture.skipped('body')) === 1);
		await answerTheOnlyOne(client, 'PUT');
	});

	it('once anything has been answered', async () => {
		await fixture.start();
		const client = await fixture.send(GET);
		const { connection } = await fixture.arrival(0);
		connection.send('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n');
		await waitFor('the hints', () => client.received.includes('103'));
		await waitFor('a hedge to be due', async () => (await fixture.skipped('response_started')) === 1);
		await answerTheOnlyOne(client, 'GET');
	});

	it('of a request that belongs to a session', async () => {
		await fixture.start(STICKY);
		const first = await fixture.send(GET);
		(await fixture.arrival(0)).connection.send(ok('one'));
		const answer = await first.readResponse();
		fixture.arrivals.length = 0;
		const client = await fixture.send(`GET /x HTTP/1.1\r\nHost: s\r\nCookie: ${cookieOf(answer)}\r\n\r\n`);
		await waitFor('a hedge to be due', async () => (await fixture.skipped('session')) === 1);
		await answerTheOnlyOne(client, 'GET');
	});

	it('beyond the share of the requests', async () => {
		await fixture.start({ hedge: { after: '20ms', max: 1, budgetPercent: 50 } });
		const client = await fixture.send(GET);
		await waitFor('a hedge to be due', async () => (await fixture.skipped('budget')) === 1);
		await answerTheOnlyOne(client, 'GET');
		const second = await fixture.send(GET);
		await fixture.arrival(2);
		fixture.arrivals[2]?.connection.send(ok('hedge'));
		expect((await second.readResponse()).body.toString()).toBe('hedge');
		// It was paid for: with the next request there is half of one again.
		const third = await fixture.send(GET);
		await waitFor('a hedge to be due', async () => (await fixture.skipped('budget')) === 2);
		expect(fixture.arrivals).toHaveLength(4);
		fixture.arrivals[3]?.connection.send(ok('three'));
		await third.readResponse();
	});

	it('while the rest of an answer is coming, nor is it missed', async () => {
		await fixture.start();
		const client = await fixture.send(GET);
		(await fixture.arrival(0)).connection.send('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n1');
		await waitFor('the answer to begin', () => client.received.length > 0);
		// This one begins later, so once it is hedged, the time of the first has passed, too.
		const later = await fixture.send(GET);
		(await fixture.arrival(2)).connection.send(ok('hedge'));
		await later.readResponse();
		expect(await fixture.skipped('response_started')).toBe(0);
		fixture.arrivals[0]?.connection.send('2345');
		expect((await client.readResponse()).body.toString()).toBe('12345');
		expect(fixture.arrivals).toHaveLength(3);
	});

	it('before it is known how long attempts take', async () => {
		await fixture.start({ hedge: { after: 'p95', max: 1, budgetPercent: 100 } });
		const client = await fixture.send(GET);
		await fixture.arrival(0);
		expect(await fixture.skipped('samples')).toBe(1);
		await answerTheOnlyOne(client, 'GET');
	});

	it('while the circuit is not closed', async () => {
		const circuitBreaker = { volumeThreshold: 1, resetTimeout: '1ms', errorThresholdPercentage: 1 };
		await fixture.start({ retry: 'off', hedge: { after: '60ms', max: 1, budgetPercent: 100 } }, { circuitBreaker });
		const failing = await fixture.send(GET);
		(await fixture.arrival(0)).connection.reset();
		await failing.readResponse();
		fixture.arrivals.length = 0;
		// This one is the probe, which lets nobody else through.
		const client = await fixture.send(GET);
		await fixture.arrival(0);
		await waitFor('a hedge to be due', async () => (await fixture.skipped('circuit_open')) === 1);
		await answerTheOnlyOne(client, 'GET');
	});
});

describe('a service of one endpoint', () => {
	it('is not asked twice', async () => {
		await fixture.stop();
		fixture = await HedgingFixture.make(1);
		await fixture.start();
		const client = await fixture.send(GET);
		await waitFor('a hedge to be due', async () => (await fixture.skipped('no_endpoint')) === 1);
		await answerTheOnlyOne(client, 'GET');
	});
});

describe('a hedge that is not made', () => {
	it('costs no endpoint its turn', async () => {
		await fixture.stop();
		fixture = await HedgingFixture.make(2);
		// So little that no hedge is ever paid for.
		const hedge = { after: '20ms', max: 1, budgetPercent: 1 };
		await fixture.start({ hedge }, { loadBalancer: { policy: 'roundRobin' } });
		const ports: number[] = [];
		for (let i = 0; i < 6; i++) {
			const client = await fixture.send(GET);
			const { connection, origin } = await fixture.arrival(i);
			ports.push(origin.port);
			await waitFor('a hedge to be due', async () => (await fixture.skipped('budget')) === i + 1);
			connection.send(ok('one'));
			await client.readResponse();
		}
		const [one = 0, other = 0] = ports;
		expect(one).not.toBe(other);
		expect(ports).toEqual([one, other, one, other, one, other]);
	});
});

describe('a session that begins with a hedged request', () => {
	it('leads to the endpoint whose answer won', async () => {
		await fixture.start(STICKY);
		const client = await fixture.send(GET);
		await fixture.arrival(0);
		const winner = await fixture.arrival(1);
		winner.connection.send(ok('B'));
		const answer = await client.readResponse();
		const next = await fixture.send(`GET /x HTTP/1.1\r\nHost: s\r\nCookie: ${cookieOf(answer)}\r\n\r\n`);
		const third = await fixture.arrival(2);
		expect(third.origin.port).toBe(winner.origin.port);
		third.connection.send(ok('again'));
		await next.readResponse();
		await fixture.waitUntilQuiet();
	});

	it('of which the first answer won, leads to the first endpoint', async () => {
		await fixture.start(STICKY);
		const client = await fixture.send(GET);
		const winner = await fixture.arrival(0);
		await fixture.arrival(1);
		winner.connection.send(ok('A'));
		const answer = await client.readResponse();
		const next = await fixture.send(`GET /x HTTP/1.1\r\nHost: s\r\nCookie: ${cookieOf(answer)}\r\n\r\n`);
		const third = await fixture.arrival(2);
		expect(third.origin.port).toBe(winner.origin.port);
		third.connection.send(ok('again'));
		await next.readResponse();
	});
});

describe('a reload', () => {
	const p95 = { after: 'p95', max: 1, budgetPercent: 100 };

	async function answered(count: number): Promise<void> {
		for (const origin of fixture.origins) origin.follow({});
		for (let i = 0; i < count; i++) await (await fixture.send(GET)).readResponse();
	}

	it('forgets how long attempts take only where the policy has changed', async () => {
		await fixture.start({ hedge: p95 });
		await answered(100);
		expect(await fixture.skipped('samples')).toBe(100);
		await fixture.sidecar.reload(fixture.file({ hedge: p95, timeouts: { request: '9s' } }));
		await answered(1);
		expect(await fixture.skipped('samples')).toBe(100);
		await fixture.sidecar.reload(fixture.file({ hedge: { ...p95, max: 2 } }));
		await answered(1);
		expect(await fixture.skipped('samples')).toBe(101);
	});
});
