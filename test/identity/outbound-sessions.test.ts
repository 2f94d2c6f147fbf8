/** Sessions of our own calls: resumed while they prove something, and given up when they fail. */
import { writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { type SecureContext, TLSSocket } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { certificate, names, uri } from '../support/pki/certificate.ts';
import { LEAF_PROFILE, testPki, WEB } from '../support/pki.ts';
import { RawClient } from '../support/raw-client.ts';
import { waitFor } from '../support/wait-for.ts';
import { contextOf, IdentityFixture, OURS } from './identity-fixture.ts';

let fixture: IdentityFixture;
let server: Server;
let client: RawClient;
let context: SecureContext;
const open = new Set<Socket>();

beforeEach(async () => {
	fixture = await IdentityFixture.make();
	server = createServer((raw) => {
		open.add(raw);
		raw.on('close', () => open.delete(raw)).on('error', () => undefined);
		const socket = new TLSSocket(raw, {
			isServer: true,
			secureContext: context,
			requestCert: true,
			rejectUnauthorized: false,
		});
		socket.on('error', () => undefined);
		socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'));
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	const address = server.address();
	const endpoints = [{ address: `127.0.0.1:${typeof address === 'object' ? address?.port : 0}` }];
	const tls = { mode: 'mutual', subjectAltNames: [WEB] };
	const connect = { maxRequestsPerConnection: 1 };
	const sidecar = await fixture.start(
		{},
		{
			services: { payments: { hostnames: ['payments'], endpoints, tls, connect } },
			outbound: { listen: '127.0.0.1:0', unknownHosts: 'reject' },
		},
	);
	client = await RawClient.connect(sidecar.outboundPort);
});
afterEach(async () => {
	client.close();
	await fixture.stop();
	for (const socket of open) socket.destroy();
	await new Promise((resolve) => server.close(resolve));
});

/** One call over a connection of its own: its status, and how each handshake for it ended. */
async function call(): Promise<{ status: number; results: string[] }> {
	fixture.forget();
	await client.send('GET / HTTP/1.1\r\nHost: payments\r\n\r\n');
	const { status } = await client.readResponse();
	return { status, results: [...fixture.results.outbound] };
}

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('a session of %s', (maxVersion) => {
	it('is resumed by the next connection', async () => {
		context = contextOf(WEB, { maxVersion });
		expect(await call()).toEqual({ status: 200, results: ['ok'] });
		for (let n = 0; n < 3; n++) expect(await call()).toEqual({ status: 200, results: ['resumed'] });
	});

	it('is nothing to a server that does not know it', async () => {
		context = contextOf(WEB, { maxVersion });
		await call();
		context = contextOf(WEB, { maxVersion });
		expect(await call()).toEqual({ status: 200, results: ['ok'] });
		expect(await call()).toEqual({ status: 200, results: ['resumed'] });
	});

	it('ends with the certificate of the server', async () => {
		const until = 3000;
		const endsAt = Date.now() + until;
		const short = certificate({ issuer: testPki().root, until, extensions: [...LEAF_PROFILE, names(uri(WEB))] });
		context = contextOf(WEB, { maxVersion, cert: short.pem, key: short.keyPem });
		expect(await call()).toEqual({ status: 200, results: ['ok'] });
		expect(await call()).toEqual({ status: 200, results: ['resumed'] });
		await waitFor('the end of the certificate', () => Date.now() > endsAt);
		const late = await call();
		expect(late.status).toBe(503);
		expect(new Set(late.results)).toEqual(new Set(['expired']));
		// As good as new, with the next certificate.
		context = contextOf(WEB, { maxVersion });
		expect(await call()).toEqual({ status: 200, results: ['ok'] });
	});

	it('is not resumed under another certificate or bundle of ours', async () => {
		context = contextOf(WEB, { maxVersion });
		await call();
		const ours = testPki().leaf(OURS);
		writeFileSync(fixture.files.certificate, ours.certificate);
		writeFileSync(fixture.files.key, ours.key);
		await waitFor('the renewal', () => fixture.log.some(({ message }) => message === 'certificate renewed'));
		expect(await call()).toEqual({ status: 200, results: ['ok'] });
	});
});
