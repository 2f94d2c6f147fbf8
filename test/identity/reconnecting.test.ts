/** Connections that were let in by rules which have changed: they go on, and are asked to come again. */
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { systemRandom } from '../../src/io/system.ts';
import { routeFile } from '../proxy/running.ts';
import { RawClient } from '../support/raw-client.ts';
import { valuesOf } from '../support/wire-message.ts';
import { GET, IdentityFixture } from './identity-fixture.ts';

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

describe('a plaintext connection to a port that was permissive', () => {
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
