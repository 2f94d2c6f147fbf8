/** TLS over sockets that are open already, by shared reads and by plain ones: bytes in order, ends, cuts, backpressure. */
import { createServer, connect as dial, type Server, type Socket } from 'node:net';
import { type TLSSocket, TLSSocket as TlsSocket, connect as tlsConnect } from 'node:tls';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { findAbilities } from '../../src/identity/abilities.ts';
import { SecureSocket } from '../../src/identity/secure-socket.ts';
import { sharedReadBuffer } from '../../src/io/byte-socket.ts';
import { WEB } from '../support/pki.ts';
import { portOf } from '../support/port-of.ts';
import { waitFor } from '../support/wait-for.ts';
import { Between } from './between.ts';
import { contextOf } from './identity-fixture.ts';

const context = contextOf(WEB);
const COMMON = { requestCert: false, alpn: ['http/1.1'], servername: '', session: null, received: null };
const sockets: Socket[] = [];
let server: Server | null = null;
let between: Between | null = null;
afterEach(() => {
	for (const socket of sockets.splice(0)) socket.destroy();
	between?.stop();
	server?.close();
});

/** Who dialed, who was called, and who stands between them: connected, no byte sent. */
async function connected(): Promise<{ near: Socket; far: Socket; between: Between }> {
	const accepted = new Promise<Socket>((resolve) => {
		server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, resolve);
	});
	await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
	between = new Between(portOf(server as Server));
	const near = dial({ port: await between.listen(), host: '127.0.0.1', allowHalfOpen: true });
	near.on('error', () => undefined);
	const far = await accepted;
	sockets.push(near, far);
	return { near, far, between };
}

interface Ours {
	readonly socket: SecureSocket;
	/** The socket of the other end, by Node's own means. */
	readonly peer: TLSSocket;
	readonly between: Between;
	/** Where `between` finds us. */
	readonly us: 'near' | 'far';
	readonly received: Buffer[];
	readonly seen: { isEnded: boolean; isClosed: boolean; error: Error | null };
}

const text = ({ received }: Ours): string => Buffer.concat(received).toString('latin1');

async function secured(
	role: 'client' | 'server',
	isShared: boolean,
	onSecure: (socket: SecureSocket) => void = () => undefined,
): Promise<Ours> {
	const { near, far, between: middle } = await connected();
	const isServer = role === 'server';
	const received: Buffer[] = [];
	const seen: Ours['seen'] = { isEnded: false, isClosed: false, error: null };
	const reader = {
		onBytes(buffer: Buffer, length: number): void {
			expect(buffer === sharedReadBuffer).toBe(isShared);
			received.push(Buffer.from(buffer.subarray(0, length)));
		},
	};
	const abilities = { readsShared: isShared, writesDirectly: isShared };
	const socket = SecureSocket.over(isServer ? far : near, { reader }, { ...COMMON, context, isServer }, abilities);
	const peer = isServer
		? tlsConnect({ socket: near, rejectUnauthorized: false })
		: new TlsSocket(far, { isServer: true, secureContext: context, ALPNProtocols: ['http/1.1'] });
	sockets.push(socket, peer);
	peer.on('error', () => undefined);
	socket.on('error', (error: Error) => (seen.error = error));
	socket.on('end', () => (seen.isEnded = true));
	socket.on('close', () => (seen.isClosed = true));
	await new Promise<void>((resolve) => {
		socket.once('secure', () => {
			socket.accept();
			socket.resume();
			onSecure(socket);
			resolve();
		});
	});
	return { socket, peer, between: middle, us: isServer ? 'far' : 'near', received, seen };
}

it('reads into the shared buffer and writes directly on this Node', async () => {
	expect(await findAbilities()).toEqual({ readsShared: true, writesDirectly: true });
	expect(await findAbilities()).toBe(await findAbilities());
});

describe.each([
	['client', true],
	['client', false],
	['server', true],
	['server', false],
] as const)('a %s (with all that Node can do: %s)', (role, isShared) => {
	it('reads and writes, wherever what is sent is parted', async () => {
		const ours = await secured(role, isShared);
		let expected = '';
		await fc.assert(
			fc.asyncProperty(fc.array(fc.string({ maxLength: 40 }), { maxLength: 6 }), async (parts) => {
				for (const part of parts.filter((each) => each !== '')) {
					ours.peer.write(part);
					expected += Buffer.from(part).toString('latin1');
				}
				await waitFor('all of it', () => text(ours).length === expected.length);
				expect(text(ours)).toBe(expected);
			}),
			{ numRuns: 30 },
		);
		let back = '';
		ours.peer.on('data', (chunk: Buffer) => (back += chunk.toString('latin1')));
		ours.socket.write('an answer');
		await waitFor('the answer', () => back === 'an answer');
	});

	it('writes texts and bytes in their order, many or few a turn, and ends after the last', async () => {
		const piece = fc.oneof(
			fc.string({ unit: 'binary-ascii', maxLength: 300 }),
			fc.nat({ max: 40_000 }).map((length) => 'x'.repeat(length)),
			fc.string({ unit: 'binary-ascii', maxLength: 300 }).map((each) => Buffer.from(each, 'latin1')),
			fc.constant(Buffer.alloc(0)),
			fc.constant('a turn of its own' as const),
		);
		await fc.assert(
			fc.asyncProperty(fc.array(piece, { maxLength: 30 }), async (pieces) => {
				const ours = await secured(role, isShared);
				let back = '';
				let isPeerTold = false;
				ours.peer.on('data', (chunk: Buffer) => (back += chunk.toString('latin1')));
				ours.peer.on('end', () => (isPeerTold = true));
				for (const each of pieces) {
					if (each === 'a turn of its own') await new Promise((resolve) => setImmediate(resolve));
					if (typeof each === 'string' && each !== '') ours.socket.writeText(each);
					else ours.socket.write(each, 'latin1');
				}
				ours.socket.end();
				await waitFor('the end', () => isPeerTold);
				expect(back).toBe(pieces.map((each) => (typeof each === 'string' ? each : each.toString('latin1'))).join(''));
				expect(ours.seen.error).toBeNull();
			}),
			{ numRuns: 15 },
		);
	});

	it('knows when the peer does not read, and when it does again', async () => {
		const ours = await secured(role, isShared);
		const line = 'x'.repeat(16 * 1024);
		let isDrained = false;
		ours.socket.on('drain', () => (isDrained = true));
		ours.peer.pause();
		let written = 0;
		await waitFor('a queue', () => {
			ours.socket.writeText(line);
			written += line.length;
			return ours.socket.writableNeedDrain;
		});
		let back = 0;
		ours.peer.on('data', (chunk: Buffer) => (back += chunk.length));
		ours.peer.resume();
		await waitFor('the rest', () => isDrained && back === written);
		expect(ours.socket.writableLength).toBe(0);
	});

	it('ends, with an error, when a text is written to a connection that is gone', async () => {
		const ours = await secured(role, isShared);
		ours.socket.writeText('the last that comes');
		ours.between.reset(ours.us);
		await waitFor('the end', () => {
			ours.socket.writeText('more');
			return ours.seen.isClosed;
		});
		expect(ours.seen.error).toBeInstanceOf(Error);
	});

	it('fails a write to a connection that is gone', async () => {
		const ours = await secured(role, isShared);
		ours.socket.write('the last that comes', 'latin1');
		ours.between.reset(ours.us);
		let error: Error | null | undefined;
		await waitFor('an error', () => {
			ours.socket.write('more', 'latin1', (failed) => (error ??= failed));
			return error instanceof Error;
		});
		await waitFor('the end', () => ours.seen.isClosed);
	});

	it('reads on when the peer has ended, and writes until it ends itself', async () => {
		const ours = await secured(role, isShared);
		let back = '';
		let isPeerTold = false;
		ours.peer.on('data', (chunk: Buffer) => (back += chunk)).on('end', () => (isPeerTold = true));
		ours.socket.write('first ');
		ours.socket.end('last');
		await waitFor('the end of ours', () => isPeerTold);
		expect(back).toBe('first last');
		ours.peer.end('answer');
		await waitFor('the end of the peer', () => ours.seen.isEnded);
		expect(text(ours)).toBe('answer');
		expect(ours.seen.error).toBeNull();
		await waitFor('the end of both', () => ours.seen.isClosed);
	});

	it('tells a connection that was cut from one that has ended', async () => {
		const ours = await secured(role, isShared);
		ours.peer.write('half of it');
		await waitFor('the half', () => text(ours) === 'half of it');
		ours.between.cut(ours.us);
		await waitFor('the end', () => ours.seen.isClosed);
		expect(ours.seen).toMatchObject({
			isEnded: false,
			error: { message: expect.stringContaining('without close_notify') },
		});
	});

	it('is not fooled by half a record before the cut', async () => {
		const ours = await secured(role, isShared);
		ours.between.inject(ours.us, Buffer.from('\x17\x03\x03\x00\x40half of a record', 'latin1'));
		ours.between.cut(ours.us);
		await waitFor('the end', () => ours.seen.isClosed);
		expect(ours.seen).toMatchObject({
			isEnded: false,
			error: { message: expect.stringContaining('without close_notify') },
		});
	});

	it('has an error, not an end, when the connection is reset', async () => {
		const ours = await secured(role, isShared);
		ours.between.reset(ours.us);
		await waitFor('the end', () => ours.seen.isClosed);
		// A write may have heard of the reset first; the read that follows finds an end then.
		expect(ours.seen).toMatchObject({ isEnded: false, error: expect.any(Error) });
	});

	it('resets the connection when it is told to', async () => {
		const ours = await secured(role, isShared);
		let error: NodeJS.ErrnoException | null = null;
		ours.between[ours.us]?.on('error', (seen: NodeJS.ErrnoException) => (error = seen));
		ours.socket.resetAndDestroy();
		await waitFor('the reset', () => error?.code === 'ECONNRESET');
	});

	it('may be reset from within the end of the handshake', async () => {
		// Node frees what OpenSSL is at work with where the connection below goes first: that ended the process.
		for (let n = 0; n < 20; n++) {
			const ours = await secured(role, isShared, (socket) => socket.resetAndDestroy());
			await waitFor('the end', () => ours.socket.destroyed);
		}
	});

	it('ends, with an error, when what comes is not TLS any more', async () => {
		const ours = await secured(role, isShared);
		ours.between.inject(ours.us, Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n', 'latin1'));
		await waitFor('the end', () => ours.seen.isClosed);
		expect(ours.seen).toMatchObject({ isEnded: false, error: { code: expect.stringMatching(/^ERR_SSL_/) } });
	});

	it('carries large bodies both ways at once, and holds up whoever is faster than it reads', async () => {
		const ours = await secured(role, isShared);
		const size = 8 * 1024 * 1024;
		const body = Buffer.alloc(size, 'abcdefghijklmnopqrstuvwxyz');
		let back = 0;
		ours.peer.on('data', (chunk: Buffer) => (back += chunk.length));
		ours.socket.pause();
		ours.peer.write(body);
		ours.socket.write(body);
		await waitFor('the way back', () => back === size);
		const held = text(ours).length;
		expect(held).toBeLessThan(size / 2);
		ours.socket.resume();
		await waitFor('all of it', () => ours.received.reduce((sum, { length }) => sum + length, 0) === size);
		expect(Buffer.concat(ours.received).equals(body)).toBe(true);
	});
});
