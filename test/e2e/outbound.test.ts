/** The outbound port and clients that nobody here wrote: by proxy, by host, and an app that knows nothing of it. */
import { createServer as createHttpServer, get, type IncomingMessage, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { ProxyAgent, request } from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { waitFor } from '../support/wait-for.ts';
import { Front, type FrontOptions } from './front.ts';
import { ROOT, runToEnd } from './program.ts';

const SHOP = join(ROOT, 'examples/shop/shop.js');
/** What the machine has may not decide. */
for (const name of ['HTTP_PROXY', 'http_proxy', 'NO_PROXY', 'no_proxy', 'NODE_USE_ENV_PROXY']) delete process.env[name];

let stock: Server;
let seen: { method: string; url: string; headers: IncomingMessage['headers'] }[] = [];
const fronts: Front[] = [];

beforeEach(async () => {
	seen = [];
	stock = createHttpServer((message, response) => {
		const { method = '', url = '', headers } = message;
		seen.push({ method, url, headers });
		response.end(`stock of ${url}`);
	});
	await new Promise<void>((resolve) => stock.listen(0, '127.0.0.1', resolve));
});

afterEach(async () => {
	await Promise.all(fronts.splice(0).map((front) => front.stop()));
	stock.closeAllConnections();
	await new Promise((resolve) => stock.close(resolve));
});

const stockPort = () => (stock.address() as AddressInfo).port;

async function start(options: FrontOptions = {}, more: object = {}): Promise<Front> {
	const port = await freePort();
	const front = await Front.start(
		{
			app: { port },
			outbound: { listen: '127.0.0.1:0', unknownHosts: 'reject' },
			services: {
				stock: { hostnames: ['stock', 'stock.shop.svc'], endpoints: [{ address: `127.0.0.1:${stockPort()}` }] },
			},
			telemetry: { accessLog: { when: 'all' } },
			...more,
		},
		{ command: ['node', SHOP], ...options, env: { PORT: String(port), ...options.env } },
	);
	fronts.push(front);
	return front;
}

async function curl(...args: readonly string[]): Promise<string> {
	const { code, stdout, stderr } = await runToEnd('curl', ['-sS', '--max-time', '10', ...args]);
	expect(code, stderr).toBe(0);
	return stdout;
}

describe('an app that knows nothing of its sidecar', () => {
	it('calls a service by its name, through the sidecar', async () => {
		const front = await start();
		const response = await fetch(`${front.url}/stock`);
		expect([response.status, await response.text()]).toEqual([200, 'stock of /']);
		expect(seen.map(({ headers }) => headers.host)).toEqual(['stock']);
		const lines = await front.untilLines('access', 2);
		expect(lines.map(({ side, service, path }) => [side, service, path])).toEqual([
			['outbound', 'stock', '/'],
			['inbound', 'app', '/stock'],
		]);
		expect(await front.admin('/metrics')).toMatch(/http_client_request_duration_seconds_count\{.*service="stock"\} 1/);
	});

	it('calls a service at the port that is its own, without an outbound port', async () => {
		const own = await freePort();
		const endpoints = [{ address: `127.0.0.1:${stockPort()}` }];
		const services = { stock: { listen: `127.0.0.1:${own}`, endpoints } };
		const env = { STOCK_URL: `http://127.0.0.1:${own}/` };
		const front = await start({ env }, { outbound: undefined, services });
		const response = await fetch(`${front.url}/stock`);
		expect([response.status, await response.text()]).toEqual([200, 'stock of /']);
		expect(seen.map(({ headers }) => headers.host)).toEqual([`127.0.0.1:${own}`]);
		const [line] = await front.untilLines('access', 2);
		expect(line).toMatchObject({ side: 'outbound', service: 'stock' });
		expect(front.program.stderr).toContain(`, service stock 127.0.0.1:${own}\n`);
	});

	it('is answered by the sidecar where the service is not to be had', async () => {
		const address = `127.0.0.1:${await freePort()}`;
		const front = await start({}, { services: { stock: { hostnames: ['stock'], endpoints: [{ address }] } } });
		const response = await fetch(`${front.url}/stock`);
		expect(response.status).toBe(503);
		expect(await response.json()).toMatchObject({ error: 'connect_failed' });
	});

	it('keeps the proxy that it was given', async () => {
		const other = createHttpServer((message, response) => response.end(`proxy of ${message.url}`));
		await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
		const proxy = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
		const front = await start({ env: { HTTP_PROXY: proxy, NODE_USE_ENV_PROXY: '1' } });
		expect(await (await fetch(`${front.url}/stock`)).text()).toBe('proxy of http://stock/');
		expect(seen).toEqual([]);
		other.closeAllConnections();
		other.close();
	});
});

describe('clients of the outbound port', () => {
	it('curl: as its proxy, by host, through a tunnel', async () => {
		const front = await start();
		const proxy = `http://127.0.0.1:${front.outboundPort}`;
		expect(await curl('-x', proxy, 'http://stock.shop.svc/a')).toBe('stock of /a');
		expect(await curl('-H', 'Host: stock', `${proxy}/b`)).toBe('stock of /b');
		expect(await curl('-p', '-x', proxy, 'http://stock/c')).toBe('stock of /c');
		expect(await curl('-x', proxy, '-o', '/dev/null', '-w', '%{http_code}', 'http://elsewhere.example/')).toBe('502');
		expect(seen.map(({ url }) => url)).toEqual(['/a', '/b', '/c']);
	});

	it('undici: tunnels and plain requests', async () => {
		const front = await start();
		const uri = `http://127.0.0.1:${front.outboundPort}`;
		for (const proxyTunnel of [true, false]) {
			const dispatcher = new ProxyAgent({ uri, proxyTunnel });
			const { body } = await request('http://stock/u', { dispatcher });
			expect(await body.text()).toBe('stock of /u');
			await dispatcher.close();
		}
	});

	it('node:http by host, with a body that streams', async () => {
		const front = await start();
		const text = await new Promise<string>((resolve, reject) => {
			const options = { port: front.outboundPort, path: '/n', headers: { host: 'stock' } };
			get(options, async (response) => {
				let all = '';
				for await (const piece of response) all += String(piece);
				resolve(all);
			}).on('error', reject);
		});
		expect(text).toBe('stock of /n');
	});

	it('https through a tunnel: the certificate is the other end’s', async () => {
		const tls = createTlsServer(await selfSigned(), (_, response) => response.end('secret'));
		await new Promise<void>((resolve) => tls.listen(0, '127.0.0.1', resolve));
		const { port } = tls.address() as AddressInfo;
		const front = await start({}, { outbound: { listen: '127.0.0.1:0' } });
		const proxy = `http://127.0.0.1:${front.outboundPort}`;
		expect(await curl('-k', '-x', proxy, `https://localhost:${port}/`)).toBe('secret');
		tls.close();
		const [line] = await front.untilLines('access', 1);
		expect(line).toMatchObject({ side: 'outbound', service: 'passthrough', method: 'CONNECT', status: 200 });
	});
});

describe('the end of an app that the sidecar has started', () => {
	it('leaves it its calls until it exits', async () => {
		const farewell = `
			process.on('SIGTERM', async () => {
				const response = await fetch('http://stock/bye');
				console.log('said', await response.text());
				process.exit(0);
			});
			require('node:http').createServer((_, response) => response.end('up')).listen(process.env.PORT, '127.0.0.1');`;
		const front = await start({ command: ['node', '-e', farewell] });
		front.program.signal('SIGTERM');
		expect(await front.program.ended()).toBe(0);
		expect(front.program.stdout).toContain('said stock of /bye');
	});
});

describe('the end of a sidecar whose app runs by itself', () => {
	it('waits for the port of the app to close', async () => {
		const shop = createHttpServer((_, response) => response.end('shop'));
		await new Promise<void>((resolve) => shop.listen(0, '127.0.0.1', resolve));
		const { port } = shop.address() as AddressInfo;
		const services = { stock: { hostnames: ['stock'], endpoints: [{ address: `127.0.0.1:${stockPort()}` }] } };
		const front = await Front.start({ app: { port }, outbound: { listen: '127.0.0.1:0' }, services });
		fronts.push(front);
		front.program.signal('SIGTERM');
		await waitFor('inbound to close', async () => (await front.status('/', front.port)) === 0);
		expect(await curl('-H', 'Host: stock', `http://127.0.0.1:${front.outboundPort}/late`)).toBe('stock of /late');
		expect(front.program.hasExited).toBe(false);
		shop.closeAllConnections();
		shop.close();
		expect(await front.program.ended()).toBe(0);
	});
});

/** Made for this run by OpenSSL. */
async function selfSigned(): Promise<{ key: string; cert: string }> {
	const args =
		'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=localhost -keyout - -out -';
	const { code, stdout, stderr } = await runToEnd('openssl', args.split(' '));
	expect(code, stderr).toBe(0);
	return { key: stdout, cert: stdout };
}
