/** Sessions of the app's own calls: an endpoint that has proven who it is need not do so for each connection. */
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testPki, WEB } from '../support/pki.ts';
import { waitFor } from '../support/wait-for.ts';
import { IdentityFixture, OURS } from './identity-fixture.ts';
import { call, SecureService } from './peers.ts';

/** Of the endpoint's certificate: long enough for two calls on a busy machine. */
const SHORT_MS = 4000;

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('a service of %s that ends each connection', (version) => {
	const only = { minVersion: version, maxVersion: version };
	let fixture: IdentityFixture;
	let service: SecureService;
	let short: SecureService;
	let endsAt = 0;
	beforeAll(async () => {
		fixture = await IdentityFixture.make();
		service = await SecureService.start(testPki().leaf(WEB), only);
		short = await SecureService.start(testPki().leaf(WEB, { until: SHORT_MS }), only);
		endsAt = Date.now() + SHORT_MS;
		const services = Object.fromEntries(
			Object.entries({ service, short }).map(([name, { port }]) => [
				name,
				{
					hostnames: [name],
					endpoints: [{ address: `127.0.0.1:${port}`, identity: WEB }],
					retryBudget: { percent: 0, minPerSecond: 0 },
				},
			]),
		);
		await fixture.start({}, { services, outbound: { listen: '127.0.0.1:0', unknownHosts: 'reject' } });
	});
	afterAll(async () => {
		await fixture.stop();
		await Promise.all([service.stop(), short.stop()]);
	});

	async function resultOf(name: string): Promise<string> {
		fixture.forget();
		const status = await call(fixture.sidecar.outboundPort, name);
		return `${status} ${fixture.results.outbound.join(' ')}`;
	}

	it('is called with a whole handshake once, until its certificate has expired', async () => {
		expect(await resultOf('short')).toBe('200 ok');
		expect(await resultOf('short')).toBe('200 resumed');
		await waitFor('the end of the certificate', () => Date.now() > endsAt);
		expect(await resultOf('short')).toMatch(/^503 expired( expired)*$/);
	});

	it('knows each time who calls', async () => {
		for (const result of ['ok', 'resumed', 'resumed']) expect(await resultOf('service')).toBe(`200 ${result}`);
		expect(new Set(service.callers)).toEqual(new Set([`URI:${OURS}, DNS:localhost`]));
	});

	it('is asked to prove itself again once our own certificate is another', async () => {
		fixture.forget();
		const { certificate, key } = testPki().leaf(OURS, { dns: ['localhost'] });
		writeFileSync(fixture.files.certificate, certificate);
		writeFileSync(fixture.files.key, key);
		await waitFor('the renewal', () => fixture.log.some(({ message }) => message === 'certificate renewed'));
		expect(await resultOf('service')).toBe('200 ok');
		expect(await resultOf('service')).toBe('200 resumed');
	});
});
