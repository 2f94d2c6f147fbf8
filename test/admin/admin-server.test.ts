import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { AdminServer } from '../../src/admin/admin-server.ts';
import { jsonReply } from '../../src/admin/endpoint.ts';
import { ProbesServer } from '../../src/admin/probes-server.ts';
import type { Log } from '../../src/ports/log.ts';
import { waitFor, within } from '../support/wait-for.ts';

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
	for (const stop of stops.splice(0)) await stop();
});

function makeProviders() {
	const state = { reasons: [] as string[], drains: 0, level: 'info', errors: [] as unknown[] };
	const health = () => ({ ok: state.reasons.length === 0, reasons: state.reasons });
	const log: Log = { debug() {}, info() {}, warn() {}, error: (fields) => state.errors.push(fields) };
	const providers = {
		live: () => ({ ok: true, reasons: [] }),
		ready: health,
		started: health,
		metricsContentType: 'text/plain; version=0.0.4; charset=utf-8',
		async *metrics() {
			yield* await Promise.resolve(['up 1\n', 'down 0\n']);
		},
		async *config() {
			yield* await Promise.resolve(['{"hash":', '"abc"}']);
		},
		async *routes() {
			yield* await Promise.resolve(['[{"name":', '"reads"}]']);
		},
		certs: () => ({ workload: null }),
		async *services() {
			yield* await Promise.resolve(['{"app":{"circuit":"closed"}}']);
		},
		landing: () => ({ workload: '<orders>', configHash: 'abc', ready: health(), logLevel: state.level }),
		drain: () => {
			state.drains++;
		},
		setLogLevel: (level: string) => {
			if (level !== 'debug') return false;
			state.level = level;
			return true;
		},
	};
	return { state, providers, log };
}

async function openAdmin() {
	const { state, providers, log } = makeProviders();
	const boom = { method: 'GET', path: '/boom', about: 'fails' } as const;
	const echo = { method: 'POST', path: '/echo', about: 'echoes' } as const;
	const admin = new AdminServer({
		listen: { host: '127.0.0.1', port: 0 },
		providers,
		log,
		endpoints: [
			{ ...boom, handle: () => Promise.reject(new Error('boom')) },
			{ ...echo, handle: async (request) => jsonReply(200, [request.query, (await request.body(10))?.length ?? null]) },
		],
	});
	const { port } = await admin.start();
	stops.push(() => admin.stop());
	return { admin, state, port, url: `http://127.0.0.1:${port}` };
}

/** Sends bytes as they are and returns all that comes back until the server closes. */
function exchange(port: number, text: string): Promise<string> {
	return within(
		'the reply',
		new Promise((resolve, reject) => {
			let reply = '';
			const socket = connect(port, '127.0.0.1', () => socket.write(text));
			socket.on('data', (data: Buffer) => {
				reply += data.toString();
			});
			socket.on('close', () => resolve(reply));
			socket.on('error', reject);
		}),
	);
}

describe('the admin port', () => {
	it('shows probes, metrics, configuration, routes and services', async () => {
		const { url } = await openAdmin();
		const json = async (path: string) => (await fetch(url + path)).json();
		expect(await json('/live')).toEqual({ ok: true });
		expect(await json('/config')).toEqual({ hash: 'abc' });
		expect(await json('/routes')).toEqual([{ name: 'reads' }]);
		expect(await json('/services')).toEqual({ app: { circuit: 'closed' } });
		expect(await json('/certs')).toEqual({ workload: null });
		const metrics = await fetch(`${url}/metrics`);
		expect(metrics.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
		expect(await metrics.text()).toBe('up 1\ndown 0\n');
	});

	it('says why it is not ready with 503', async () => {
		const { url, state } = await openAdmin();
		expect((await fetch(`${url}/ready`)).status).toBe(200);
		state.reasons = ['the app does not listen'];
		for (const path of ['/ready', '/started']) {
			const response = await fetch(url + path);
			expect([response.status, await response.json()]).toEqual([503, { ok: false, reasons: state.reasons }]);
		}
		expect((await fetch(`${url}/live`)).status).toBe(200);
	});

	it('has a page that lists every endpoint, escapes what it shows and loads nothing', async () => {
		const { url } = await openAdmin();
		const response = await fetch(url);
		const html = await response.text();
		for (const path of ['/metrics', '/config', 'POST /drain', 'PUT /log-level', '/boom']) expect(html).toContain(path);
		expect(html).toContain('&#60;orders&#62;');
		expect(html).not.toContain('<orders>');
		expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
	});

	it('drains and changes the log level when told', async () => {
		const { url, state } = await openAdmin();
		expect((await fetch(`${url}/drain`, { method: 'POST' })).status).toBe(202);
		expect(state.drains).toBe(1);
		const put = async (body: string) => (await fetch(`${url}/log-level`, { method: 'PUT', body })).status;
		expect(await put('{"level":"debug"}')).toBe(204);
		expect(state.level).toBe('debug');
		expect(await put(' debug\n')).toBe(204);
		expect(await put('"debug"')).toBe(204);
		for (const body of ['', 'loud', '{', '{"level":7}', 'x'.repeat(5000)]) expect(await put(body)).toBe(400);
	});

	it('answers HEAD, unknown paths and wrong methods as HTTP says', async () => {
		const { url, state } = await openAdmin();
		const head = await fetch(`${url}/live`, { method: 'HEAD' });
		expect([head.status, await head.text(), Number(head.headers.get('content-length')) > 0]).toEqual([200, '', true]);
		for (const path of ['/metrics', '/config', '/routes'])
			expect((await fetch(url + path, { method: 'HEAD' })).status).toBe(200);
		const unknown = await fetch(`${url}/nothing`);
		expect([unknown.status, await unknown.json()]).toEqual([404, { error: 'not_found', path: '/nothing' }]);
		const wrong = await fetch(`${url}/drain`);
		expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'POST']);
		const posted = await fetch(`${url}/config`, { method: 'POST' });
		expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
		expect(state.drains).toBe(0);
	});

	it.each([
		['no Host', ''],
		['a foreign Host', 'host: evil.example\r\n'],
		['two Hosts', 'host: localhost\r\nhost: evil.example\r\n'],
		['the Origin of another page', 'host: localhost\r\norigin: http://evil.example\r\n'],
		['an opaque Origin', 'host: localhost\r\norigin: null\r\n'],
	])('refuses %s on every path', async (_, headers) => {
		const { port, state } = await openAdmin();
		for (const [method, path] of [
			['GET', '/config'],
			['POST', '/drain'],
			['GET', '/nothing'],
		]) {
			const reply = await exchange(port, `${method} ${path} HTTP/1.1\r\n${headers}connection: close\r\n\r\n`);
			expect(reply).toMatch(/^HTTP\/1\.1 403 /);
		}
		expect(state.drains).toBe(0);
	});

	it('serves its own page', async () => {
		const { port } = await openAdmin();
		const own = `host: localhost:${port}\r\norigin: http://localhost:${port}\r\n`;
		expect(await exchange(port, `GET /live HTTP/1.1\r\n${own}connection: close\r\n\r\n`)).toMatch(/^HTTP\/1\.1 200 /);
	});

	it('gives further endpoints query and bounded body, and survives one that fails', async () => {
		const { url, state } = await openAdmin();
		const echo = (body: string) => fetch(`${url}/echo?a=1`, { method: 'POST', body });
		expect(await (await echo('12345')).json()).toEqual(['a=1', 5]);
		expect(await (await echo('x'.repeat(11))).json()).toEqual(['a=1', null]);
		expect((await fetch(`${url}/boom`)).status).toBe(500);
		expect(state.errors).toHaveLength(1);
		expect((await fetch(`${url}/live`)).status).toBe(200);
	});

	it('closes idle connections at once when it stops, and refuses to start where somebody listens', async () => {
		const { admin, port, state } = await openAdmin();
		const idle = connect(port, '127.0.0.1', () => idle.write('GET /live HTTP/1.1\r\nhost: localhost\r\n\r\n'));
		let closed = false;
		idle.on('close', () => {
			closed = true;
		});
		await within('the reply', new Promise((resolve) => idle.once('data', resolve)));
		const { providers, log } = makeProviders();
		const second = new AdminServer({ listen: { host: '127.0.0.1', port }, providers, log });
		await expect(second.start()).rejects.toThrow('EADDRINUSE');
		await within('the stop', admin.stop(), 900);
		await waitFor('the idle connection to close', () => closed);
		await admin.stop();
		expect(state.errors).toEqual([]);
	});
});

describe('the probes port', () => {
	it('answers under any Host and knows nothing but probes and metrics', async () => {
		const { state, providers, log } = makeProviders();
		const probes = new ProbesServer({ listen: { host: '', port: 0 }, providers, log });
		const { port } = await probes.start();
		stops.push(() => probes.stop());
		const get = (path: string) =>
			exchange(port, `GET ${path} HTTP/1.1\r\nhost: 10.1.2.3:9902\r\norigin: http://x\r\nconnection: close\r\n\r\n`);
		expect(await get('/live')).toMatch(/^HTTP\/1\.1 200 /);
		expect(await get('/metrics')).toContain('down 0\n');
		for (const path of ['/', '/config', '/routes', '/services', '/certs'])
			expect(await get(path)).toMatch(/^HTTP\/1\.1 404 /);
		expect(await exchange(port, 'POST /drain HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')).toMatch(/ 404 /);
		expect(state.drains).toBe(0);
		expect(await exchange(port, 'GET /live HTTP/1.0\r\n\r\n')).toMatch(/ 200 /);
	});
});
