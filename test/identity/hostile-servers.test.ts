/** Endpoints that should speak TLS, and what the app hears of those that do not, or not well. */
import { createServer, type Server, type Socket } from 'node:net';
import { type TLSSocket, type TLSSocketOptions, TLSSocket as TlsSocket } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HandshakeResult } from '../../src/ports/handshake.ts';
import { WEB } from '../support/pki.ts';
import { portOf } from '../support/port-of.ts';
import { RawClient } from '../support/raw-client.ts';
import { waitFor } from '../support/wait-for.ts';
import { Between } from './between.ts';
import { contextOf, IdentityFixture } from './identity-fixture.ts';

type Serve = (raw: Socket) => void;

let fixture: IdentityFixture;
let server: Server | null = null;
let between: Between | null = null;
const open = new Set<Socket>();
beforeEach(async () => {
	fixture = await IdentityFixture.make();
});
afterEach(async () => {
	await fixture.stop();
	between?.stop();
	for (const socket of open) socket.destroy();
	await new Promise<void>((resolve) => (server === null ? resolve() : server.close(() => resolve())));
	server = null;
});

/** A client of the outbound port, and a service of which this is the one endpoint; `isParted`: `between` is on the way to it. */
async function call(serve: Serve, isParted = false): Promise<RawClient> {
	server = createServer((raw) => {
		open.add(raw);
		raw.on('error', () => undefined).on('close', () => open.delete(raw));
		serve(raw);
		raw.resume();
	});
	const listening = server;
	await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
	let port = portOf(listening);
	if (isParted) {
		between = new Between(port);
		port = await between.listen();
	}
	const tls = { mode: 'mutual', subjectAltNames: [WEB] };
	const sidecar = await fixture.start(
		{},
		{
			services: { payments: { hostnames: ['payments'], endpoints: [{ address: `127.0.0.1:${port}` }], tls } },
			outbound: { listen: '127.0.0.1:0', unknownHosts: 'reject' },
		},
	);
	const client = await RawClient.connect(sidecar.outboundPort);
	await client.send('GET / HTTP/1.1\r\nHost: payments\r\n\r\n');
	return client;
}

/** Speaks TLS as WEB, and hands over who has come. */
function secured(options: TLSSocketOptions, serve: (socket: TLSSocket) => void = () => undefined): Serve {
	return (raw) => {
		const socket = new TlsSocket(raw, { isServer: true, secureContext: contextOf(WEB), ...options });
		socket.on('error', () => undefined);
		socket.resume();
		serve(socket);
	};
}

const answer =
	(text: string, end: (socket: TLSSocket) => void = () => undefined) =>
	(socket: TLSSocket): void => {
		socket.on('data', () => socket.write(text, () => end(socket)));
	};

describe('an endpoint with mutual TLS', () => {
	it.each<[string, Serve, HandshakeResult]>([
		['answers in plaintext', (raw) => raw.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'), 'plaintext'],
		['speaks first, in plaintext', (raw) => raw.write('220 mail.example ESMTP\r\n'), 'plaintext'],
		['closes at once', (raw) => raw.destroy(), 'closed'],
		['ends its side at once', (raw) => raw.end(), 'closed'],
		['resets when it hears us', (raw) => raw.once('data', () => raw.resetAndDestroy()), 'closed'],
		['sends an alert', (raw) => raw.write(Buffer.from('15030300020228', 'hex')), 'protocol'],
		['says that it does not know our CA', (raw) => raw.write(Buffer.from('15030300020230', 'hex')), 'refused_by_peer'],
		['sends zeros', (raw) => raw.write(Buffer.alloc(70_000)), 'plaintext'],
		[
			'speaks TLS 1.1 alone',
			secured({
				secureContext: contextOf(WEB, { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' }),
			}),
			'protocol',
		],
		[
			'shares no cipher',
			secured({ secureContext: contextOf(WEB, { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA' }) }),
			'protocol',
		],
		['speaks HTTP/2 alone', secured({ ALPNProtocols: ['h2'] }), 'protocol'],
	])('that %s is told nothing: %#', async (_name, serve, result) => {
		const client = await call(serve);
		const response = await client.readResponse();
		expect(response.status).toBe(503);
		expect(JSON.parse(response.body.toString())).toMatchObject({ error: 'upstream_tls_failed' });
		expect(new Set(fixture.results.outbound)).toEqual(new Set([result]));
		await waitFor('no connection to it', () => open.size === 0);
	});

	it('that never answers has five seconds', async () => {
		const begun = performance.now();
		const client = await call(() => undefined);
		await fixture.waitForResult('outbound', 'timeout');
		expect(performance.now() - begun).toBeGreaterThan(4900);
		client.close();
	});
});

describe('a response that has no length of its own', () => {
	const idle = () => fixture.sidecar.metric('outrigger_pool_connections', { service: 'payments', state: 'idle' });
	const head = 'HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\nall of it';

	it.each(['TLSv1.2', 'TLSv1.3'] as const)('is whole when its end was told (%s)', async (maxVersion) => {
		const secureContext = contextOf(WEB, { maxVersion });
		const client = await call(
			secured(
				{ secureContext },
				answer(head, (socket) => socket.end()),
			),
		);
		const response = await client.readResponse();
		expect(response).toMatchObject({ status: 200, isComplete: true });
		expect(response.body.toString()).toBe('all of it');
		client.close();
	});

	it.each(['TLSv1.2', 'TLSv1.3'] as const)('is cut when it was not (%s)', async (maxVersion) => {
		const secureContext = contextOf(WEB, { maxVersion });
		const client = await call(secured({ secureContext }, answer(head)), true);
		await waitFor('all of it', () => client.received.includes('all of it'));
		between?.cut('near');
		await expect(client.readResponse()).rejects.toThrow('before a whole response');
		const [record] = await fixture.sidecar.waitForRecords(1);
		expect(record).toMatchObject({ errorCode: 'upstream_closed' });
	});

	it('is whole with a length, whatever follows', async () => {
		const text = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';
		const client = await call(secured({}, answer(text)), true);
		expect((await client.readResponse()).body.toString()).toBe('ok');
		between?.cut('near');
		await waitFor('no connection in the pool', async () => (await idle()) === 0);
		client.close();
	});
});
