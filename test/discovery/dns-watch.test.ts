import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type DnsSource, DnsWatch } from '../../src/discovery/dns-watch.ts';
import { systemLookup } from '../../src/discovery/system-lookup.ts';
import { addressesOf, DnsServer, NO_DATA, NXDOMAIN, SERVFAIL, servicesOf } from '../support/dns-server.ts';
import { ManualClock, ManualTimers } from '../support/manual-time.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { waitFor } from '../support/wait-for.ts';
import { RecordingSink } from './recording-sink.ts';

const SOURCE: DnsSource = { is: 'dns', name: 'pay.test', port: 80, refresh: 5000, type: 'A' };

let server: DnsServer;
let folder: string;
let clock: ManualClock;
let timers: ManualTimers;
const watches: DnsWatch[] = [];

beforeEach(async () => {
	server = await DnsServer.start();
	folder = mkdtempSync(join(tmpdir(), 'outrigger-dns-'));
	writeFileSync(join(folder, 'hosts'), '');
	useServer(server);
	clock = new ManualClock();
	timers = new ManualTimers(clock);
});

afterEach(async () => {
	for (const watch of watches.splice(0)) watch.stop();
	rmSync(folder, { recursive: true });
	await server.stop();
});

function useServer({ address }: DnsServer, more = ''): void {
	const next = join(folder, 'next');
	writeFileSync(next, `nameserver ${address}\n${more}`);
	renameSync(next, join(folder, 'resolv.conf'));
}

function makeLookup() {
	return systemLookup(clock, { resolvConf: join(folder, 'resolv.conf'), hosts: join(folder, 'hosts') });
}

function watch(source: Partial<DnsSource> = {}, lookup = makeLookup(), seed = 1): RecordingSink {
	const made = new DnsWatch({ ...SOURCE, ...source }, { lookup, timers, random: new SeededRandom(seed) });
	const sink = new RecordingSink();
	made.start(sink);
	expect(sink.count).toBe(0);
	watches.push(made);
	return sink;
}

/** The first word of a watch, or its next one after some time. */
async function heard(sink: RecordingSink, afterMs = 0): Promise<void> {
	const before = sink.count;
	if (afterMs > 0) timers.advance(afterMs);
	await waitFor('the watch to tell something', () => sink.count > before);
}

/** Until everything that was asked has been answered and taken: the next question is planned. */
async function settled(): Promise<void> {
	await waitFor('the next question to be planned', () => timers.size === watches.length);
}

describe('endpoints from DNS', () => {
	it('are the addresses of both families with the port of the service, sorted', async () => {
		server.setAddresses('pay.test', ['127.0.0.3', '127.0.0.2', '::1'], 30);
		const sink = watch();
		await heard(sink);
		expect(sink.updates).toEqual(['127.0.0.2:80 127.0.0.3:80 ::1:80']);
	});

	it('are asked for again when the TTL has passed, not before', async () => {
		server.setAddresses('pay.test', ['127.0.0.2'], 30);
		const sink = watch();
		await heard(sink);
		timers.advance(29_999);
		expect(server.asked).toHaveLength(2);
		server.setAddresses('pay.test', ['127.0.0.3'], 30);
		await heard(sink, 3_001);
		expect(sink.updates).toEqual(['127.0.0.2:80', '127.0.0.3:80']);
	});

	it.each([
		['refresh when the TTL is shorter', 0, 5000, 5000],
		['a second when both are shorter', 0, 10, 1000],
		['an hour when the TTL is longer', 1e6, 5000, 3_600_000],
		['refresh when that is longer than an hour', 1e6, 7_200_000, 7_200_000],
	])('are asked for again after %s', async (_, ttl, refresh, waitMs) => {
		server.setAddresses('pay.test', ['127.0.0.2'], ttl);
		const sink = watch({ refresh });
		await heard(sink);
		timers.advance(waitMs - 1);
		expect(timers.size).toBe(1);
		timers.advance(waitMs * 0.1 + 1);
		expect(timers.size).toBe(0);
		await settled();
	});

	it('are not told again when only their order has changed', async () => {
		server.setAddresses('pay.test', ['127.0.0.2', '127.0.0.3'], 1);
		const sink = watch();
		await heard(sink);
		server.setAddresses('pay.test', ['127.0.0.3', '127.0.0.2'], 1);
		timers.advance(5500);
		await settled();
		expect(server.asked).toHaveLength(4);
		expect(sink.updates).toHaveLength(1);
	});

	it.each([
		['SERVFAIL', SERVFAIL, /pay\.test: SERVFAIL from 127\.0\.0\.1:/],
		['NXDOMAIN', NXDOMAIN, /pay\.test: NXDOMAIN/],
		['an empty answer', NO_DATA, /pay\.test: no such record/],
	])('stay through %s, which is told, and come back once it is over', async (_, reply, reason) => {
		server.setAddresses('pay.test', ['127.0.0.2'], 1);
		const sink = watch();
		await heard(sink);
		server.setBoth('pay.test', reply);
		await heard(sink, 5500);
		expect(sink.failures).toEqual([expect.stringMatching(reason)]);
		server.setAddresses('pay.test', ['127.0.0.2'], 1);
		await heard(sink, 1500);
		expect(sink.updates).toEqual(['127.0.0.2:80', '127.0.0.2:80']);
	});

	it('are asked for less and less often while there are none, at most each 45 s', async () => {
		const sink = watch();
		await heard(sink);
		for (const waitMs of [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]) {
			timers.advance(waitMs - 1);
			expect(timers.size).toBe(1);
			await heard(sink, waitMs * 0.5 + 1);
		}
		expect(sink.updates).toEqual([]);
	});

	it('come over TCP when they do not fit in a datagram', async () => {
		const many = Array.from({ length: 200 }, (_, index) => `127.0.1.${index}`);
		server.set('A', 'pay.test', { ...(addressesOf('pay.test', many, 30) as { answers: [] }), isTruncated: true });
		const sink = watch();
		await heard(sink);
		expect(sink.updates[0]?.split(' ')).toHaveLength(200);
		expect(server.tcpQuestions).toBe(1);
	});

	it('come from a name of the search list', async () => {
		useServer(server, 'search shop.svc.test svc.test\noptions ndots:5\n');
		server.setAddresses('pay.svc.test', ['127.0.0.2'], 30);
		const sink = watch({ name: 'pay' });
		await heard(sink);
		expect(sink.updates).toEqual(['127.0.0.2:80']);
		expect(new Set(server.asked.map((each) => each.split(' ')[1]))).toEqual(
			new Set(['pay.shop.svc.test', 'pay.svc.test']),
		);
	});

	it('come from another server once resolv.conf names it, and from the hosts file once it has the name', async () => {
		const other = await DnsServer.start();
		server.setAddresses('pay.test', ['127.0.0.2'], 1);
		other.setAddresses('pay.test', ['127.0.0.3'], 1);
		const sink = watch();
		await heard(sink);
		useServer(other);
		await heard(sink, 5500);
		writeFileSync(join(folder, 'hosts'), '127.0.0.4 pay.test\n');
		await heard(sink, 5500);
		expect(sink.updates).toEqual(['127.0.0.2:80', '127.0.0.3:80', '127.0.0.4:80']);
		await other.stop();
	});

	it.each(['127.0.0.9', '::1'])('are the literal %s itself', async (name) => {
		const sink = watch({ name });
		await heard(sink);
		expect(sink.updates).toEqual([`${name}:80`]);
		expect(server.asked).toEqual([]);
	});

	it('are not told after the watch has been stopped', async () => {
		server.set('A', 'pay.test', { ...(addressesOf('pay.test', ['127.0.0.2'], 1) as { answers: [] }), delayMs: 20 });
		server.set('AAAA', 'pay.test', NO_DATA);
		const sink = watch();
		await waitFor('the question', () => server.pending === 1);
		for (const each of watches.splice(0)) each.stop();
		await waitFor('the answer', () => server.pending === 0);
		// Another watch behind it on the same socket pair: what was to come before it has come.
		const after = watch({ name: '127.0.0.1' });
		await heard(after);
		expect(sink.count).toBe(0);
	});
});

describe('endpoints from SRV records', () => {
	const name = '_http._tcp.pay.test';

	it('have the ports and weights of the lowest priority', async () => {
		const records = [
			{ target: 'a.test', port: 8001, priority: 1, weight: 3 },
			{ target: 'b.test', port: 8002, priority: 1, weight: 1 },
			{ target: 'c.test', port: 8003, priority: 2, weight: 9 },
		];
		server.set('SRV', name, servicesOf(name, records, 30));
		for (const [index, target] of ['a.test', 'b.test', 'c.test'].entries()) {
			server.setAddresses(target, [`127.0.0.${index + 1}`], 30);
		}
		const sink = watch({ name, type: 'SRV' });
		await heard(sink);
		expect(sink.updates).toEqual(['127.0.0.1:8001*3 127.0.0.2:8002']);
		expect(server.asked.some((each) => each.includes('c.test'))).toBe(false);
	});

	it('are none at all when the service is said not to be there', async () => {
		server.set('SRV', name, servicesOf(name, [{ target: '.', port: 0 }], 30));
		const sink = watch({ name, type: 'SRV' });
		await heard(sink);
		expect(sink.updates).toEqual(['']);
	});

	it('stay while the targets cannot be resolved', async () => {
		server.set('SRV', name, servicesOf(name, [{ target: 'a.test', port: 1 }], 1));
		server.setAddresses('a.test', ['127.0.0.1'], 1);
		const sink = watch({ name, type: 'SRV' });
		await heard(sink);
		server.set('SRV', name, servicesOf(name, [{ target: 'b.test', port: 1 }], 1));
		server.setBoth('b.test', SERVFAIL);
		await heard(sink, 5500);
		expect(sink.failures).toEqual([expect.stringContaining('b.test: SERVFAIL')]);
		expect(sink.updates).toHaveLength(1);
	});
});

describe('many names', () => {
	it('are asked for a few at a time, and later at different times', async () => {
		const lookup = makeLookup();
		const sinks = Array.from({ length: 300 }, (_, index) => {
			const name = `s${index}.test`;
			server.set('A', name, { ...(addressesOf(name, ['127.0.0.1'], 30) as { answers: [] }), delayMs: 1 });
			server.set('AAAA', name, NO_DATA);
			return watch({ name }, lookup, index);
		});
		await waitFor('all endpoints', () => sinks.every(({ updates }) => updates.length === 1));
		expect(server.mostPending).toBeLessThanOrEqual(64);
		await settled();
		timers.advance(30_000);
		const before = timers.size;
		timers.advance(300);
		expect(before - timers.size).toBeLessThan(60);
	});
});
