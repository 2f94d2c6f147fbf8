import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { waitFor } from '../support/wait-for.ts';
import { Fixture, GET } from './fixture.ts';

let fixture: Fixture;

beforeEach(async () => {
	fixture = await Fixture.make();
});

afterEach(() => fixture.stop());

describe('passthrough', () => {
	it('loses none of the bytes that come before the app is connected', async () => {
		await fixture.start({ passthrough: true });
		const answers = await Promise.all(Array.from({ length: 20 }, () => fixture.ask(GET)));
		expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
	});

	it('passes bytes that are no HTTP, and each side its end', async () => {
		await fixture.start({ passthrough: true });
		fixture.origin.follow({
			onConnection: (connection) => {
				connection.socket.on('end', () => connection.send('bye'));
			},
		});
		const client = await fixture.connect();
		await client.send('\x00\x01no http at all');
		client.end();
		expect((await client.readToEnd()).toString()).toBe('bye');
		expect(fixture.origin.connections[0]?.bytes.toString()).toBe('\x00\x01no http at all');
		await fixture.waitUntilQuiet();
	});

	it('tells the app that its client has gone with a reset, not with an end', async () => {
		await fixture.start({ passthrough: true });
		const client = await fixture.connect();
		await client.send('begun');
		await waitFor('the bytes', () => fixture.origin.connections[0]?.bytes.length === 5);
		client.reset();
		await waitFor('the end of it', () => fixture.origin.connections[0]?.ended !== '');
		expect(fixture.origin.connections[0]?.ended).toBe('error');
		await fixture.waitUntilQuiet();
	});

	it('resets both sides of a connection that has been silent for too long', async () => {
		const { telemetry } = await fixture.start({ passthrough: true });
		const client = await fixture.connect();
		await client.send('begun');
		await waitFor('the bytes', () => fixture.origin.connections[0]?.bytes.length === 5);
		// An hour is too long for a test; that the tunnel is the only deadline beside the health check's is not.
		expect(telemetry.timers.size).toBe(2);
		client.close();
		await waitFor('its deadline to go', () => telemetry.timers.size === 1);
	});
});
