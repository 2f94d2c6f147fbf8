import dns from 'node:dns';
import net from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ProxyError } from '../../src/error.ts';
import { loopClock, loopTimer } from '../../src/io/loop-clock.ts';
import { systemClock } from '../../src/io/system.ts';
import { TimerWheel } from '../../src/io/timer-wheel.ts';
import { Dialer } from '../../src/upstream/dial.ts';
import { type DialTarget, hostPort } from '../../src/upstream/dial-target.ts';
import { OwnListeners } from '../../src/upstream/own-listeners.ts';
import { waitFor } from '../support/wait-for.ts';

const servers: net.Server[] = [];

afterEach(() => {
	vi.restoreAllMocks();
	for (const server of servers.splice(0)) server.close();
});

function noop(): void {
	// not recorded
}

async function listen(host?: string): Promise<{ port: number; address: string; received: string[] }> {
	const received: string[] = [];
	const server = net.createServer((socket) => {
		socket.on('error', noop);
		socket.on('data', (bytes) => received.push(bytes.toString('latin1')));
	});
	servers.push(server);
	await new Promise<void>((resolve) => server.listen(0, host, resolve));
	const { port, address } = server.address() as net.AddressInfo;
	return { port, address, received };
}

async function freePort(): Promise<number> {
	const server = net.createServer();
	await new Promise<void>((resolve) => server.listen(0, resolve));
	const { port } = server.address() as net.AddressInfo;
	await new Promise((resolve) => server.close(resolve));
	return port;
}

interface Dialed {
	readonly socket: net.Socket;
	readonly address: string;
}

function dial(
	target: DialTarget,
	connectTimeoutMs: number,
	ownListeners = new OwnListeners(),
): Promise<Dialed | ProxyError> {
	const dialer = new Dialer({
		target,
		connectTimeoutMs,
		service: 'app',
		clock: loopClock,
		timers: new TimerWheel(systemClock, 10, loopTimer()),
		recorder: { connected: noop, connectFailed: noop },
		ownListeners,
	});
	return new Promise((resolve) => {
		dialer.dial({
			onDialed: (socket, address) => {
				resolve({ socket, address });
				return { onBytes: noop };
			},
			onDialFailed: resolve,
		});
	});
}

function dialApp(port: number, connectTimeoutMs: number) {
	return dial({ kind: 'loopback', port }, connectTimeoutMs);
}

function dialHost(host: string, port: number, ownListeners?: OwnListeners) {
	return dial({ kind: 'host', host, port }, 1000, ownListeners);
}

describe('dialing', () => {
	it('takes a connection to itself for what it is: nobody listens', async () => {
		const port = await freePort();
		const connect = net.connect.bind(net);
		// The kernel picks our own port out of thousands when it is the destination's turn; here it always does.
		vi.spyOn(net, 'connect').mockImplementation(((options: net.TcpNetConnectOpts) =>
			connect({ ...options, localPort: port, localAddress: options.host ?? '' })) as typeof net.connect);
		for (const outcome of [await dialApp(port, 1000), await dialHost('127.0.0.1', port)]) {
			expect(outcome).toMatchObject({ code: 'connect_failed', unsent: true });
		}
		// Nothing of it is left to keep the app from its port.
		const server = net.createServer();
		await new Promise<void>((resolve, reject) => {
			server.once('error', reject);
			server.listen({ port, host: '127.0.0.1' }, resolve);
		});
		server.close();
	});

	it('without a timeout waits as long as the system does', async () => {
		const { port } = await listen('127.0.0.1');
		const outcome = (await dialApp(port, 0)) as Dialed;
		expect(outcome.socket).toBeInstanceOf(net.Socket);
		outcome.socket.destroy();
	});

	it.each(['127.0.0.1', 'localhost'])('reaches %s, and shows it as it was written', async (host) => {
		const { port } = await listen();
		const outcome = (await dialHost(host, port)) as Dialed;
		expect(outcome).toMatchObject({ address: `${host}:${port}` });
		expect(outcome.socket.remotePort).toBe(port);
		outcome.socket.destroy();
	});

	it('shows an IPv6 address in brackets', async () => {
		const port = await freePort();
		expect(hostPort('::1', port)).toBe(`[::1]:${port}`);
		expect(await dialHost('::1', port)).toMatchObject({ code: 'connect_failed' });
	});

	it('tries every address of a name', async () => {
		const { port } = await listen('127.0.0.1');
		vi.spyOn(dns, 'lookup').mockImplementation(((_: string, __: object, done: (...args: unknown[]) => void) => {
			process.nextTick(done, null, [
				{ address: '127.0.0.9', family: 4 },
				{ address: '127.0.0.1', family: 4 },
			]);
		}) as unknown as typeof dns.lookup);
		const outcome = (await dialHost('two.example', port)) as Dialed;
		expect(outcome.socket.remoteAddress).toBe('127.0.0.1');
		outcome.socket.destroy();
	});

	it.each(['ENOTFOUND', 'EAI_AGAIN'])('calls a name that does not resolve (%s) by that', async (code) => {
		vi.spyOn(dns, 'lookup').mockImplementation(((name: string, __: object, done: (...args: unknown[]) => void) => {
			process.nextTick(done, Object.assign(new Error(`getaddrinfo ${code} ${name}`), { code, syscall: 'getaddrinfo' }));
		}) as unknown as typeof dns.lookup);
		expect(await dialHost('nowhere.example', 80)).toMatchObject({
			code: 'dns_failed',
			detail: `nowhere.example does not resolve: ${code}`,
			unsent: true,
		});
	});

	it('calls a refused connection by the endpoint that refused it', async () => {
		const port = await freePort();
		const detail = `connect to 127.0.0.1:${port}: ECONNREFUSED`;
		expect(await dialHost('127.0.0.1', port)).toMatchObject({ code: 'connect_failed', detail, unsent: true });
	});

	it('gives up a name that takes too long to resolve', async () => {
		vi.spyOn(dns, 'lookup').mockImplementation((() => undefined) as unknown as typeof dns.lookup);
		expect(await dial({ kind: 'host', host: 'slow.example', port: 80 }, 30)).toMatchObject({ code: 'connect_timeout' });
	});
});

describe('a loop', () => {
	/** Addresses of this host that are not loopback. */
	const others = Object.values(networkInterfaces())
		.flatMap((all) => all ?? [])
		.filter(({ internal, family }) => !internal && family === 'IPv4')
		.map(({ address }) => address);

	it.each(['127.0.0.1', 'localhost', '127.0.0.7', '0.0.0.0', ...others])(
		'is noticed at %s, when we listen on every address, before a byte is sent',
		async (host) => {
			const { port, address, received } = await listen();
			const own = new OwnListeners();
			own.add({ address, port });
			expect(await dialHost(host, port, own)).toMatchObject({ code: 'loop_detected', unsent: true });
			await waitFor(
				'the connection to be gone',
				() => new Promise<boolean>((resolve) => servers[0]?.getConnections((_, count) => resolve(count === 0))),
			);
			expect(received).toEqual([]);
		},
	);

	it('is not seen where another process has our port on another address', async () => {
		const { port } = await listen('127.0.0.1');
		const own = new OwnListeners();
		own.add({ address: '127.0.0.2', port });
		const outcome = (await dialHost('127.0.0.1', port, own)) as Dialed;
		expect(outcome.socket).toBeInstanceOf(net.Socket);
		outcome.socket.destroy();
	});
});
