/** Ready, started, live: what an orchestrator sees of a sidecar in front of a real app. */
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { waitFor } from '../support/wait-for.ts';
import { Front } from './front.ts';
import { Program, START_DEADLINE_MS } from './program.ts';
import { askOnce, request, untilListening } from './real-app.ts';

const EXPRESS = join(import.meta.dirname, 'express-app.mjs');
const PROBES = ['/live', '/started', '/ready'] as const;
const BEYOND_LOOPBACK = /"level":"warn".*"message":"the app listens beyond loopback/;

const fronts: Front[] = [];
const apps: Program[] = [];
afterEach(async () => {
	await Promise.all([...fronts.splice(0), ...apps.splice(0)].map((one) => one.stop()));
});

async function start(...args: Parameters<typeof Front.start>): Promise<Front> {
	const front = await Front.start(...args);
	fronts.push(front);
	return front;
}

async function startExpress(port: number, host = '127.0.0.1'): Promise<void> {
	apps.push(new Program('node', [EXPRESS, String(port), host]));
	await untilListening(port);
}

/** Statuses of the three probes at a port. */
const probe = (front: Front, port: number): Promise<number[]> =>
	Promise.all(PROBES.map((path) => front.status(path, port)));

describe('the probes, at the admin port and at the port for probes', () => {
	it('tell started from ready, before the app listens and after', async () => {
		const port = await freePort();
		const front = await start({ app: { port }, probes: { listen: '127.0.0.1:0' } }, { until: 'bound' });
		for (const at of [front.adminPort, front.probesPort]) expect(await probe(front, at)).toEqual([200, 200, 503]);
		expect(await front.admin('/ready')).toMatch(/not healthy: .*ECONNREFUSED/);
		await startExpress(port);
		await front.untilReady();
		for (const at of [front.adminPort, front.probesPort]) expect(await probe(front, at)).toEqual([200, 200, 200]);
	});

	it('turn unready at once on SIGTERM, while requests are served on', async () => {
		const port = await freePort();
		const routes = { app: { port }, probes: { listen: '127.0.0.1:0' }, shutdown: { propagation: '60s', drain: '60s' } };
		const front = await start(routes, { command: ['node', EXPRESS, String(port)] });
		front.program.signal('SIGTERM');
		await waitFor('unreadiness', async () => (await front.status('/ready')) === 503);
		for (const at of [front.adminPort, front.probesPort]) expect(await probe(front, at)).toEqual([200, 200, 503]);
		expect(await front.admin('/ready')).toContain('draining');
		expect(await (await fetch(`${front.url}/hello`)).text()).toBe('hello');
		front.program.signal('SIGTERM');
		expect(await front.program.ended()).toBe(143);
	});

	it('show nothing else at the port for probes, whose callers come from elsewhere', async () => {
		const port = await freePort();
		const front = await start({ app: { port }, probes: { listen: '127.0.0.1:0' } }, { until: 'bound' });
		expect(await front.status('/metrics', front.probesPort)).toBe(200);
		for (const path of ['/', '/config', '/routes', '/services']) {
			expect(await front.status(path, front.probesPort), path).toBe(404);
			expect(await front.status(path), path).toBe(200);
		}
		const kubelet = 'GET /live HTTP/1.1\r\nHost: 10.1.2.3:9902\r\n\r\n';
		expect((await askOnce(front.probesPort, kubelet, 'GET')).status).toBe(200);
		expect((await askOnce(front.adminPort, kubelet, 'GET')).status).toBe(403);
	});
});

describe('app.health.path', () => {
	it('makes ready what answers 2xx there, and follows when that changes', async () => {
		const port = await freePort();
		const app = { port, health: { path: '/healthz', interval: '100ms' } };
		const front = await start({ app }, { until: 'bound', command: ['node', EXPRESS, String(port)] });
		const set = (status: number) => fetch(`http://127.0.0.1:${port}/healthz/${status}`, { method: 'PUT' });
		await waitFor(
			'the answer of the app',
			async () => (await front.admin('/ready')).includes('/healthz answered 503'),
			START_DEADLINE_MS,
		);
		await set(204);
		await front.untilReady();
		await set(301);
		await waitFor('unreadiness', async () => (await front.status('/ready')) === 503);
		expect(await front.admin('/ready')).toContain('/healthz answered 301');
		await set(200);
		await front.untilReady();
	});
});

describe('an app that starts late', () => {
	it('answers those who called before: curl, a raw connection, and one that only connected', async () => {
		const port = await freePort();
		const front = await start({ app: { port } }, { until: 'bound' });
		const early = new Program('curl', ['-sS', '--max-time', '15', `${front.url}/hello`, `${front.url}/json/1`]);
		const raw = Promise.all(Array.from({ length: 20 }, () => askOnce(front.port, request('GET /hello'), 'GET')));
		await waitFor('an answer to nobody', () => !early.hasExited);
		await startExpress(port);
		expect(await early.ended()).toBe(0);
		expect(early.stdout).toBe('hello{"id":"1","query":{}}');
		expect((await raw).map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200));
	});
});

describe('the warning of a way around the sidecar', () => {
	it.each([
		['127.0.0.1', false],
		['0.0.0.0', true],
	])('for an app on %s: %s', async (host, isWarned) => {
		const port = await freePort();
		const front = await start({ app: { port } }, { command: ['node', EXPRESS, String(port), host] });
		// The look is taken when the app becomes healthy; a drain comes after it in the log.
		if (isWarned) await front.program.untilPrinted(BEYOND_LOOPBACK);
		await front.stop();
		expect(BEYOND_LOOPBACK.test(front.program.stderr)).toBe(isWarned);
		if (isWarned) expect(front.program.stderr).toMatch(new RegExp(`"port":${port},"message":"the app listens`));
	});
});
