import { status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { waitMs } from '../../src/identity/workload-api.ts';
import { Pki, testPki, WEB } from '../support/pki.ts';
import { waitFor } from '../support/wait-for.ts';
import { answerFor, derOf, svidOf } from '../support/workload-agent.ts';
import { SourceFixture } from './source-fixture.ts';

const pki = testPki();
const partner = new Pki('partner.example');
let f = new SourceFixture();

beforeEach(() => {
	f = new SourceFixture();
});

afterEach(() => f.stop());

describe('certificates of the Workload API', () => {
	it('are asked for as the specification says', async () => {
		await f.started();
		const [call] = f.agent.calls;
		expect(call?.metadata.get('workload.spiffe.io')).toEqual(['true']);
		expect(call?.request).toHaveLength(0);
		expect(call?.getPath()).toBe('/SpiffeWorkloadAPI/FetchX509SVID');
		expect(f.described).toEqual({ state: 'open' });
	});

	it('are the first of the list, with the bundles of partners', async () => {
		const first = answerFor(pki, WEB, [partner]);
		const other = svidOf('spiffe://mesh.local/other', pki.leaf('spiffe://mesh.local/other'), pki.trustBundle);
		f.agent.give({ ...first, svids: [...(first.svids ?? []), { ...other, hint: 'internal' }], crl: [Buffer.of(1)] });
		await f.agent.start();
		expect(await f.make().start()).toBe('');
		expect(f.sink.material).toMatchObject({ id: WEB, trustDomains: new Set(['mesh.local', 'partner.example']) });
		expect(f.sink.material?.authorities).toHaveLength(2);
		expect(f.sink.material?.federated.get('partner.example')).toHaveLength(2);
		expect(f.sink.material?.vouching).not.toBeNull();
		expect(f.described).toEqual({ state: 'open', unusedSvids: ['spiffe://mesh.local/other'], unusedCrls: 1 });
	});

	it('have their chain, and need no vouching where there is one trust domain', async () => {
		const answer = answerFor(pki, WEB);
		const [svid] = answer.svids ?? [];
		const chain = Buffer.concat([svid?.x509Svid ?? Buffer.alloc(0), pki.bound.der]);
		f.agent.give({ svids: [{ ...svid, x509Svid: chain }] });
		await f.agent.start();
		expect(await f.make().start()).toBe('');
		expect(f.sink.material?.texts.certificate.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
		expect(f.sink.material?.vouching).toBeNull();
		expect(f.sink.material?.trustDomains).toEqual(new Set(['mesh.local']));
	});

	it('are replaced by each message, whole', async () => {
		f.agent.give(answerFor(pki, WEB, [partner]));
		await f.agent.start();
		expect(await f.make().start()).toBe('');
		const serial = f.sink.material?.leaf.serialNumber;
		f.agent.give(answerFor(pki, WEB));
		await f.waitForHeard(2);
		expect(f.sink.material?.leaf.serialNumber).not.toBe(serial);
		// What a message does not have is gone.
		expect(f.sink.material?.federated.size).toBe(0);
		expect(f.agent.calls).toHaveLength(1);
	});

	it('are the same when the same comes again', async () => {
		const answer = answerFor(pki, WEB);
		f.agent.give(answer);
		await f.agent.start();
		expect(await f.make().start()).toBe('');
		f.agent.give(answer);
		f.agent.give(answerFor(pki, 'spiffe://mesh.local/another'));
		await f.waitForHeard(2);
		expect(f.sink.heard).toEqual([`material ${WEB}`, 'material spiffe://mesh.local/another']);
	});

	it('drop a bundle that is empty, and take no word on their own trust domain', async () => {
		const impostor = new Pki();
		f.agent.give({
			...answerFor(pki, WEB),
			federatedBundles: {
				'spiffe://mesh.local': derOf(impostor.trustBundle),
				'spiffe://empty.example': Buffer.alloc(0),
				'bare.example': derOf(partner.trustBundle),
			},
		});
		await f.agent.start();
		expect(await f.make().start()).toBe('');
		expect([...(f.sink.material?.federated.keys() ?? [])]).toEqual(['bare.example']);
		expect(f.sink.material?.texts.trustBundle).not.toContain(impostor.root.pem);
	});
});

describe('an agent that is away', () => {
	it('is asked again, and a start does not wait for it', async () => {
		expect(await f.make().start()).toBe(f.told('there is no such socket'));
		expect(f.sink.heard).toEqual([`fault ${f.told('there is no such socket')}`]);
		expect(f.described).toMatchObject({ state: 'waiting', failures: 1 });
		f.agent.give(answerFor(pki, WEB));
		await f.agent.start();
		f.timers.advance(250);
		await f.waitForHeard(2);
		expect(f.sink.heard[1]).toBe(`material ${WEB}`);
	});

	it('may be restarted: the last certificate stays, and little is said', async () => {
		await f.started();
		const before = f.sink.material;
		f.clock.move(3_600_000);
		f.agent.stop();
		await f.waitForState('waiting');
		expect(f.sink.heard).toEqual([`material ${WEB}`]);
		await f.agent.start();
		f.timers.advance(250);
		await f.agent.waitForCalls(2);
		await f.waitForState('open');
		expect(f.sink.material).toBe(before);
		f.agent.give(answerFor(pki, WEB));
		await f.waitForHeard(2);
		expect(f.sink.material).not.toBe(before);
	});

	it('is told of once when it stays away, and when it is back', async () => {
		await f.started();
		f.agent.stop();
		await f.waitForState('waiting');
		while (f.clock.now() < 120_000) {
			f.timers.advance(500);
			await f.waitForState('waiting');
		}
		expect(f.sink.heard).toEqual([`material ${WEB}`, `fault ${f.told('there is no such socket')}`]);
		const { failures } = f.described;
		expect(failures).toBeGreaterThan(8);
		expect(failures).toBeLessThan(18);
		await f.agent.start();
		for (let i = 0; i < 60 && f.sink.heard.length < 3; i++) {
			f.timers.advance(500);
			await waitFor('an answer', () => f.described['state'] !== 'connecting');
		}
		expect(f.sink.heard[2]).toBe('well');
		expect(f.described).toEqual({ state: 'open' });
	});

	it('is asked at growing distances, half of each at random', () => {
		const shortest = { next: () => 0 };
		const longest = { next: () => 0.999_999 };
		const failures = [0, 1, 2, 3, 7, 8, 1e6];
		expect(failures.map((each) => waitMs(each, shortest))).toEqual([125, 250, 500, 1000, 15_000, 15_000, 15_000]);
		expect(failures.map((each) => Math.round(waitMs(each, longest)))).toEqual([
			250, 500, 1000, 2000, 30_000, 30_000, 30_000,
		]);
	});

	it.each([
		['UNAVAILABLE', status.UNAVAILABLE, 'not ready', 'the agent answered grpc-status 14 (UNAVAILABLE): not ready'],
		['another status', status.INTERNAL, 'ö "x"', 'the agent answered grpc-status 13: ö "x"'],
	])('says so itself: %s', async (_, code, details, told) => {
		await f.started();
		f.agent.refuse(code, details);
		await f.waitForState('waiting');
		f.timers.advance(250);
		await f.waitForHeard(2);
		expect(f.sink.heard[1]).toBe(`fault ${f.told(`${told}`)}`);
		expect(f.sink.material).not.toBeNull();
	});

	it('may end a stream that went well', async () => {
		await f.started();
		f.agent.calls[0]?.end();
		await f.waitForState('waiting');
		expect(f.described).toMatchObject({ lastFailure: expect.stringContaining('the agent ended the stream') });
		f.timers.advance(250);
		await f.agent.waitForCalls(2);
		await f.waitForState('open');
	});
});

describe('an agent that says nothing', () => {
	it('holds up a start for five seconds, and is asked again after ten', async () => {
		await f.agent.start();
		const start = f.make().start();
		await f.agent.waitForCalls(1);
		f.timers.advance(4999);
		f.timers.advance(1);
		expect(await start).toBe(f.told('no answer within 5000 ms'));
		expect(f.described).toEqual({ state: 'connecting' });
		f.timers.advance(5000);
		expect(f.described).toMatchObject({ state: 'waiting', lastFailure: expect.stringContaining('within 10000 ms') });
		await f.agent.waitForNobody();
		f.agent.give(answerFor(pki, WEB));
		f.timers.advance(250);
		await waitFor('a certificate', () => f.sink.material !== null);
	});

	it('may be slow: what comes late is taken over', async () => {
		await f.agent.start();
		const start = f.make().start();
		await f.agent.waitForCalls(1);
		f.timers.advance(9000);
		expect(await start).toContain('no answer within 5000 ms');
		f.agent.give(answerFor(pki, WEB));
		await f.waitForHeard(1);
		expect(f.sink.heard).toEqual([`material ${WEB}`]);
		expect(f.agent.calls).toHaveLength(1);
	});

	it('may be silent for as long as it likes after that', async () => {
		await f.started();
		f.timers.advance(86_400_000);
		expect(f.described).toEqual({ state: 'open' });
		expect(f.agent.calls).toHaveLength(1);
	});

	it('keeps nobody who has stopped', async () => {
		await f.agent.start();
		const start = f.make().start();
		await f.agent.waitForCalls(1);
		f.source.stop();
		expect(await start).toContain('stopped');
		await f.agent.waitForNobody();
		f.timers.advance(86_400_000);
		expect(f.agent.calls).toHaveLength(1);
		expect(f.sink.heard).toEqual([]);
	});

	it('is not asked by whoever has stopped before the question', async () => {
		await f.agent.start();
		const start = f.make().start();
		f.source.stop();
		expect(await start).toContain('stopped');
		const second = f.make().start();
		await f.agent.waitForCalls(1);
		f.source.stop();
		await second;
		expect(f.agent.calls).toHaveLength(1);
	});
});

describe('an agent that denies us', () => {
	const DENIED = 'the agent answered grpc-status 7 (PERMISSION_DENIED): no identity issued';

	it('is asked again: it may come to know us', async () => {
		f.agent.refuse(status.PERMISSION_DENIED, 'no identity issued');
		await f.agent.start();
		expect(await f.make().start()).toBe(f.told(`${DENIED}`));
		f.agent.give(answerFor(pki, WEB));
		f.timers.advance(250);
		await waitFor('a certificate', () => f.sink.material !== null);
	});

	it('takes away what it had given on the same stream', async () => {
		await f.started();
		f.agent.refuse(status.PERMISSION_DENIED, 'no identity issued');
		await f.waitForHeard(2);
		expect(f.sink.heard).toEqual([`material ${WEB}`, `withdrawn ${f.told(`${DENIED}`)}`]);
		f.agent.give(answerFor(pki, WEB));
		f.timers.advance(250);
		await f.waitForHeard(3);
		expect(f.sink.heard[2]).toBe(`material ${WEB}`);
	});

	it('has half a minute to find us after it was away', async () => {
		await f.started();
		f.agent.stop();
		await f.waitForState('waiting');
		f.agent.refuse(status.PERMISSION_DENIED, 'no identity issued');
		await f.agent.start();
		const denials = f.agent.calls.length;
		while (f.clock.now() < 29_000) {
			f.timers.advance(1000);
			await f.waitForState('waiting');
			expect(f.sink.material).not.toBeNull();
		}
		expect(f.agent.calls.length).toBeGreaterThan(denials);
		for (let i = 0; i < 60 && f.sink.material !== null; i++) {
			f.timers.advance(1000);
			await f.waitForState('waiting');
		}
		expect(f.sink.material).toBeNull();
		expect(f.sink.heard.at(-1)).toBe(`withdrawn ${f.told(`${DENIED}`)}`);
	});
});

describe('an agent that does not understand us', () => {
	it.each([
		['INVALID_ARGUMENT', status.INVALID_ARGUMENT, 3],
		['UNIMPLEMENTED', status.UNIMPLEMENTED, 12],
	])('is not asked again: %s', async (name, code, number) => {
		await f.started();
		f.agent.refuse(code, 'no');
		await f.waitForHeard(2);
		const reason = `the agent answered grpc-status ${number} (${name}): no; it is not asked again`;
		expect(f.sink.heard[1]).toBe(`fault ${f.told(`${reason}`)}`);
		expect(f.described).toMatchObject({ state: 'given up' });
		expect(f.sink.material).not.toBeNull();
		f.timers.advance(86_400_000);
		expect(f.agent.calls).toHaveLength(1);
	});
});
