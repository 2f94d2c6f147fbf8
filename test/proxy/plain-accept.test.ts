/** Where the running Node has no hook for accepting with a shared buffer, the public events must do as well. */
import { createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { waitFor } from '../support/wait-for.ts';
import { Fixture, GET } from './fixture.ts';

vi.mock('../../src/io/accept-shared.ts', async (original) => ({
	...(await original<typeof import('../../src/io/accept-shared.ts')>()),
	canAcceptShared: () => Promise.resolve(false),
	acceptShared: () => {
		throw new Error('the shared hook is in use');
	},
}));

let fixture: Fixture;

beforeEach(async () => {
	fixture = await Fixture.make();
});

afterEach(() => fixture.stop());

describe('accepting by the public events', () => {
	it('serves requests, with bodies and pipelined', async () => {
		await fixture.start();
		const client = await fixture.connect();
		await client.send(`POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello${GET}${GET}`);
		for (const method of ['POST', 'GET', 'GET']) expect((await client.readResponse(method)).status).toBe(200);
	});

	it('answers every pipelined request of a client that has closed its sending side', async () => {
		await fixture.start();
		const client = await fixture.connect();
		void client.send(`${GET}${GET}${GET}`);
		client.end();
		for (let i = 0; i < 3; i++) expect((await client.readResponse()).status).toBe(200);
		await waitFor('the end', () => client.isEnded);
	});

	it('ends an exchange whose body was cut behind an earlier request', async () => {
		const running = await fixture.start();
		const client = await fixture.connect();
		void client.send(`${GET}PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf`);
		client.end();
		expect((await client.readResponse()).status).toBe(200);
		const records = await running.waitForRecords(2);
		expect(records[1]).toMatchObject({ method: 'PUT', errorCode: 'client_closed' });
		await fixture.waitUntilQuiet();
	});

	it('holds connections until the app listens', async () => {
		await fixture.origin.stop();
		await fixture.start({}, { waitForReady: false });
		const client = await fixture.connect();
		await client.send(GET);
		await waitFor('the connection to be held', () => fixture.inside.listener.connections === 1);
		expect(fixture.sidecar.records).toEqual([]);
		const app = createServer((socket) => {
			socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'));
			socket.on('error', () => socket.destroy());
		});
		await new Promise<void>((resolve) => app.listen(fixture.appPort, '127.0.0.1', resolve));
		expect((await client.readResponse()).body.toString()).toBe('ok');
		app.close();
	});

	it('loses no early bytes of an opaque connection', async () => {
		await fixture.start({ passthrough: true });
		expect((await fixture.ask(GET)).status).toBe(200);
	});
});
