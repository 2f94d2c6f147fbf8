import { type ChildProcess, spawn } from 'node:child_process';
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
import { attemptDelayMs, orderOfAddresses } from '../../src/upstream/happy-eyeballs.ts';
import { OwnListeners } from '../../src/upstream/own-listeners.ts';
import { PLAINTEXT_DIAL } from '../support/plaintext.ts';
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

function dial(target: DialTarget, connectTimeoutMs: number, ownListeners?: OwnListeners): Promise<Dialed | ProxyError> {
	return dialWith(makeDialer(target, connectTimeoutMs, ownListeners));
}

function makeDialer(target: DialTarget, connectTimeoutMs: number, ownListeners = new OwnListeners()): Dialer {
	return new Dialer({
		target,
		connectTimeoutMs,
		service: 'app',
		clock: loopClock,
		timers: new TimerWheel(systemClock, 10, loopTimer()),
		recorder: { connected: noop, connectFailed: noop },
		ownListeners,
		...PLAINTEXT_DIAL,
	});
}

function dialWith(dialer: Dialer): Promise<Dialed | ProxyError> {
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

/** Listens and takes no connection: its queue is one long, and two are in it already. Nothing answers the third. */
const DEAF = `
	const net = require('node:net');
	const server = net.createServer().listen({ port: 0, host: process.argv[1], backlog: 1 }, () => {
		const { port } = server.address();
		process.stdout.write(String(port));
		Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
	});`;

describe('the addresses of a name', () => {
	const children: ChildProcess[] = [];
	const fillers: net.Socket[] = [];

	afterEach(() => {
		for (const child of children.splice(0)) child.kill('SIGKILL');
		for (const socket of fillers.splice(0)) socket.destroy();
	});

	/** The port at which an address drops whatever comes. */
	async function deaf(host: string): Promise<number> {
		const child = spawn(process.execPath, ['-e', DEAF, host], { stdio: ['ignore', 'pipe', 'inherit'] });
		children.push(child);
		const port = await new Promise<number>((resolve) => child.stdout?.once('data', (text) => resolve(Number(text))));
		for (let index = 0; index < 2; index++) {
			const socket = net.connect(port, host);
			fillers.push(socket);
			await new Promise((resolve) => socket.once('connect', resolve));
		}
		return port;
	}

	function leadTo(...addresses: string[]): void {
		vi.spyOn(dns, 'lookup').mockImplementation(((_: string, __: object, done: (...args: unknown[]) => void) => {
			const found = addresses.map((address) => ({ address, family: net.isIP(address) }));
			process.nextTick(done, null, found);
		}) as unknown as typeof dns.lookup);
	}

	function listenAt(host: string, port: number): Promise<void> {
		const server = net.createServer((socket) => socket.on('error', noop));
		servers.push(server);
		return new Promise((resolve) => server.listen(port, host, resolve));
	}

	it.each([
		['127.0.0.2', '::1'],
		['::1', '127.0.0.2'],
	])('are raced: %s is dead, and %s answers within about 250 ms', async (dead, alive) => {
		const port = await deaf(dead);
		await listenAt(alive, port);
		leadTo(dead, alive);
		const startedAt = performance.now();
		const outcome = (await dial({ kind: 'host', host: 'two.example', port }, 5000)) as Dialed;
		const took = performance.now() - startedAt;
		expect(outcome).toMatchObject({ address: `two.example:${port}`, socket: { remoteAddress: alive } });
		outcome.socket.destroy();
		expect(took).toBeGreaterThan(240);
		expect(took).toBeLessThan(400);
	});

	it('begin with the one that answered last', async () => {
		const port = await deaf('127.0.0.2');
		await listenAt('::1', port);
		leadTo('127.0.0.2', '::1');
		const dialer = makeDialer({ kind: 'host', host: 'two.example', port }, 5000);
		((await dialWith(dialer)) as Dialed).socket.destroy();
		const startedAt = performance.now();
		((await dialWith(dialer)) as Dialed).socket.destroy();
		expect(performance.now() - startedAt).toBeLessThan(200);
	});

	it('are all tried before a short deadline', async () => {
		const port = await deaf('127.0.0.2');
		await listenAt('::1', port);
		leadTo('127.0.0.2', '::1');
		const outcome = (await dial({ kind: 'host', host: 'two.example', port }, 200)) as Dialed;
		expect(outcome.socket.remoteAddress).toBe('::1');
		outcome.socket.destroy();
	});

	it('do not lose one that answers late to one that does not answer', async () => {
		const port = await deaf('127.0.0.2');
		leadTo('127.0.0.2', '::1');
		// `::1` refuses at once; what is left is the first, whose queue is emptied after the second had its turn.
		const connect = vi.spyOn(net, 'connect');
		const outcome = dial({ kind: 'host', host: 'two.example', port }, 5000);
		await waitFor('the turn of the second', () => connect.mock.calls.length === 2);
		for (const socket of fillers.splice(0)) socket.destroy();
		for (const child of children.splice(0)) child.kill('SIGKILL');
		await waitFor('the port to be free', async () => {
			const free = net.createServer();
			const isFree = await new Promise<boolean>((resolve) => {
				free.once('error', () => resolve(false));
				free.listen(port, '127.0.0.2', () => resolve(true));
			});
			if (isFree) servers.push(free);
			return isFree;
		});
		const { socket } = (await outcome) as Dialed;
		expect(socket.remoteAddress).toBe('127.0.0.2');
		socket.destroy();
	});

	it('end with the deadline when none answers, and leave nothing behind', async () => {
		const port = await deaf('127.0.0.2');
		leadTo('127.0.0.2', '::1');
		const connect = vi.spyOn(net, 'connect');
		const detail = `connect to two.example:${port} took longer than 300 ms`;
		const outcome = await dial({ kind: 'host', host: 'two.example', port }, 300);
		expect(outcome).toMatchObject({ code: 'connect_timeout', detail });
		expect(connect.mock.results.map(({ value }) => (value as net.Socket).destroyed)).toEqual([true, true]);
	});

	it('are each named when all refuse', async () => {
		const port = await freePort();
		leadTo('127.0.0.2', '::1');
		expect(await dialHost('two.example', port)).toMatchObject({
			code: 'connect_failed',
			detail: `connect to two.example:${port}: 127.0.0.2 ECONNREFUSED, ::1 ECONNREFUSED`,
		});
	});

	it('are refused when the one that connects is a listener of ours, whichever was tried first', async () => {
		const port = await deaf('127.0.0.2');
		await listenAt('::1', port);
		leadTo('127.0.0.2', '::1');
		const own = new OwnListeners();
		own.add({ address: '::1', port });
		expect(await dialHost('two.example', port, own)).toMatchObject({ code: 'loop_detected' });
	});

	it.each([
		[['a', 'b'], '', ['a', 'b']],
		[['1::', '2::', 'a', 'b', 'c'], '', ['1::', 'a', '2::', 'b', 'c']],
		[['a', '1::', 'a'], '', ['a', '1::']],
		[['a', '1::', 'b'], 'b', ['b', 'a', '1::']],
		[['a'], 'gone', ['a']],
	])('%j are tried by turns of the families, after %j', (addresses, working, order) => {
		expect(orderOfAddresses(addresses, working)).toEqual(order);
	});

	it.each([
		[2, 0, 250],
		[2, 5000, 250],
		[4, 400, 100],
		[100, 100, 10],
	])('%i of them with %i ms left are tried %i ms apart', (addresses, remainingMs, delayMs) => {
		expect(attemptDelayMs(addresses, remainingMs)).toBe(delayMs);
	});
});
