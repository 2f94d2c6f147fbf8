/**
 * Random clients, random origins and reloads in between, over rules of every kind. Whatever happens: no byte is wrong in
 * either direction, no edit is made twice, a POST reaches a backend at most once and a mirror at most as often as it is
 * named, and all that was taken is given back: places, passes of breakers, retries, connections, deadlines. A failure
 * names its seed.
 */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { NamedService } from '../../src/app/named-service.ts';
import type { Snapshot } from '../../src/app/snapshot.ts';
import type { Endpoint } from '../../src/proxy/endpoint.ts';
import { Service } from '../../src/proxy/service.ts';
import type { RawClient } from '../support/raw-client.ts';
import { RecordingOrigin } from '../support/recording-origin.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { waitFor } from '../support/wait-for.ts';
import { valuesOf, type WireMessage } from '../support/wire-message.ts';
import { Fixture } from './fixture.ts';
import { type Asked, act, actEarly, bodyOf, faultOfCopy, request, rules } from './rules-chaos-parts.ts';
import { routeFile } from './running.ts';

const SEEDS = Array.from({ length: 12 }, (_, i) => 1 + i);
const CLIENTS = 14;
const MAX_PIPELINED = 8;
/** Mirrors of a rule that lead to the shadow. */
const SHADOWS = 2;
/** Rules whose requests no backend gets. */
const NEVER_FORWARDED = new Set(['aborted', 'tardy', 'missing', 'empty']);
/** What may be armed when all is over: the next health check, and the sweeps of pools that have idle connections. */
const PATIENT_TIMERS = 1;

let fixture: Fixture;
let canary: RecordingOrigin;
let shadow: RecordingOrigin;
const snapshots = new Set<Snapshot>();
/** Of all of them: a service that lives on gets others. */
const endpoints = new Set<Endpoint>();
/** Passes of breakers that have not been answered. */
let passes = 0;

beforeEach(async () => {
	[fixture, canary, shadow] = await Promise.all([Fixture.make(), RecordingOrigin.start(), RecordingOrigin.start()]);
	passes = 0;
	snapshots.clear();
	endpoints.clear();
	const { allow, settle, forgive } = Service.prototype;
	vi.spyOn(Service.prototype, 'allow').mockImplementation(function (this: Service, now) {
		const refusal = allow.call(this, now);
		if (refusal === null) passes++;
		return refusal;
	});
	vi.spyOn(Service.prototype, 'settle').mockImplementation(function (this: Service, ...ended) {
		passes--;
		settle.apply(this, ended);
	});
	vi.spyOn(Service.prototype, 'forgive').mockImplementation(function (this: Service, now) {
		passes--;
		forgive.call(this, now);
	});
});

afterEach(async () => {
	vi.restoreAllMocks();
	await fixture.stop();
	await Promise.all([canary.stop(), shadow.stop()]);
});

/** The blocks of the file at a turn. Policies change with it, so services, pools and limits are replaced under way. */
function blocks(turn: number) {
	const at = ({ port }: RecordingOrigin) => ({ address: `127.0.0.1:${port}`, weight: 1 + (turn % 2) });
	const connect = { maxConnections: turn % 4 === 0 ? 2 : 1024, maxRequestsPerConnection: turn % 3 === 0 ? 2 : 0 };
	return {
		inbound: {
			routes: rules(turn),
			service: {
				connect,
				limits: { requests: turn % 5 === 4 ? 4 : 1024 },
				circuitBreaker: turn % 2 === 0 ? 'off' : {},
			},
		},
		services: {
			canary: { endpoints: [at(canary), { address: `127.0.0.1:${fixture.origin.port}` }], connect },
			shadow: { endpoints: [at(shadow)], limits: { pending: turn % 3 === 0 ? 1 : 1024 } },
			dead: { endpoints: [{ address: '127.0.0.1:1' }] },
			empty: { endpoints: [] },
		},
	};
}

function remember(): void {
	const snapshot = inForce();
	snapshots.add(snapshot);
	for (const { service } of servicesOf(snapshot)) for (const endpoint of service.endpoints) endpoints.add(endpoint);
}

function inForce(): Snapshot {
	return (fixture.sidecar.app as unknown as { snapshot: Snapshot }).snapshot;
}

interface Inside {
	readonly named: ReadonlyMap<string, Pick<NamedService, 'service' | 'pools'>>;
}

function servicesOf({ services }: Snapshot): Pick<NamedService, 'service' | 'pools'>[] {
	return [services.app, ...(services as unknown as Inside).named.values()];
}

/** Sends its requests in odd pieces, and may leave in the middle. */
async function play(random: SeededRandom, client: RawClient, requests: readonly Asked[]): Promise<boolean> {
	const all = Buffer.concat(requests.map(({ bytes }) => bytes));
	const leaves = random.chance(0.3);
	const upTo = leaves ? random.below(all.length) : all.length;
	const cuts = Array.from({ length: random.below(8) }, () => random.below(upTo + 1)).sort((a, b) => a - b);
	if (random.chance(0.2)) client.pause();
	await client.send(all.subarray(0, upTo), cuts);
	client.resume();
	if (!leaves) {
		if (random.chance(0.3)) client.end();
		return true;
	}
	if (random.chance(0.5)) await new Promise((resolve) => setTimeout(resolve, random.below(30)));
	if (random.chance(0.5)) client.reset();
	else client.end();
	return false;
}

/** What is wrong with an answer; `null`: nothing. */
function faultOf(asked: Asked, { status, body, fields, ...answer }: WireMessage): string | null {
	const say = (what: string) => `${asked.rule} ${asked.id}: ${status} ${what}`;
	const values = (name: string) => valuesOf({ status, body, fields, ...answer }, name);
	if (values('x-request-id').length !== 1) return say(`with ${values('x-request-id').length} request ids`);
	const isOwn = values('proxy-status').length > 0;
	if (status >= 400 && isOwn) return null;
	const { rule } = asked;
	if (rule === 'redirect' || rule === 'answered') {
		const location = `http://a/new${asked.bytes
			.toString('latin1')
			.split(' ')[1]
			?.slice(rule.length + 1)}`;
		return values('location').join() === location ? null : say(`to ${values('location').join()}`);
	}
	if (rule === 'direct' && status !== 204 && asked.method !== 'HEAD') {
		return /^direct [01]$/.test(body.toString()) ? null : say(body.toString());
	}
	if (rule === 'direct' || rule === 'gone') return isOwn && body.length === 0 ? null : say('is from elsewhere');
	if (NEVER_FORWARDED.has(rule)) return say('should not have come');
	const isEdited = rule === 'edit' || rule === 'slow' || rule === 'shadowed';
	if (isEdited && (values('x-by').join() !== 'rule' || values('x-more').length !== 1)) {
		return say(`by ${values('x-by').join()}, ${values('x-more').length} times`);
	}
	if (rule === 'cors' && values('access-control-allow-origin').join() !== 'https://shop.test') {
		return say(`for ${values('access-control-allow-origin').join()}`);
	}
	if (status !== 200) return null;
	const length = asked.method === 'HEAD' ? 0 : asked.length;
	return body.equals(bodyOf(asked.id, length)) ? null : say(`${body.length} bytes: ${body.toString('latin1', 0, 60)}`);
}

/** Of all the answers that a client got. */
function faultsOf(client: RawClient, requests: readonly Asked[]): string[] {
	const finals = client.readAll(requests.map(({ method }) => method)).filter(({ status }) => status >= 200);
	if (finals.length > requests.length) return ['more answers than requests'];
	return finals.flatMap((answer, k) => {
		const isCut = !answer.isComplete || (client.failure !== '' && k === finals.length - 1);
		const fault = isCut ? null : faultOf(requests[k] as Asked, answer);
		return fault === null ? [] : [fault];
	});
}

/** Places, retries and connections of every service that has ever been in force. */
function taken(): Record<string, number> {
	const sum = { passes, requests: 0, attempts: 0, retries: 0, connections: 0, pending: 0 };
	for (const { active } of endpoints) sum.attempts += active;
	for (const snapshot of snapshots) {
		for (const { service, pools } of servicesOf(snapshot)) {
			sum.requests += service.active;
			sum.retries += service.budget.active;
			for (const { counts } of pools) {
				sum.connections += counts.active;
				sum.pending += counts.pending;
			}
		}
	}
	return sum;
}

function poolsInForce(): number {
	return servicesOf(inForce()).reduce((count, { pools }) => count + [...pools].length, 0);
}

async function run(seed: number): Promise<void> {
	const random = new SeededRandom(seed);
	const { telemetry, records } = await fixture.start(blocks(0));
	remember();
	const heads = new Map<string, number>();
	const copies = new Map<string, number>();
	for (const [origin, counts] of [
		[fixture.origin, heads],
		[canary, heads],
		[shadow, copies],
	] as const) {
		origin.follow({
			onHead: (connection) => actEarly(connection, counts),
			onRequest: (asked, connection) => act(random, asked, connection),
		});
	}
	let isPlaying = true;
	const reloads = (async () => {
		for (let turn = 1; isPlaying; turn++) {
			expect(await fixture.sidecar.reload(routeFile(fixture.appPort, blocks(turn)))).toEqual([]);
			remember();
			await new Promise((resolve) => setTimeout(resolve, 5 + random.below(20)));
		}
	})();
	const plays = Array.from({ length: CLIENTS }, async (_, c) => {
		const count = 1 + random.below(MAX_PIPELINED);
		const requests = Array.from({ length: count }, (_each, r) => request(random, `c${c}r${r}`, r === count - 1));
		const client = await fixture.connect();
		const stays = await play(random, client, requests);
		const answers = () => client.readAll(requests.map(({ method }) => method));
		const whole = () => answers().filter(({ status, isComplete }) => status >= 200 && isComplete).length;
		if (stays) await waitFor('all answers or the end', () => client.isEnded || whole() === requests.length, 10_000);
		client.close();
		return faultsOf(client, requests);
	});
	const faults = (await Promise.all(plays)).flat();
	isPlaying = false;
	await reloads;
	expect(faults).toEqual([]);
	await waitFor(`nothing to be under way, but ${JSON.stringify(taken())}`, () => {
		return Object.values(taken()).every((count) => count === 0);
	});
	await waitFor('all connections to leave', () => fixture.inside.listener.connections === 0);
	await waitFor('the deadlines to go', () => telemetry.timers.size <= PATIENT_TIMERS + poolsInForce());
	expect(await fixture.sidecar.metric('http_server_active_requests')).toBe(0);
	const ended = records.map(({ target }) => target).filter((target) => target !== '');
	expect(new Set(ended).size).toBe(ended.length);
	judgeOrigins(heads, copies);
}

function judgeOrigins(heads: ReadonlyMap<string, number>, copies: ReadonlyMap<string, number>): void {
	const origins = [fixture.origin, canary, shadow];
	expect(origins.flatMap(({ failures }) => failures)).toEqual([]);
	expect(origins.flatMap(({ oddities }) => oddities)).toEqual([]);
	const got = origins.flatMap(({ requests }) => requests.filter(({ target }) => target !== '/'));
	expect(got.map(faultOfCopy).filter((fault) => fault !== null)).toEqual([]);
	const posts = [...heads].filter(([asked, count]) => asked.startsWith('POST') && count > 1);
	expect(posts).toEqual([]);
	expect([...copies].filter(([, count]) => count > SHADOWS)).toEqual([]);
}

describe('rules in chaos', () => {
	it.each(SEEDS)('seed %i', run);
});
