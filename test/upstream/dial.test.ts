import net from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ProxyError } from '../../src/error.ts';
import { loopClock, loopTimer } from '../../src/io/loop-clock.ts';
import { systemClock } from '../../src/io/system.ts';
import { TimerWheel } from '../../src/io/timer-wheel.ts';
import { Dialer } from '../../src/upstream/dial.ts';

afterEach(() => {
	vi.restoreAllMocks();
});

function noop(): void {
	// not recorded
}

async function freePort(): Promise<number> {
	const server = net.createServer();
	await new Promise<void>((resolve) => server.listen(0, resolve));
	const { port } = server.address() as net.AddressInfo;
	await new Promise((resolve) => server.close(resolve));
	return port;
}

function dial(port: number, connectTimeoutMs: number): Promise<net.Socket | ProxyError> {
	const dialer = new Dialer({
		endpoint: { port },
		connectTimeoutMs,
		service: 'app',
		clock: loopClock,
		timers: new TimerWheel(systemClock, 10, loopTimer()),
		recorder: { connected: noop, connectFailed: noop },
	});
	return new Promise((resolve) => {
		dialer.dial({
			onDialed: (socket) => {
				resolve(socket);
				return { onBytes: noop };
			},
			onDialFailed: resolve,
		});
	});
}

describe('dialing', () => {
	it('takes a connection to itself for what it is: nobody listens', async () => {
		const port = await freePort();
		const connect = net.connect.bind(net);
		// The kernel picks our own port out of thousands when it is the destination's turn; here it always does.
		vi.spyOn(net, 'connect').mockImplementation(((options: net.TcpNetConnectOpts) =>
			connect({ ...options, localPort: port, localAddress: options.host ?? '' })) as typeof net.connect);
		const outcome = await dial(port, 1000);
		expect(outcome).toMatchObject({ code: 'connect_failed', unsent: true });
		// Nothing of it is left to keep the app from its port.
		const server = net.createServer();
		await new Promise<void>((resolve, reject) => {
			server.once('error', reject);
			server.listen({ port, host: '127.0.0.1' }, resolve);
		});
		server.close();
	});

	it('without a timeout waits as long as the system does', async () => {
		const server = net.createServer();
		await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
		const outcome = await dial((server.address() as net.AddressInfo).port, 0);
		expect(outcome).toBeInstanceOf(net.Socket);
		(outcome as net.Socket).destroy();
		server.close();
	});
});
