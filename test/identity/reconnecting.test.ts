/** Connections that were let in by rules which have changed: they go on, and are asked to come again. */
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { systemRandom } from '../../src/io/system.ts';
import { routeFile } from '../proxy/running.ts';
import { WEB } from '../support/pki.ts';
import { RawClient } from '../support/raw-client.ts';
import { valuesOf } from '../support/wire-message.ts';
import { answerOf, contextOf, GET, IdentityFixture, speakTls } from './identity-fixture.ts';

let fixture: IdentityFixture;
beforeAll(async () => {
	fixture = await IdentityFixture.make();
	await fixture.start({ mode: 'permissive' });
});
afterEach(() => void vi.restoreAllMocks());
afterAll(() => fixture.stop());

async function become(mode: 'permissive' | 'strict' | 'off'): Promise<void> {
	const file = routeFile(fixture.origin.port, { tls: { ...fixture.files, mode } });
	expect(await fixture.sidecar.reload(file)).toEqual([]);
}

/** `keep-alive` or `close`. */
async function connectionOf(client: RawClient): Promise<string | undefined> {
	await client.send(GET);
	const response = await client.readResponse();
	expect(response.status).toBe(200);
	return valuesOf(response, 'connection')[0];
}

/** Where in the time for it each connection is asked to come again. */
function share(value: number): void {
	vi.spyOn(systemRandom, 'next').mockReturnValue(value);
}

const COUNTED = 'outrigger_plaintext_connections_total';

describe('a plaintext connection to a port that was permissive', () => {
	it('is counted once, whatever comes over it, and none that is TLS or refused is', async () => {
		await become('permissive');
		const before = await fixture.sidecar.metric(COUNTED);
		const client = await RawClient.connect(fixture.port);
		for (let i = 0; i < 3; i++) await connectionOf(client);
		const secured = speakTls(await fixture.dial(), contextOf(WEB));
		secured.write(GET);
		expect((await answerOf(secured)).received).toMatch(/^HTTP\/1\.1 200 /);
		expect(await fixture.sidecar.metric(COUNTED)).toBe(before + 1);
		for (const mode of ['strict', 'off'] as const) {
			await become(mode);
			const next = await RawClient.connect(fixture.port);
			await next.send(GET);
			if (mode === 'strict') await next.readToEnd();
			else await next.readResponse();
			next.close();
		}
		expect(await fixture.sidecar.metric(COUNTED)).toBe(before + 1);
		client.close();
		secured.destroy();
	});

	it('goes on while the port is, whatever its certificates', async () => {
		const client = await RawClient.connect(fixture.port);
		share(0);
		for (const mode of ['permissive', 'off', 'permissive'] as const) {
			await become(mode);
			expect(await connectionOf(client)).toBe('keep-alive');
		}
		client.close();
	});

	it('is asked to come again once the port is strict, at a time of its own', async () => {
		const [soon, later] = await Promise.all([RawClient.connect(fixture.port), RawClient.connect(fixture.port)]);
		await connectionOf(soon);
		await connectionOf(later);
		await become('strict');
		share(0.99);
		expect(await connectionOf(later)).toBe('keep-alive');
		share(0);
		expect(await connectionOf(soon)).toBe('close');
		await soon.readToEnd();
		const again = await RawClient.connect(fixture.port);
		await again.send(GET);
		await again.readToEnd();
		expect(fixture.results.inbound.at(-1)).toBe('plaintext');
		for (const client of [soon, later, again]) client.close();
	});
});
