/** Health checks over sockets, from the first question to what is told. */
import net from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { RecordingOrigin } from '../support/recording-origin.ts';
import { waitFor } from '../support/wait-for.ts';
import { HTTP, Probing } from './probe-fixture.ts';

const stops: (() => unknown)[] = [];
let probing = new Probing();

afterEach(async () => {
	probing.stop();
	probing = new Probing();
	for (const stop of stops.splice(0)) await stop();
});

function at(port: number, host = '127.0.0.1') {
	return { host, port, address: `${host}:${port}` };
}

async function start(...[script]: Parameters<typeof RecordingOrigin.start>): Promise<RecordingOrigin> {
	const origin = await RecordingOrigin.start(script);
	stops.push(() => origin.stop());
	return origin;
}

const WELL = 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n';
const UNWELL = 'HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n';

describe('endpoints that are checked', () => {
	it('are well, dead, hanging or broken, each by itself', async () => {
		const fine = await start();
		const busy = await start({ onRequest: (_, connection) => connection.send(UNWELL) });
		const hanging = await start({ onRequest: () => undefined });
		const half = await start({
			onRequest: (_, connection) => {
				connection.send('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf');
				connection.reset();
			},
		});
		const dead = await freePort();
		const { checks, told, counts } = probing.checks(HTTP, { timeout: 300, interval: 60_000 });
		for (const port of [fine.port, busy.port, hanging.port, half.port, dead]) checks.add(at(port));
		await waitFor('all answers', () => told.length === 5);
		const seen = (port: number) => told.find((line) => line.startsWith(`127.0.0.1:${port} `))?.split(/(?<=^\S+) /)[1];
		expect(seen(fine.port)).toBe('well');
		expect(seen(busy.port)).toBe('/healthz answered 503');
		expect(seen(hanging.port)).toBe('/healthz did not answer within 300 ms');
		expect(seen(half.port)).toMatch(/(reset|closed) the connection/);
		expect(seen(dead)).toBe(`connect to 127.0.0.1:${dead}: ECONNREFUSED`);
		expect(counts).toEqual({ passed: 1, failed: 4 });
		expect(checks.isUsable(`127.0.0.1:${fine.port}`)).toBe(true);
		expect(checks.isUsable(`127.0.0.1:${busy.port}`)).toBe(false);
		expect(checks.lastFailure(`127.0.0.1:${busy.port}`)).toBe('/healthz answered 503');
		await waitFor('the end of what hangs', () => hanging.connections.every(({ ended }) => ended !== ''));
	});

	it('come and go as often as their answers change, but not for a single one', async () => {
		let asked = 0;
		// One bad answer of three never counts; then it is bad for good, then good.
		const origin = await start({
			onRequest: (_, connection) => {
				asked++;
				const isBad = asked < 12 ? asked % 3 === 0 : asked < 18;
				connection.send(isBad ? UNWELL : WELL);
			},
		});
		const { checks, told } = probing.checks(HTTP, { interval: 10, healthy: 2, unhealthy: 3 });
		checks.add(at(origin.port));
		await waitFor('enough answers', () => asked >= 25);
		const address = `127.0.0.1:${origin.port}`;
		expect(told).toEqual([`${address} well`, `${address} /healthz answered 503`, `${address} well`]);
		// All of it on one connection.
		expect(origin.connections.length).toBe(1);
	});

	it('are found again when they come back at the same port', async () => {
		const origin = await start();
		const { port } = origin;
		const { checks, told } = probing.checks(HTTP, { interval: 20 });
		checks.add(at(port));
		await waitFor('an answer', () => told.length === 1);
		await origin.stop();
		await waitFor('a failure', () => told.length === 2);
		const again = net.createServer((socket) => socket.once('data', () => socket.end(`${WELL}`)));
		stops.push(() => again.close());
		await new Promise<void>((resolve) => again.listen(port, '127.0.0.1', resolve));
		await waitFor('an answer again', () => told.length === 3);
		expect(told.map((line) => line.endsWith(' well'))).toEqual([true, false, true]);
	});

	it('are left alone once they have gone', async () => {
		const origin = await start();
		const { checks, told } = probing.checks(HTTP, { interval: 10 });
		checks.add(at(origin.port));
		await waitFor('an answer', () => told.length === 1);
		checks.remove(`127.0.0.1:${origin.port}`);
		await waitFor('the end of the connection', () => origin.connections[0]?.ended !== '');
		const asked = origin.requests.length;
		checks.add(at(origin.port, 'localhost'));
		await waitFor('its answers', () => origin.requests.length >= asked + 5);
		expect(origin.connections.length).toBe(2);
	});

	it.each([{ is: 'tcp' } as const, HTTP])('may be a thousand ($is)', async (probe) => {
		const origin = await start();
		const { checks, told, counts } = probing.checks(probe, { interval: 2000, timeout: 5000 });
		// Each address of 127.0.0.0/8 is an endpoint of its own; nobody listens at all but one of them.
		const server = net.createServer((socket) => {
			socket.on('error', () => undefined);
			socket.on('data', () => socket.write(WELL));
		});
		await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
		stops.push(() => server.close());
		const { port } = server.address() as net.AddressInfo;
		const hosts = Array.from({ length: 999 }, (_, i) => `127.0.${1 + (i >> 8)}.${i & 255}`);
		for (const host of hosts) checks.add(at(port, host));
		checks.add(at(origin.port));
		await waitFor('every first answer', () => told.length === 1000, 20_000);
		expect(told.every((line) => line.endsWith(' well'))).toBe(true);
		expect(counts.failed).toBe(0);
		await waitFor('second answers', () => counts.passed > 1900, 20_000);
		expect(told.length).toBe(1000);
		checks.stop();
	});
});
