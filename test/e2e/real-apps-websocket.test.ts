/** A WebSocket echo that nobody here wrote: spoken to by `ws`, and by the Autobahn cases frame by frame. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { RawClient } from '../support/raw-client.ts';
import { waitFor, within } from '../support/wait-for.ts';
import { START_DEADLINE_MS } from './program.ts';
import { type RealApp, Trio } from './real-app.ts';
import { CLOSE, PING, type Step, writesOf } from './websocket-frames.ts';

const CASES = join(import.meta.dirname, '../../../shared/suites/autobahn/cases.json');
const LEFT_OUT = existsSync(CASES) ? '' : `left out: the Autobahn cases are not at ${CASES}`;
if (LEFT_OUT !== '') console.warn(LEFT_OUT);
/** Cases at once: enough to be quick, few enough for a busy machine. */
const AT_ONCE = 20;

const ECHO: RealApp = {
	name: 'ws',
	command: (port) => ['node', join(import.meta.dirname, 'ws-echo.mjs'), String(port)],
};

let trio: Trio;
beforeAll(async () => {
	trio = await Trio.start(ECHO);
}, 2 * START_DEADLINE_MS);
afterAll(() => trio?.stop());

async function open(port: number): Promise<WebSocket> {
	const socket = new WebSocket(`ws://127.0.0.1:${port}/chat?room=1`, { perMessageDeflate: false });
	await within(
		'an open WebSocket',
		new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject)),
	);
	return socket;
}

function next(socket: WebSocket): Promise<{ data: Buffer; isBinary: boolean }> {
	return within(
		'a message',
		new Promise((resolve) => socket.once('message', (data: Buffer, isBinary) => resolve({ data, isBinary }))),
	);
}

function closed(socket: WebSocket): Promise<string> {
	return within(
		'the close',
		new Promise((resolve) => socket.once('close', (code, reason) => resolve(`${code} ${reason}`))),
	);
}

describe.each(['plain', 'supervised'] as const)('ws through a sidecar (%s)', (mode) => {
	it.each([
		['text', 'héllo', false],
		['binary', Buffer.from([0, 1, 2, 255]), true],
		['an empty message', '', false],
		['a frame of 5 MB', Buffer.alloc(5 * 1024 * 1024, 'abcdefg'), true],
	])('echoes %s', async (_what, sent, isBinary) => {
		const socket = await open(trio[mode].port);
		const answer = next(socket);
		socket.send(sent);
		const { data, isBinary: cameBinary } = await answer;
		expect(cameBinary).toBe(isBinary);
		expect(data.equals(Buffer.from(sent))).toBe(true);
		socket.terminate();
	});

	it('carries ping and pong', async () => {
		const socket = await open(trio[mode].port);
		const pong = within('a pong', new Promise((resolve) => socket.once('pong', (data) => resolve(data.toString()))));
		socket.ping('are you there');
		expect(await pong).toBe('are you there');
		socket.terminate();
	});

	it('brings the client’s close code and reason to the app, and the app’s to the client', async () => {
		const client = await open(trio[mode].port);
		const ended = closed(client);
		const reason = `from-the-client-${mode}`;
		client.close(4001, reason);
		expect(await ended).toBe(`4001 ${reason}`);
		const heard = () =>
			`${trio.plain.program.stdout}${trio.supervised.program.stdout}${trio.programs.map((p) => p.stdout)}`;
		await waitFor('the close at the app', () => heard().includes(`closed 4001 ${reason}`));
		const other = await open(trio[mode].port);
		const told = closed(other);
		other.send('close 4002 from-the-app');
		expect(await told).toBe('4002 from-the-app');
	});

	it('ends for the client when the app’s connection breaks, and for the app when the client’s does', async () => {
		const socket = await open(trio[mode].port);
		const ended = closed(socket);
		socket.on('error', () => undefined);
		socket.send('vanish');
		expect(await ended).toBe('1006 ');
		const printed = () => (mode === 'plain' ? (trio.programs[1]?.stdout ?? '') : trio.supervised.program.stdout);
		const before = printed().split('closed 1006').length;
		(await open(trio[mode].port)).terminate();
		await waitFor('the break at the app', () => printed().split('closed 1006').length > before);
	});
});

interface AutobahnCase {
	id: string;
	client_steps: Step[];
}

const HANDSHAKE =
	'GET / HTTP/1.1\r\nHost: app.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
	'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';
const END_OF_HEAD = '\r\n\r\n';
const MARK = 'all-sent';

/** What the server sent after the handshake, until it ended the connection. */
async function play(port: number, one: AutobahnCase): Promise<Buffer> {
	const client = await RawClient.connect(port);
	await client.send(HANDSHAKE);
	await waitFor('101', () => client.received.includes(END_OF_HEAD));
	for (const bytes of writesOf(one.client_steps)) await client.send(bytes);
	// A ping after everything: its pong says that nothing else will come. A server that has failed the case just ends.
	await client.send(PING(MARK));
	await waitFor(`${one.id}: the pong or the end`, () => client.isEnded || client.received.includes(MARK));
	await client.send(CLOSE);
	client.end();
	const bytes = await client.readToEnd();
	client.close();
	expect(bytes.toString('latin1')).toMatch(/^HTTP\/1\.1 101 /);
	return bytes.subarray(bytes.indexOf(END_OF_HEAD) + END_OF_HEAD.length);
}

describe.runIf(LEFT_OUT === '')('the Autobahn cases', () => {
	const cases = LEFT_OUT === '' ? (JSON.parse(readFileSync(CASES, 'utf8')) as { cases: AutobahnCase[] }).cases : [];
	const batches = Array.from({ length: Math.ceil(cases.length / AT_ONCE) }, (_, index) =>
		cases.slice(index * AT_ONCE, (index + 1) * AT_ONCE),
	).map((batch) => ({ batch, from: batch[0]?.id, to: batch.at(-1)?.id }));

	it.each(batches)('$from to $to: the server’s frames are the same through the sidecar', async ({ batch }) => {
		const results = await Promise.all(
			batch.map(async (one) => ({
				id: one.id,
				alone: (await play(trio.alone.port, one)).toString('base64'),
				through: (await play(trio.plain.port, one)).toString('base64'),
			})),
		);
		for (const { id, alone, through } of results) {
			expect(alone, id).not.toBe('');
			expect(through, id).toBe(alone);
		}
	});
});
