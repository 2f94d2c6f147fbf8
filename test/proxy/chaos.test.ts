/**
 * Random clients in front of random apps. Whatever they do: each request ends exactly once, each whole answer is the one
 * to its request, an answer that was cut is never whole, a POST reaches the app at most once, and everything that was
 * taken for an exchange is given back. A failure names its seed.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RawClient } from '../support/raw-client.ts';
import type { OriginConnection } from '../support/recording-origin.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { waitFor } from '../support/wait-for.ts';
import type { WireMessage } from '../support/wire-message.ts';
import { Fixture } from './fixture.ts';

const SEEDS = Array.from({ length: 12 }, (_, i) => 1010 + i);
const CLIENTS = 12;
const MAX_PIPELINED = 6;
const MAX_BODY_BYTES = 200_000;

/** How the app treats a request; the request's target says which, how long the body is, and who asks. */
const DEEDS = [
	'length',
	'length',
	'length',
	'chunked',
	'chunked',
	'close',
	'last',
	'empty',
	'interim',
	'late',
	'early',
	'reset',
	'end',
	'cut-length',
	'cut-chunked',
	'excess',
	'garbage',
	'busy',
] as const;

interface Asked {
	readonly id: string;
	readonly method: string;
	readonly target: string;
	readonly bytes: Buffer;
}

/** The body that answers this target, wherever it is written. */
function bodyOf(target: string): Buffer {
	const [, , length, id] = target.split('/');
	return Buffer.alloc(Number(length), `${id}.`);
}

function request(random: SeededRandom, id: string): Asked {
	const deed = random.pick(DEEDS);
	const length = random.chance(0.7) ? random.below(300) : random.below(MAX_BODY_BYTES);
	const target = `/${deed}/${length}/${id}`;
	const method = random.pick(['GET', 'GET', 'GET', 'HEAD', 'PUT', 'POST']);
	let text = `${method} ${target} HTTP/1.1\r\nHost: a\r\n`;
	// Around the sizes that are written as text, that leave in a block, and that are kept for a replay.
	const sent = random.below(random.pick([500, 20_000, 60_000, MAX_BODY_BYTES]));
	if (method === 'GET' || method === 'HEAD') text += '\r\n';
	else if (random.chance(0.5)) text += `Content-Length: ${sent}\r\n\r\n${'b'.repeat(sent)}`;
	else text += `Transfer-Encoding: chunked\r\n\r\n${chunks(random, Buffer.alloc(sent, 'b')).join('')}0\r\n\r\n`;
	return { id, method, target, bytes: Buffer.from(text, 'latin1') };
}

function chunks(random: SeededRandom, body: Buffer): string[] {
	const out: string[] = [];
	for (let at = 0; at < body.length; ) {
		const size = Math.min(body.length - at, 1 + random.below(random.chance(0.5) ? 50 : 70_000));
		out.push(`${size.toString(16)}\r\n${body.toString('latin1', at, at + size)}\r\n`);
		at += size;
	}
	return out;
}

/** Answers a whole request. */
async function act(random: SeededRandom, asked: WireMessage, app: OriginConnection): Promise<void> {
	const deed = asked.target.split('/')[1];
	const body = asked.method === 'HEAD' ? Buffer.alloc(0) : bodyOf(asked.target);
	const length = bodyOf(asked.target).length;
	const whole = `HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n`;
	const half = body.subarray(0, body.length >> 1);
	switch (deed) {
		case 'chunked':
			app.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
			if (asked.method === 'HEAD') return;
			for (const chunk of chunks(random, body)) app.send(chunk);
			return app.send('0\r\nx-sum: 1\r\n\r\n');
		case 'close':
			app.send('HTTP/1.1 200 OK\r\n\r\n');
			app.send(body);
			return app.end();
		case 'last':
			app.send(`HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: ${length}\r\n\r\n`);
			app.send(body);
			return app.end();
		case 'empty':
			return app.send(random.chance(0.5) ? 'HTTP/1.1 204 No Content\r\n\r\n' : 'HTTP/1.1 304 Not Modified\r\n\r\n');
		case 'interim':
			app.send(`HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n${whole}`);
			return app.send(body);
		case 'late':
			await new Promise((resolve) => setTimeout(resolve, random.below(20)));
			break;
		case 'early':
			// Answered at its head.
			return;
		case 'reset':
			return app.reset();
		case 'end':
			return app.end();
		case 'cut-length':
			app.send(whole);
			app.send(half);
			return random.chance(0.5) ? app.end() : app.reset();
		case 'cut-chunked':
			app.send(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${length.toString(16)}\r\n`);
			app.send(half);
			return random.chance(0.5) ? app.end() : app.reset();
		case 'excess':
			app.send(Buffer.concat([Buffer.from(whole), body, Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n!')]));
			return;
		case 'garbage':
			return app.send('HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello');
	}
	app.send(deed === 'busy' ? whole.replace('200 OK', '503 Busy') : whole);
	app.send(body);
}

function actEarly(app: OriginConnection, heads: Map<string, number>): void {
	const text = app.bytes.toString('latin1');
	const found = [...text.matchAll(/^(\w+) (\/\S+\/c\d+r\d+) HTTP/gm)].pop();
	if (found === undefined) return;
	const [, method = '', target = ''] = found;
	heads.set(target, (heads.get(target) ?? 0) + 1);
	if (!target.startsWith('/early/')) return;
	const body = bodyOf(target);
	app.send(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`);
	if (method !== 'HEAD') app.send(body);
}

/** Sends its requests in odd pieces, and may leave in the middle. */
async function play(random: SeededRandom, client: RawClient, requests: readonly Asked[]): Promise<boolean> {
	const all = Buffer.concat(requests.map(({ bytes }) => bytes));
	const leaves = random.chance(0.25);
	const upTo = leaves ? random.below(all.length) : all.length;
	const cuts = Array.from({ length: random.below(8) }, () => random.below(upTo + 1)).sort((a, b) => a - b);
	if (random.chance(0.2)) client.pause();
	await client.send(all.subarray(0, upTo), cuts);
	client.resume();
	if (!leaves) {
		if (random.chance(0.3)) client.end();
		return true;
	}
	if (random.chance(0.5)) client.reset();
	else client.end();
	return false;
}

/** What is wrong with the answers that came; `null` when nothing is. */
function judge(client: RawClient, requests: readonly Asked[]): string | null {
	const finals = client.readAll(requests.map(({ method }) => method)).filter(({ status }) => status >= 200);
	for (const [k, answer] of finals.entries()) {
		const asked = requests[k];
		if (asked === undefined) return 'more answers than requests';
		if (answer.status !== 200 || !answer.isComplete) continue;
		const expected = asked.method === 'HEAD' ? Buffer.alloc(0) : bodyOf(asked.target);
		if (!answer.body.equals(expected)) {
			return `${asked.method} ${asked.target} got ${answer.body.length} bytes: ${answer.body.toString('latin1', 0, 60)}`;
		}
	}
	return null;
}

let fixture: Fixture;

beforeEach(async () => {
	fixture = await Fixture.make();
});

afterEach(() => fixture.stop());

async function run(seed: number, more: Parameters<Fixture['start']>[0]): Promise<void> {
	const random = new SeededRandom(seed);
	const { telemetry, records } = await fixture.start(more);
	const heads = new Map<string, number>();
	fixture.origin.follow({
		onHead: (connection) => actEarly(connection, heads),
		onRequest: (asked, connection) => act(random, asked, connection),
	});
	const plays = Array.from({ length: CLIENTS }, async (_, c) => {
		const requests = Array.from({ length: 1 + random.below(MAX_PIPELINED) }, (_each, r) =>
			request(random, `c${c}r${r}`),
		);
		const client = await fixture.connect();
		const stays = await play(random, client, requests);
		const answers = () => client.readAll(requests.map(({ method }) => method));
		const whole = () => answers().filter(({ status, isComplete }) => status >= 200 && isComplete).length;
		if (stays) await waitFor('all answers or the end', () => client.isEnded || whole() === requests.length, 10_000);
		client.close();
		return { client, requests };
	});
	for (const { client, requests } of await Promise.all(plays)) expect(judge(client, requests)).toBeNull();
	await fixture.waitUntilQuiet();
	await waitFor('all connections to leave', () => fixture.inside.listener.connections === 0);
	const ended = records.map(({ target }) => target).filter((target) => target !== '');
	expect(new Set(ended).size).toBe(ended.length);
	for (const [target, count] of heads) {
		const { method } = records.find((record) => record.target === target) ?? { method: '' };
		if (method === 'POST') expect(count, target).toBe(1);
	}
	// What may be left: the next health check, and the pool's sweep.
	await waitFor('the deadlines to go', () => telemetry.timers.size <= 2);
}

describe('chaos', () => {
	it.each(SEEDS)('seed %i', (seed) => run(seed, { inbound: { service: { circuitBreaker: 'off' } } }));

	it.each(SEEDS)('seed %i, with two connections to the app, retired early', (seed) =>
		run(seed, {
			inbound: {
				service: { connect: { maxConnections: 2, maxRequestsPerConnection: 3 }, circuitBreaker: 'off' },
				routes: [{ retry: { attempts: 2, codes: [503], backoff: '20ms' } }],
			},
		}),
	);
});
