/** The same app in front of other settings: a unix socket, no policy at all, rules only, and callers from elsewhere. */
import { mkdtempSync, rmSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { freePort } from '../support/free-port.ts';
import { RawClient } from '../support/raw-client.ts';
import { waitFor, within } from '../support/wait-for.ts';
import { Front, type RouteFile } from './front.ts';
import { Program, START_DEADLINE_MS } from './program.ts';
import { askOnce, request, untilListening } from './real-app.ts';

const EXPRESS = join(import.meta.dirname, 'express-app.mjs');

let app: Program;
let appPort = 0;
beforeAll(async () => {
	appPort = await freePort();
	app = new Program('node', [EXPRESS, String(appPort)]);
	await untilListening(appPort);
}, START_DEADLINE_MS);
afterAll(() => app?.stop());

const fronts: Front[] = [];
afterEach(async () => {
	await Promise.all(fronts.splice(0).map((front) => front.stop()));
});

async function start(routes: Omit<RouteFile, 'app'> & { app?: object }, command?: string[]): Promise<Front> {
	const front = await Front.start({ app: { port: appPort }, ...routes }, command === undefined ? {} : { command });
	fronts.push(front);
	return front;
}

describe('an app on a unix socket', () => {
	it.each(['plain', 'supervised'])('is served, checked and found again (%s)', async (mode) => {
		const folder = mkdtempSync(join(tmpdir(), 'outrigger-socket-'));
		const socket = join(folder, 'app.sock');
		const command = ['node', EXPRESS, socket];
		const own = mode === 'plain' ? new Program('node', command.slice(1)) : null;
		try {
			const routes = { app: { socket }, telemetry: { accessLog: { when: 'all' } } };
			const front = await start(routes, own === null ? command : undefined);
			expect(await (await fetch(`${front.url}/hello`)).text()).toBe('hello');
			const body = 'x'.repeat(100_000);
			expect(await (await fetch(`${front.url}/echo`, { method: 'POST', body })).text()).toBe(body);
			const [line] = await front.untilLines('access', 1);
			expect(line).toMatchObject({
				status: 200,
				attempts: [{ endpoint: expect.stringContaining(socket), outcome: 'ok' }],
			});
			if (own === null) return;
			await own.stop();
			expect((await fetch(`${front.url}/hello`)).status).toBe(503);
			await waitFor('unreadiness', async () => (await front.status('/ready')) === 503);
		} finally {
			await own?.stop();
			rmSync(folder, { recursive: true, force: true });
		}
	});
});

describe('passthrough: true', () => {
	it('forwards the very bytes, both ways: nothing added, nothing judged', async () => {
		const front = await start({ passthrough: true });
		const odd = 'GET /headers HTTP/1.1\r\nhost: app.test\r\nX-Odd:  two  blanks \r\nconnection: close\r\n\r\n';
		const [through, alone] = await Promise.all([front.port, appPort].map((port) => askOnce(port, odd, 'GET')));
		const withoutDate = (raw: Buffer | undefined) => raw?.toString('latin1').replace(/Date: .*/, '');
		expect(withoutDate(through?.raw)).toBe(withoutDate(alone?.raw));
		expect(JSON.parse(through?.body.toString() ?? '')).toEqual([
			'host',
			'app.test',
			'X-Odd',
			'two  blanks',
			'connection',
			'close',
		]);
		const bad = await askOnce(front.port, 'GET / HTTP/1.1\r\n\r\n', 'GET');
		expect([bad.status, bad.fields.some(([name]) => name === 'proxy-status')]).toEqual([400, false]);
	});

	it('forwards what is no HTTP, and each end', async () => {
		const port = await freePort();
		const echo =
			"require('net').createServer({allowHalfOpen: true}, (s) => s.pipe(s)).listen(+process.argv[1], '127.0.0.1')";
		const front = await start({ app: { port }, passthrough: true }, ['node', '-e', echo, String(port)]);
		const client = await RawClient.connect(front.port);
		const bytes = Buffer.from(Array.from({ length: 4096 }, (_, index) => index % 256));
		await client.send(bytes);
		client.end();
		expect((await client.readToEnd()).equals(bytes)).toBe(true);
	});
});

describe('unmatched: reject', () => {
	it('answers 404 itself for what no rule names, and serves what one does', async () => {
		const front = await start({ inbound: { unmatched: 'reject', routes: [{ matches: [{ path: '= /hello' }] }] } });
		expect(await (await fetch(`${front.url}/hello`)).text()).toBe('hello');
		for (const path of ['/', '/hello/', '/json/1']) {
			const answer = await fetch(`${front.url}${path}`);
			expect([answer.status, answer.headers.get('proxy-status')]).toEqual([
				404,
				'outrigger; error=destination_not_found; details="no_route"',
			]);
			expect(await answer.json()).toMatchObject({ error: 'no_route', setting: 'inbound.unmatched' });
		}
		const socket = new WebSocket(`ws://127.0.0.1:${front.port}/chat`);
		const failure = new Promise<Error>((resolve) => socket.once('error', resolve));
		expect((await within('a refused upgrade', failure)).message).toContain('404');
	});
});

const ELSEWHERE = Object.values(networkInterfaces())
	.flatMap((addresses) => addresses ?? [])
	.find(({ internal, family }) => !internal && family === 'IPv4')?.address;
if (ELSEWHERE === undefined) console.warn('left out: this machine has no IPv4 address but loopback');

describe.runIf(ELSEWHERE !== undefined)('a local reply to somebody who is not on loopback', () => {
	it.each([
		['brief', ['error', 'requestId']],
		['verbose', ['attempts', 'detail', 'error', 'requestId', 'setting']],
	])('localReplies: %s tells him %j, and a caller on loopback everything', async (localReplies, keys) => {
		const inbound = {
			listen: '0.0.0.0:0',
			unmatched: 'reject',
			routes: [{ matches: [{ path: '/reset' }], retry: 'off' }],
		};
		const front = await start({ inbound, localReplies });
		const answers = await Promise.all(
			['127.0.0.1', ELSEWHERE].flatMap((host) =>
				['/reset', '/'].map((path) => fetch(`http://${host}:${front.port}${path}`)),
			),
		);
		expect(answers.map(({ status }) => status)).toEqual([503, 404, 503, 404]);
		const told = await Promise.all(answers.map(async (answer) => Object.keys((await answer.json()) as object).sort()));
		const everything = ['attempts', 'detail', 'error', 'requestId', 'setting'];
		expect(told).toEqual([everything, everything, keys, keys]);
	});

	it('is not given at the admin port at all: it is on loopback', async () => {
		const front = await start({});
		await expect(RawClient.connect(front.adminPort, ELSEWHERE)).rejects.toThrow(/ECONNREFUSED/);
		expect((await askOnce(front.adminPort, request('GET /config'), 'GET')).status).toBe(403);
	});
});
