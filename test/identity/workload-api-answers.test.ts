import http2 from 'node:http2';
import net from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Pki, testPki, WEB } from '../support/pki.ts';
import { answerFor, derOf, encodeResponse, svidOf } from '../support/workload-agent.ts';
import { SourceFixture } from './source-fixture.ts';

const pki = testPki();
const partner = new Pki('partner.example');
let f = new SourceFixture();
const stops: (() => unknown)[] = [];

beforeEach(() => {
	f = new SourceFixture();
});

afterEach(async () => {
	f.stop();
	for (const stop of stops.splice(0)) await stop();
});

describe('an answer that makes no sense', () => {
	const whole = answerFor(pki, WEB);
	const [svid = {}] = whole.svids ?? [];
	const other = pki.leaf(WEB);
	const having = (change: object) => encodeResponse({ ...whole, svids: [{ ...svid, ...change }] });
	const federated = (key: string, der: Uint8Array) => encodeResponse({ ...whole, federatedBundles: { [key]: der } });
	const garbage = Buffer.from('-----BEGIN GARBAGE-----');

	it.each([
		['no protocol buffer', Buffer.from([0xff]), 'is no X509SVIDResponse'],
		['no SVID', encodeResponse({}), 'has no SVID'],
		['no id', having({ spiffeId: '' }), 'has an SVID without an id'],
		['no certificate', having({ x509Svid: Buffer.alloc(0) }), 'has an SVID without a certificate'],
		['no key', having({ x509SvidKey: Buffer.alloc(0) }), 'has an SVID without a key'],
		['no bundle', having({ bundle: Buffer.alloc(0) }), 'has an SVID without a bundle'],
		['an id that is none', having({ spiffeId: 'https://a/b' }), 'has an SVID whose id does not begin with spiffe://'],
		['another id', having({ spiffeId: 'spiffe://mesh.local/x' }), 'has an SVID for "spiffe://mesh.local/x", whose'],
		[
			'another key',
			having({ x509SvidKey: svidOf(WEB, other, pki.trustBundle).x509SvidKey }),
			'has a key that does not',
		],
		['a key that is none', having({ x509SvidKey: garbage }), 'has a key that holds no private key'],
		['certificates that are none', having({ x509Svid: garbage }), 'has an SVID whose certificates are not DER'],
		[
			'DER that is no certificate',
			having({ x509Svid: Buffer.of(0x30, 0) }),
			'has a certificate that holds a certificate that',
		],
		['a bundle that is none', having({ bundle: garbage }), 'has a bundle that is not DER'],
		[
			'bundles of nobody',
			federated('spiffe://A', derOf(partner.trustBundle)),
			'has a federated bundle of "spiffe://A"',
		],
		[
			'bundles of a workload',
			federated('spiffe://a/b', derOf(partner.trustBundle)),
			'has a federated bundle of "spiffe://a/b"',
		],
		['bundles that are none', federated('spiffe://a', garbage), 'has a federated bundle of a that is not DER'],
		['bundles of something', federated('spiffe://a', Buffer.of(0x30, 0)), 'has a bundle that of a holds a certificate'],
	])('is told of, and what was good stays: %s', async (_, bytes, told) => {
		await f.started();
		f.agent.give(bytes);
		await f.waitForHeard(2);
		expect(f.sink.heard[1]).toContain(`fault ${f.told(`the answer ${told}`)}`);
		expect(f.sink.material).not.toBeNull();
		expect(f.described).toMatchObject({ state: 'open' });
		f.agent.give(answerFor(pki, WEB));
		await f.waitForHeard(3);
		expect(f.sink.heard[2]).toBe(`material ${WEB}`);
		expect(f.agent.calls).toHaveLength(1);
	});

	it('ends a start at once', async () => {
		f.agent.give(Buffer.from([0xff]));
		await f.agent.start();
		expect(await f.make().start()).toContain('is no X509SVIDResponse');
	});

	it('is not gathered when it is huge', async () => {
		await f.started();
		const huge = answerFor(pki, WEB);
		f.agent.give({ ...huge, crl: [Buffer.alloc(5 * 1024 * 1024)] });
		await f.waitForState('waiting');
		expect(f.described).toMatchObject({ lastFailure: expect.stringContaining('is longer than 4194304 bytes') });
		await f.agent.waitForNobody();
		expect(f.sink.material).not.toBeNull();
	});

	it('may be large', async () => {
		f.agent.give({ ...answerFor(pki, WEB), crl: [Buffer.alloc(3 * 1024 * 1024)] });
		await f.agent.start();
		expect(await f.make().start()).toBe('');
	});
});

describe('what is no agent', () => {
	async function listening(onConnection: (socket: net.Socket) => void): Promise<void> {
		const sockets = new Set<net.Socket>();
		const server = net.createServer((socket) => {
			sockets.add(socket);
			socket.on('error', () => undefined);
			onConnection(socket);
		});
		await new Promise<void>((resolve) => server.listen(f.agent.socket, resolve));
		stops.push(() => {
			for (const socket of sockets) socket.destroy();
			return new Promise((resolve) => server.close(resolve));
		});
	}

	it.each([
		['closes', (socket: net.Socket) => socket.end(), /the agent/],
		['resets', (socket: net.Socket) => socket.destroy(), /the agent/],
		['speaks HTTP/1', (socket: net.Socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'), /rotocol/],
		['sends noise', (socket: net.Socket) => socket.end(Buffer.alloc(100_000, 0xa5)), /rotocol|agent/],
	])('is told of when it %s', async (_, onConnection, told) => {
		await listening(onConnection);
		expect(await f.make().start()).toMatch(told);
		expect(f.described).toMatchObject({ state: 'waiting' });
	});

	async function speaking(onStream: (stream: http2.ServerHttp2Stream) => void): Promise<void> {
		const server = http2.createServer();
		const sessions = new Set<http2.ServerHttp2Session>();
		server.on('session', (session) => sessions.add(session));
		server.on('stream', (stream: http2.ServerHttp2Stream) => {
			stream.on('error', () => undefined);
			onStream(stream);
		});
		await new Promise<void>((resolve) => server.listen(f.agent.socket, () => resolve()));
		stops.push(() => {
			for (const session of sessions) session.destroy();
			return new Promise((resolve) => server.close(resolve));
		});
	}

	it.each([
		[
			'another server of HTTP/2',
			(stream: http2.ServerHttp2Stream) => {
				stream.respond({ ':status': 404, 'content-type': 'text/plain' });
				stream.end('no such thing');
			},
			"the agent's answer has no grpc-status (HTTP 404)",
		],
		[
			'one that compresses',
			(stream: http2.ServerHttp2Stream) => {
				stream.respond({ ':status': 200, 'content-type': 'application/grpc' });
				stream.write(Buffer.of(1, 0, 0, 0, 1, 0));
			},
			'the answer is compressed',
		],
		[
			'one that breaks the stream off',
			(stream: http2.ServerHttp2Stream) => {
				stream.respond({ ':status': 200, 'content-type': 'application/grpc' });
				stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR);
			},
			'Stream closed with error code NGHTTP2_INTERNAL_ERROR',
		],
		[
			'one that goes away',
			(stream: http2.ServerHttp2Stream) => {
				stream.respond({ ':status': 200, 'content-type': 'application/grpc' });
				stream.session?.goaway();
			},
			'the agent is going away',
		],
	])('is %s', async (_, onStream, told) => {
		await speaking(onStream);
		expect(await f.make().start()).toBe(f.told(`${told}`));
	});

	it('is a file', async () => {
		expect(await f.make(import.meta.filename).start()).toContain('nobody listens on the socket');
	});
});
