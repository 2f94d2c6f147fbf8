/** Who gets a connection to the app when there are few. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ProxyError } from '../../src/error.ts';
import type { UpstreamStream } from '../../src/ports/stream.ts';
import { echo } from '../support/recording-origin.ts';
import { waitFor } from '../support/wait-for.ts';
import { Fixture, GET } from './fixture.ts';

let fixture: Fixture;

beforeEach(async () => {
	fixture = await Fixture.make();
});

afterEach(() => fixture.stop());

const ONE = { service: { connect: { maxConnections: 1 } } };

describe('with one connection to the app', () => {
	it('a replay of the idle race gets a fresh one all the same', async () => {
		const running = await fixture.start({ inbound: ONE });
		let asked = 0;
		fixture.origin.follow({
			onRequest: async (request, connection) => {
				if (++asked !== 2) return connection.send(echo(request));
				await waitFor('others to queue', () => fixture.inside.parts.pool.counts.pending === 3);
				connection.reset();
			},
		});
		await fixture.ask(GET);
		const race = fixture.ask('GET /race HTTP/1.1\r\nHost: a\r\n\r\n');
		await waitFor('the race', () => asked === 2);
		const others = [1, 2, 3].map((i) => fixture.ask(`GET /${i} HTTP/1.1\r\nHost: a\r\n\r\n`));
		const answers = await Promise.all([race, ...others]);
		expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
		expect(running.retries).toEqual(['idle-race']);
		await fixture.waitUntilQuiet();
	});

	it('who wants a fresh one is served in turn, not after everybody who takes a used one', async () => {
		await fixture.start({ inbound: ONE });
		const { pool } = fixture.inside.parts;
		const order: string[] = [];
		fixture.origin.follow({
			onRequest: async (request, connection) => {
				order.push(request.target);
				if (order.length === 1) await waitFor('others to queue', () => pool.counts.pending === 3);
				connection.send(echo(request));
			},
		});
		const first = fixture.ask(GET);
		await waitFor('the first', () => order.length === 1);
		const served = new Promise<void>((resolve) => {
			const waiter = {
				onStream: (stream: UpstreamStream) => {
					order.push(stream.isReused ? 'used' : 'fresh');
					stream.reset(new ProxyError('client_closed', 'not needed any more'));
					resolve();
				},
				onNoStream: () => resolve(),
			};
			pool.acquire(waiter, true);
		});
		const others = [1, 2].map((i) => fixture.ask(`GET /${i} HTTP/1.1\r\nHost: a\r\n\r\n`));
		await Promise.all([first, served, ...others]);
		expect(order.slice(0, 2)).toEqual(['/', 'fresh']);
		await fixture.waitUntilQuiet();
	});
});

describe('a head that cannot be read', () => {
	it('is recorded as itself, not as the request before it', async () => {
		const running = await fixture.start();
		const client = await fixture.connect();
		await client.send('HEAD /before HTTP/1.1\r\nHost: a\r\n\r\n');
		expect((await client.readResponse('HEAD')).status).toBe(200);
		await client.send('GET /bad\r\n\r\n');
		const answer = await client.readResponse();
		expect(answer.status).toBe(400);
		expect(JSON.parse(answer.body.toString()).error).toBe('bad_request');
		expect((await running.waitForRecords(2))[1]).toMatchObject({ method: '', target: '', authority: '' });
	});

	it('has no fields of the request before it when not even its first line begins', async () => {
		const running = await fixture.start();
		const client = await fixture.connect();
		await client.send('GET /before HTTP/1.1\r\nHost: a\r\nUser-Agent: me\r\n\r\n');
		expect((await client.readResponse()).status).toBe(200);
		await client.send('\rbad');
		expect((await client.readResponse()).status).toBe(400);
		expect((await running.waitForRecords(2))[1]).toMatchObject({ target: '', authority: '', userAgent: '' });
		expect(running.telemetry.recent.list().map(({ status }) => status)).toEqual([200]);
	});
});
