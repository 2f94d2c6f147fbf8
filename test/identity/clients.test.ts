/** Every client of the catalogue against a real sidecar. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { peerContext } from '../support/pki/case.ts';
import { certificateCases } from '../support/pki/cases.ts';
import { faultOf } from './expected-faults.ts';
import { answerOf, GET, IdentityFixture, speakTls } from './identity-fixture.ts';

const presentable = certificateCases()
	.cases.filter(({ expected }) => expected.asClient !== 'unpresentable')
	.map((entry) => ({ entry, name: entry.name, fault: faultOf(entry, 'asClient') }));

describe.each(['strict', 'permissive'])('a %s port', (mode) => {
	let fixture: IdentityFixture;
	beforeAll(async () => {
		fixture = await IdentityFixture.make();
		await fixture.start({ mode });
	});
	afterAll(() => fixture.stop());

	it.each(presentable.filter(({ fault }) => fault === null))('takes a client with $name', async ({ entry }) => {
		fixture.forget();
		const client = speakTls(await fixture.dial(), peerContext(entry));
		client.write(GET);
		const { received } = await answerOf(client);
		expect(received).toMatch(/^HTTP\/1\.1 200 /);
		expect(fixture.results.inbound).toEqual(['ok']);
		client.destroy();
	});

	it.each(presentable.filter(({ fault }) => fault !== null))(
		'refuses a client with $name: $fault',
		async ({ entry, fault }) => {
			fixture.forget();
			const requests = fixture.origin.requests.length;
			const client = speakTls(await fixture.dial(), peerContext(entry));
			client.write(GET);
			const { received } = await answerOf(client);
			expect(received).toBe('');
			await fixture.waitUntilEmpty();
			expect(fixture.results.inbound).toEqual([fault]);
			const [line] = fixture.refusals;
			// Ten lines a second are written; the metric counts all.
			if (line !== undefined)
				expect(line).toMatchObject({ code: fault, peer: '127.0.0.1', detail: expect.any(String) });
			expect(line?.detail ?? '').not.toContain('Node.js');
			expect(fixture.origin.requests.length).toBe(requests);
			client.destroy();
		},
	);

	it('counts each of them by its own name', async () => {
		const expected: Record<string, number> = {};
		for (const { fault } of presentable) expected[fault ?? 'ok'] = (expected[fault ?? 'ok'] ?? 0) + 1;
		expect(await fixture.counted('inbound')).toEqual(expected);
	});

	it('has no connection left, and takes the next client', async () => {
		await fixture.waitUntilEmpty();
		const [first] = presentable;
		const client = speakTls(await fixture.dial(), peerContext(first?.entry ?? expect.fail('no case')));
		client.write(GET);
		expect((await answerOf(client)).received).toMatch(/^HTTP\/1\.1 200 /);
	});
});
