/** What no honest client does with a port that takes TLS, and what becomes of it: an end, a name for it, nothing left. */
import { createServer, type Socket } from 'node:net';
import { type ConnectionOptions, createSecureContext, connect as tlsConnect } from 'node:tls';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HandshakeResult } from '../../src/ports/handshake.ts';
import { WEB } from '../support/pki.ts';
import { waitFor, within } from '../support/wait-for.ts';
import { Between } from './between.ts';
import { answerOf, contextOf, GET, IdentityFixture, speakTls } from './identity-fixture.ts';

const ZEROS = Buffer.alloc(64 * 1024);
const HANDSHAKE = 22;

/** The first bytes that Node's client sends. */
function clientHello(options: ConnectionOptions = {}): Promise<Buffer> {
	return new Promise((resolve) => {
		const server = createServer((socket) => {
			socket.once('data', (hello: Buffer) => {
				client.destroy();
				socket.destroy();
				server.close();
				resolve(hello);
			});
		});
		let client: Socket;
		server.listen(0, '127.0.0.1', () => {
			const address = server.address();
			const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
			client = tlsConnect({ port, host: '127.0.0.1', secureContext: contextOf(WEB), ...options });
			client.on('error', () => undefined);
		});
	});
}

/** Thousands of connections and handshakes, on a machine that is busy with other tests. */
const MANY_MS = 90_000;

describe('a strict port', () => {
	let fixture: IdentityFixture;
	beforeAll(async () => {
		fixture = await IdentityFixture.make();
		await fixture.start({ mode: 'strict' });
	});
	afterAll(() => fixture.stop());

	/** Sends, and is cut off for the one reason. */
	async function refused(bytes: Buffer | string, result: HandshakeResult): Promise<string> {
		fixture.forget();
		const socket = await fixture.dial();
		socket.write(bytes);
		const { received } = await answerOf(socket);
		await fixture.waitUntilEmpty();
		expect(fixture.results.inbound).toEqual([result]);
		return received;
	}

	it.each<[string, Buffer | string, HandshakeResult]>([
		['a request in plaintext', GET, 'plaintext'],
		['64 KiB of zeros', ZEROS, 'plaintext'],
		['one byte that begins nothing', 'x', 'plaintext'],
		['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'plaintext'],
		['a hello of SSL 2', Buffer.from('802e0100020015000000100100800300800700c0', 'hex'), 'plaintext'],
		['a handshake record of zeros', Buffer.concat([Buffer.from('1603010200', 'hex'), ZEROS]), 'protocol'],
		['a handshake record of another version', Buffer.concat([Buffer.from('16ffff0200', 'hex'), ZEROS]), 'plaintext'],
		['a record that is too long', Buffer.from('160301ffff', 'hex'), 'protocol'],
		['a handshake message that is no hello', Buffer.from('16030100040b000000', 'hex'), 'protocol'],
	])('cuts off %s', async (_name, bytes, result) => {
		await refused(bytes, result);
	});

	it.each<[string, ConnectionOptions]>([
		['TLS 1.0', { minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: 'DEFAULT:@SECLEVEL=0' }],
		['TLS 1.1', { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' }],
		['no shared cipher', { maxVersion: 'TLSv1.2', ciphers: 'AES128-GCM-SHA256' }],
		['ciphers of TLS 1.2 without authenticated encryption', { maxVersion: 'TLSv1.2', ciphers: 'ECDHE+AES+SHA256' }],
		['no shared protocol above TLS (h2 alone)', { ALPNProtocols: ['h2'] }],
	])('shakes no hands by %s', async (_name, options) => {
		fixture.forget();
		const { certificate, key } = fixture.ownPair();
		const secureContext = createSecureContext({ cert: certificate, key, ...options });
		const client = speakTls(await fixture.dial(), secureContext, { ALPNProtocols: options.ALPNProtocols ?? [] });
		expect((await answerOf(client)).received).toBe('');
		await fixture.waitUntilEmpty();
		expect(fixture.results.inbound).toEqual(['protocol']);
		expect(fixture.refusals[0]?.detail).toMatch(/^ERR_SSL_/);
	});

	it('shakes no hands by SSL 3', async () => {
		const hello = await clientHello();
		hello.writeUInt16BE(0x0300, 1);
		// The version of the hello itself; what else there is of versions is the extension that TLS 1.3 brought.
		hello.writeUInt16BE(0x0300, 9);
		const versions = hello.indexOf(Buffer.from('002b0005040304', 'hex'));
		if (versions >= 0) hello.writeUInt16BE(0xfafa, versions);
		const answer = await refused(hello, 'protocol');
		// An alert, no server hello.
		expect(answer === '' || answer.charCodeAt(0) === 21).toBe(true);
	});

	it('takes a hello in two parts, wherever it is parted', async () => {
		const hello = await clientHello();
		for (let at = 1; at < hello.length; at += at < 16 ? 1 : 7) {
			const socket = await fixture.dial();
			let first = -1;
			socket.once('data', (chunk: Buffer) => (first = chunk[0] ?? 0));
			socket.write(hello.subarray(0, at));
			await new Promise((resolve) => setImmediate(resolve));
			socket.write(hello.subarray(at));
			await waitFor(`a server hello after a part of ${at} bytes`, () => first >= 0);
			expect(first).toBe(HANDSHAKE);
			socket.destroy();
		}
		await fixture.waitUntilEmpty();
	});

	it('takes a whole exchange byte by byte', async () => {
		const relay = createServer(async (near) => {
			const far = await fixture.dial();
			far.setNoDelay(true);
			near.on('error', () => undefined).on('close', () => far.destroy());
			far.on('data', (chunk: Buffer) => near.write(chunk));
			near.on('data', (chunk: Buffer) => {
				for (const byte of chunk) far.write(Buffer.of(byte));
			});
		});
		await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve));
		const address = relay.address();
		const client = speakTls(await fixture.dial(typeof address === 'object' ? address?.port : 0), contextOf(WEB));
		client.write(GET);
		expect((await answerOf(client)).received).toMatch(/^HTTP\/1\.1 200 /);
		client.destroy();
		relay.close();
	});

	it.each(['FIN', 'RST'])('hears at once of a client that leaves with %s in the middle', async (how) => {
		fixture.forget();
		const socket = await fixture.dial();
		socket.write(await clientHello());
		await within('a server hello', new Promise((resolve) => socket.once('data', resolve)));
		if (how === 'FIN') socket.end();
		else socket.resetAndDestroy();
		await waitFor('an empty table', () => fixture.listener.connections === 0, 1500);
		expect(fixture.results.inbound).toEqual(['closed']);
	});

	it('waits five seconds for a handshake, however it is drawn out', async () => {
		fixture.forget();
		const hello = await clientHello();
		const [silent, slow] = [await fixture.dial(), await fixture.dial()];
		const begun = performance.now();
		silent.write(hello.subarray(0, 1));
		let sent = 0;
		const dribble = setInterval(() => slow.write(hello.subarray(sent, ++sent)), 100);
		await waitFor('both to be cut off', () => fixture.results.inbound.length === 2, 8000);
		clearInterval(dribble);
		expect(fixture.results.inbound).toEqual(['timeout', 'timeout']);
		expect(performance.now() - begun).toBeGreaterThan(4900);
		expect(performance.now() - begun).toBeLessThan(6500);
		await fixture.waitUntilEmpty();
	});

	it('ends a connection on which the bytes after the handshake are not TLS', async () => {
		fixture.forget();
		const between = new Between(fixture.port);
		const client = speakTls(await fixture.dial(await between.listen()), contextOf(WEB));
		client.write(GET);
		await answerOf(client);
		between.inject('far', GET);
		await waitFor('an empty table', () => fixture.listener.connections === 0, 1500);
		expect(fixture.results.inbound).toEqual(['ok']);
		between.stop();
	});

	it('never hangs, crashes or answers whatever follows the first byte of a handshake', async () => {
		await fc.assert(
			fc.asyncProperty(fc.uint8Array({ minLength: 5, maxLength: 300 }), async (bytes) => {
				fixture.forget();
				const socket = await fixture.dial();
				socket.end(Buffer.concat([Buffer.from([HANDSHAKE, 3, 1]), bytes]));
				await waitFor('an end', () => fixture.results.inbound.length === 1, 1500);
				expect(['protocol', 'plaintext', 'closed']).toContain(fixture.results.inbound[0]);
			}),
			{ numRuns: 100 },
		);
		await fixture.waitUntilEmpty();
	});

	it('is as it was after a thousand refusals', { timeout: MANY_MS }, async () => {
		const stranger = createSecureContext({});
		const refuse = async (): Promise<void> => {
			const client = speakTls(await fixture.dial(), stranger);
			await answerOf(client);
			client.destroy();
		};
		const batch = async (count: number): Promise<void> => {
			for (let n = 0; n < count; n += 20) await Promise.all(Array.from({ length: 20 }, refuse));
			fixture.forget();
			await fixture.waitUntilEmpty();
		};
		await batch(300);
		const before = held();
		await batch(1000);
		// A connection takes 50 kB and more.
		await waitFor('no more memory than before', () => held().bytes - before.bytes < 1_000_000);
		expect(held().sockets).toBeLessThanOrEqual(before.sockets);
		expect((await fixture.counted('inbound')).no_certificate).toBe(1300);
	});
});

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** What this process holds after a collection. */
function held(): { sockets: number; bytes: number } {
	collectGarbage();
	const { heapUsed, external } = process.memoryUsage();
	const sockets = process.getActiveResourcesInfo().filter((name) => /TCPSocket|TLS/.test(name)).length;
	return { sockets, bytes: heapUsed + external };
}

describe('minVersion 1.3', () => {
	it('takes TLS 1.3 alone', async () => {
		const fixture = await IdentityFixture.make();
		await fixture.start({ minVersion: '1.3' });
		const older = speakTls(await fixture.dial(), contextOf(WEB, { maxVersion: 'TLSv1.2' }));
		expect((await answerOf(older)).received).toBe('');
		const newer = speakTls(await fixture.dial(), contextOf(WEB));
		newer.write(GET);
		expect((await answerOf(newer)).received).toMatch(/^HTTP\/1\.1 200 /);
		expect(fixture.results.inbound).toEqual(['protocol', 'ok']);
		await fixture.stop();
	});
});

describe('a port full of clients that never finish', () => {
	it('pushes out its own kind, and takes who does', { timeout: MANY_MS }, async () => {
		const fixture = await IdentityFixture.make();
		await fixture.start({ mode: 'strict' }, { limits: { connections: 100 } });
		const busy = speakTls(await fixture.dial(), contextOf(WEB));
		busy.write(GET);
		await answerOf(busy);
		const hello = await clientHello();
		const beginAndStay = async (_: unknown, n: number): Promise<void> => {
			const socket = await fixture.dial();
			if (n % 3 === 1) socket.write(hello.subarray(0, 100));
			if (n % 3 === 2) socket.write(hello);
		};
		for (let n = 0; n < 2000; n += 50) {
			await Promise.all(Array.from({ length: 50 }, beginAndStay));
			expect(fixture.listener.connections).toBeLessThanOrEqual(100);
		}
		const client = speakTls(await fixture.dial(), contextOf(WEB));
		client.write(GET);
		expect((await answerOf(client)).received).toMatch(/^HTTP\/1\.1 200 /);
		// Who has shown a certificate and is served is not what has to go.
		expect(busy.destroyed).toBe(false);
		await fixture.stop();
	});
});

describe('a permissive port', () => {
	it('answers plaintext that is no HTTP as any port does', async () => {
		const fixture = await IdentityFixture.make();
		await fixture.start({ mode: 'permissive' });
		const zeros = await fixture.dial();
		zeros.write(ZEROS);
		expect((await answerOf(zeros)).received).toMatch(/^HTTP\/1\.1 400 /);
		const plain = await fixture.dial();
		plain.write(GET);
		expect((await answerOf(plain)).received).toMatch(/^HTTP\/1\.1 200 /);
		const anonymous = speakTls(await fixture.dial(), createSecureContext({}));
		anonymous.write(GET);
		expect((await answerOf(anonymous)).received).toMatch(/^HTTP\/1\.1 200 /);
		expect(fixture.results.inbound).toEqual(['ok']);
		await fixture.stop();
	});
});

describe.each(['off', 'absent'])('TLS to a port that speaks plaintext (tls %s)', (mode) => {
	it('is answered 400 or closed, at once', async () => {
		const fixture = await IdentityFixture.make();
		await fixture.start(mode === 'off' ? { mode } : null);
		const raw = await fixture.dial();
		raw.write(await clientHello());
		const { received } = await answerOf(raw);
		expect(received).toMatch(/^(HTTP\/1\.1 400 |$)/);
		const client = speakTls(await fixture.dial(), contextOf(WEB));
		await within('the end', new Promise((resolve) => client.once('close', resolve)));
		await fixture.stop();
	});
});
