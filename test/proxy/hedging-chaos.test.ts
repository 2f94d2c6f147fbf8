/**
 * Random requests, random origins and clients that leave, where nearly every request is hedged. Whatever happens: no byte is
 * wrong in either direction, a POST reaches an endpoint at most once, each hedge has one outcome, and all that was taken is
 * given back. A failure names its seed.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RawClient } from '../support/raw-client.ts';
import type { OriginConnection } from '../support/recording-origin.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { waitFor } from '../support/wait-for.ts';
import { valuesOf, type WireMessage } from '../support/wire-message.ts';
import { HedgingFixture } from './hedging-fixture.ts';
import { act, actEarly, bodyOf, targeted } from './rules-chaos-parts.ts';

const SEEDS = Array.from({ length: 12 }, (_, i) => 1 + i);
const CLIENTS = 16;
const MOST_PIPELINED = 6;
const MOST_BODY_BYTES = 90_000;
const DEEDS = [
	'length',
	'length',
	'chunked',
	'interim',
	'late',
	'early',
	'close',
	'reset',
	'end',
	'cut',
	'garbage',
	'busy',
];

interface Asked {
	readonly id: string;
	readonly method: string;
	readonly length: number;
	readonly bytes: Buffer;
}

function requestOf(random: SeededRandom, id: string): Asked {
	const method = random.pick(['GET', 'GET', 'GET', 'HEAD', 'PUT', 'PUT', 'DELETE', 'POST']);
	const length = random.chance(0.7) ? random.below(300) : random.below(MOST_BODY_BYTES);
	const hasBody = method === 'PUT' || method === 'POST';
	const body = bodyOf(id, hasBody ? random.below(random.pick([500, 20_000, MOST_BODY_BYTES])) : 0);
	const fields = ['Host: s', ...(hasBody ? [`Content-Length: ${body.length}`] : [])];
	const head = `${method} /x/${random.pick(DEEDS)}/${length}/${id} HTTP/1.1\r\n${fields.join('\r\n')}\r\n\r\n`;
	return { id, method, length, bytes: Buffer.concat([Buffer.from(head, 'latin1'), body]) };
}

/** Takes its time first, often. Its own deed is done only by the first who is asked; who comes later is well, mostly. */
async function answer(random: SeededRandom, asked: WireMessage, connection: OriginConnection): Promise<void> {
	if (random.chance(0.6)) await new Promise((resolve) => setTimeout(resolve, random.below(60)));
	const { deed } = targeted(asked.target);
	if (deed === 'early') return;
	const isWell = random.chance(0.5);
	const target = isWell ? asked.target.replace(`/${deed}/`, '/length/') : asked.target;
	return act(random, { ...asked, target }, connection);
}

/** What is wrong with an answer; `null`: nothing. */
function faultOf(asked: Asked, answered: WireMessage): string | null {
	const isOwn = valuesOf(answered, 'proxy-status').length > 0;
	if (answered.status !== 200) return isOwn || answered.status === 503 ? null : `${asked.id}: ${answered.status}`;
	const wanted = bodyOf(asked.id, asked.method === 'HEAD' ? 0 : asked.length);
	return answered.body.equals(wanted) ? null : `${asked.method} ${asked.id}: ${answered.body.length} other bytes`;
}

async function play(random: SeededRandom, client: RawClient, requests: readonly Asked[]): Promise<string[]> {
	const methods = requests.map(({ method }) => method);
	const finals = () => client.readAll(methods).filter(({ status }) => status >= 200);
	const all = Buffer.concat(requests.map(({ bytes }) => bytes));
	const leaves = random.chance(0.3);
	await client.send(all.subarray(0, leaves ? random.below(all.length) : all.length), [random.below(all.length)]);
	if (leaves) {
		await new Promise((resolve) => setTimeout(resolve, random.below(60)));
		if (random.chance(0.5)) client.reset();
		else client.close();
	} else {
		const isDone = () => client.isEnded || finals().filter(({ isComplete }) => isComplete).length === requests.length;
		await waitFor('all answers or the end', isDone, 10_000);
		client.close();
	}
	const answers = finals().filter(({ isComplete }) => isComplete);
	// An answer without a length that was cut off by the client's own leaving looks whole to the parser.
	const whole = leaves ? answers.slice(0, -1) : answers;
	return whole.map((each, i) => faultOf(requests[i] as Asked, each)).filter((fault) => fault !== null);
}

/** What is wrong with the requests that came to the endpoints. */
function faultsAtOrigins(fixture: HedgingFixture): string[] {
	return fixture.origins.flatMap(({ requests, failures, oddities }) => [
		...failures.map(String),
		...oddities,
		...requests
			.filter(({ body, target }) => !body.equals(bodyOf(targeted(target).id, body.length)))
			.map(({ method, target }) => `${method} ${target}: its body is another`),
	]);
}

let fixture: HedgingFixture;

beforeEach(async () => {
	fixture = await HedgingFixture.make();
});

afterEach(() => fixture.stop());

async function run(seed: number): Promise<void> {
	const random = new SeededRandom(seed);
	const hedge = { after: random.pick(['1ms', '20ms']), max: 1 + random.below(2), budgetPercent: 100 };
	const timeouts = random.chance(0.5) ? { backendRequest: '50ms', request: '150ms' } : {};
	const retry = random.chance(0.3) ? 'off' : { attempts: 2, codes: [503] };
	const connect = random.chance(0.3) ? { maxConnections: 3 } : {};
	const circuitBreaker = random.chance(0.3) ? 'off' : {};
	const { records } = await fixture.start({ hedge, timeouts, retry }, { connect, circuitBreaker });
	const heads = new Map<string, number>();
	for (const origin of fixture.origins) {
		origin.follow({
			onHead: (connection) => actEarly(connection, heads),
			onRequest: (asked, connection) => answer(random, asked, connection),
		});
	}
	const plays = Array.from({ length: CLIENTS }, async (_, c) => {
		const count = 1 + random.below(MOST_PIPELINED);
		const requests = Array.from({ length: count }, (_each, r) => requestOf(random, `c${c}r${r}`));
		return play(random, await fixture.connect(), requests);
	});
	expect((await Promise.all(plays)).flat()).toEqual([]);
	await fixture.waitUntilQuiet();
	expect(faultsAtOrigins(fixture)).toEqual([]);
	expect([...heads].filter(([name, count]) => name.startsWith('POST') && count > 1)).toEqual([]);
	const made = records.flatMap(({ attempts }) => attempts).filter(({ isHedge }) => isHedge);
	const { won, lost, failed } = await fixture.hedges();
	expect(won + lost + failed).toBe(made.length);
	expect(made.length).toBeGreaterThan(0);
	expect(records.flatMap(({ attempts }) => attempts).filter(({ outcome }) => outcome === '')).toEqual([]);
}

describe('chaos with hedges', () => {
	it.each(SEEDS)('leaves nothing behind and mixes nothing up (seed %i)', run, 30_000);
});
