import { describe, expect, it } from 'vitest';
import type { AddressRecord, Answer, DnsQuestions, ServiceRecord } from '../../src/discovery/dns-questions.ts';
import { parseHosts } from '../../src/discovery/hosts-file.ts';
import { type Families, LookupMemory, NameLookup } from '../../src/discovery/name-lookup.ts';
import { parseResolvConf } from '../../src/discovery/resolv-conf.ts';
import { serviceEndpoints } from '../../src/discovery/service-endpoints.ts';

type Told = Answer<AddressRecord>;
const NONE: Answer<never> = { is: 'none', reason: 'NXDOMAIN' };
const SERVFAIL: Answer<never> = { is: 'failed', reason: 'SERVFAIL' };
const SILENT: Answer<never> = { is: 'silent', reason: 'no answer in time' };

function found(...addresses: string[]): Told {
	return { is: 'found', records: addresses.map((address) => ({ address, ttl: 30 })) };
}

class FakeQuestions implements DnsQuestions {
	readonly replies = new Map<string, Told>();
	readonly asked: string[] = [];
	servers: readonly string[] = [];

	useServers(servers: readonly string[]): void {
		this.servers = servers;
	}

	addresses(name: string, family: 4 | 6): Promise<Told> {
		if (family === 4) this.asked.push(name);
		return Promise.resolve(this.replies.get(`${family} ${name}`) ?? NONE);
	}

	services(): Promise<Answer<ServiceRecord>> {
		return Promise.resolve(NONE);
	}
}

function makeLookup(replies: Record<string, Told>, files = { conf: '', hosts: '' }, families: Families = BOTH) {
	const questions = new FakeQuestions();
	for (const [name, reply] of Object.entries(replies)) questions.replies.set(name, reply);
	const settings = { conf: parseResolvConf(files.conf), hosts: parseHosts(files.hosts) };
	const lookup = new NameLookup({ files: { settings: async () => settings }, questions, families: () => families });
	return { lookup, questions, memory: new LookupMemory() };
}

const BOTH: Families = { v4: true, v6: true };
const SEARCH = { conf: 'search x y\noptions ndots:2\nnameserver 10.0.0.53', hosts: '' };

describe('addresses of a name', () => {
	it.each(['10.0.0.1', 'fd00::1'])('takes the literal %s as it stands', async (literal) => {
		const { lookup, questions, memory } = makeLookup({});
		expect(await lookup.addresses(literal, memory)).toMatchObject({ ok: true, records: [literal] });
		expect(questions.asked).toEqual([]);
	});

	it.each([
		['db', '10.0.0.1 db', ['10.0.0.1']],
		['DB.', '10.0.0.1 db', ['10.0.0.1']],
		['localhost', '', ['127.0.0.1', '::1']],
		['localhost', '127.0.0.1 localhost', ['127.0.0.1']],
		['app.localhost', '', ['127.0.0.1', '::1']],
	])('finds %s without DNS when the hosts file is %j', async (name, hosts, records) => {
		const { lookup, questions, memory } = makeLookup({}, { conf: '', hosts });
		expect(await lookup.addresses(name, memory)).toMatchObject({ ok: true, records });
		expect(questions.asked).toEqual([]);
	});

	it('has those of both families, and the smallest TTL', async () => {
		const { lookup, memory } = makeLookup({
			'4 a.b': found('10.0.0.1'),
			'6 a.b': { is: 'found', records: [{ address: 'fd00::1', ttl: 5 }] },
		});
		expect(await lookup.addresses('a.b', memory)).toEqual({ ok: true, records: ['10.0.0.1', 'fd00::1'], ttl: 5 });
	});

	it.each([
		[{ v4: true, v6: false }, ['10.0.0.1', '::1']],
		[{ v4: false, v6: true }, ['fd00::1', '::1']],
		[{ v4: false, v6: false }, ['::1']],
	])('leaves out what a host with %j cannot reach', async (families, records) => {
		const { lookup, memory } = makeLookup(
			{ '4 a.b': found('10.0.0.1'), '6 a.b': found('fd00::1', '::1') },
			{ conf: '', hosts: '' },
			families,
		);
		expect(await lookup.addresses('a.b', memory)).toMatchObject({ records });
	});

	it('keeps what cannot be reached when there is nothing else', async () => {
		const { lookup, memory } = makeLookup({ '6 a.b': found('fd00::1') }, SEARCH, { v4: true, v6: false });
		expect(await lookup.addresses('a.b.', memory)).toMatchObject({ ok: true, records: ['fd00::1'] });
	});
});

describe('the search list', () => {
	it('is gone through until a name is there, in either family', async () => {
		const { lookup, questions, memory } = makeLookup({ '6 a.y': found('fd00::1'), '4 a': found('10.0.0.9') }, SEARCH);
		expect(await lookup.addresses('a', memory)).toMatchObject({ ok: true, records: ['fd00::1'] });
		expect(questions.asked).toEqual(['a.x', 'a.y']);
		expect(questions.servers).toEqual(['10.0.0.53']);
	});

	it('is told whole when no name is there', async () => {
		const { lookup, memory } = makeLookup({}, SEARCH);
		const reason = 'a: NXDOMAIN (tried: a.x, a.y, a)';
		expect(await lookup.addresses('a', memory)).toEqual({ ok: false, isSure: true, reason });
	});

	it('goes on where a server cannot tell, and ends where it says nothing', async () => {
		const failed = makeLookup({ '4 a.x': SERVFAIL, '4 a.y': found('10.0.0.1') }, SEARCH);
		expect(await failed.lookup.addresses('a', failed.memory)).toMatchObject({ ok: true, records: ['10.0.0.1'] });
		const silent = makeLookup({ '4 a.x': SILENT, '4 a.y': found('10.0.0.1') }, SEARCH);
		const reason = 'a.x: no answer in time from 10.0.0.53';
		expect(await silent.lookup.addresses('a', silent.memory)).toEqual({ ok: false, isSure: false, reason });
	});

	it('does not lead to another service while nobody can tell of the one that answered before', async () => {
		const { lookup, questions, memory } = makeLookup({ '4 a.x': found('10.0.0.1'), '4 a.y': found('6.6.6.6') }, SEARCH);
		await lookup.addresses('a', memory);
		questions.replies.set('4 a.x', SERVFAIL);
		expect(await lookup.addresses('a', memory)).toMatchObject({ ok: false, isSure: false });
		questions.replies.set('4 a.x', NONE);
		expect(await lookup.addresses('a', memory)).toMatchObject({ ok: true, records: ['6.6.6.6'] });
	});
});

describe('a family that cannot be asked', () => {
	it('keeps the addresses that it had', async () => {
		const { lookup, questions, memory } = makeLookup({ '4 a.b': found('10.0.0.1'), '6 a.b': found('fd00::1') });
		await lookup.addresses('a.b', memory);
		questions.replies.set('6 a.b', SERVFAIL);
		questions.replies.set('4 a.b', found('10.0.0.2'));
		expect(await lookup.addresses('a.b', memory)).toMatchObject({ records: ['10.0.0.2', 'fd00::1'] });
		questions.replies.set('6 a.b', NONE);
		expect(await lookup.addresses('a.b', memory)).toMatchObject({ records: ['10.0.0.2'] });
	});

	it('does without when it never had one, and makes no "none" of the other', async () => {
		const { lookup, questions, memory } = makeLookup({ '4 a.b': found('10.0.0.1'), '6 a.b': SILENT });
		expect(await lookup.addresses('a.b', memory)).toMatchObject({ ok: true, records: ['10.0.0.1'] });
		questions.replies.set('4 a.b', NONE);
		expect(await lookup.addresses('a.b', memory)).toMatchObject({ ok: false, isSure: false });
	});
});

describe('SRV records', () => {
	const record = (name: string, more: Partial<ServiceRecord> = {}): ServiceRecord => ({
		name,
		port: 80,
		priority: 0,
		weight: 0,
		...more,
	});

	async function endpointsOf(records: ServiceRecord[], replies: Record<string, Told>, memory = new LookupMemory()) {
		const { lookup } = makeLookup(replies, SEARCH);
		const result = await serviceEndpoints(records, lookup, memory);
		if (!result.ok) return result;
		return result.records.map(({ host, port, weight }) => `${host}:${port}*${weight}`);
	}

	const REPLIES = { '4 a': found('10.0.0.1'), '4 b': found('10.0.0.2', '10.0.0.3') };

	it.each([
		[
			[record('a', { port: 81, weight: 3 }), record('b', { weight: 2 })],
			['10.0.0.1:81*3', '10.0.0.2:80*2', '10.0.0.3:80*2'],
		],
		[
			[record('a'), record('b')],
			['10.0.0.1:80*1', '10.0.0.2:80*1', '10.0.0.3:80*1'],
		],
		[
			[record('a', { weight: 0 }), record('b', { weight: 1 })],
			['10.0.0.1:80*1', '10.0.0.2:80*100', '10.0.0.3:80*100'],
		],
		[[record('a', { priority: 2 }), record('b', { priority: 10 })], ['10.0.0.1:80*1']],
		[[record('gone', { priority: 1 }), record('a', { priority: 2 })], ['10.0.0.1:80*1']],
		[[record('')], []],
	])('%j make %j', async (records, expected) => {
		expect(await endpointsOf(records, REPLIES)).toEqual(expected);
	});

	it('do not fall to a higher priority, or to fewer endpoints, because of trouble', async () => {
		const memory = new LookupMemory();
		const records = [record('a'), record('c', { priority: 1 })];
		const replies = { ...REPLIES, '4 c': found('10.0.0.9') };
		expect(await endpointsOf(records, { ...replies, '4 a': SERVFAIL }, memory)).toMatchObject({ isSure: false });
		await endpointsOf(records, replies, memory);
		expect(await endpointsOf(records, { ...replies, '4 a': SERVFAIL }, memory)).toEqual(['10.0.0.1:80*1']);
	});
});
