import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData, status } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';
import { checkRequest, servingStatus } from '../../src/upstream/grpc-health-message.ts';
import { freePort } from '../support/free-port.ts';
import { RecordingOrigin } from '../support/recording-origin.ts';
import { waitFor } from '../support/wait-for.ts';
import { ask, askAndGiveUp, Probing } from './probe-fixture.ts';

const stops: (() => unknown)[] = [];
let probing = new Probing();

afterEach(async () => {
	probing.stop();
	probing = new Probing();
	for (const stop of stops.splice(0)) await stop();
});

interface Asked {
	readonly service: string;
}

/** What health.proto says, without a compiler for it. */
const HEALTH = {
	Check: {
		path: '/grpc.health.v1.Health/Check',
		requestStream: false,
		responseStream: false,
		requestSerialize: ({ service }: Asked) => checkRequest(service).subarray(5),
		requestDeserialize: (message: Buffer) => ({ service: message.subarray(2).toString('utf8') }),
		responseSerialize: (value: number) => Buffer.from([0x08, value]),
		responseDeserialize: (message: Buffer) => message[1] ?? 0,
	},
} as const;

type Check = (call: ServerUnaryCall<Asked, number>, answer: sendUnaryData<number>) => void;

async function grpcServer(check: Check | null): Promise<number> {
	const server = new Server();
	if (check !== null) server.addService(HEALTH, { Check: check });
	const port = await new Promise<number>((resolve, reject) =>
		server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
			error === null ? resolve(bound) : reject(error),
		),
	);
	stops.push(() => server.forceShutdown());
	return port;
}

/** A server of plain HTTP/2: it may answer what no gRPC library would. */
async function http2Server(onStream: (stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders) => void) {
	const server = http2.createServer();
	const sessions = new Set<http2.ServerHttp2Session>();
	const served = { port: 0, sessions };
	server.on('session', (session) => sessions.add(session));
	server.on('stream', (stream: http2.ServerHttp2Stream, headers) => {
		stream.on('error', ignore);
		onStream(stream, headers);
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	served.port = (server.address() as AddressInfo).port;
	stops.push(() => {
		for (const session of sessions) session.destroy();
		return new Promise((resolve) => server.close(resolve));
	});
	return served;
}

function grpc(port: number, service = '') {
	return probing.probe({ is: 'grpc', service }, port, ['payments.shop.svc']);
}

const SERVING = Buffer.from([0, 0, 0, 0, 2, 0x08, 1]);

describe('a check over gRPC', () => {
	it('asks after the whole server, or one service of it', async () => {
		const asked: unknown[] = [];
		const port = await grpcServer((call, answer) => {
			asked.push([call.request.service, ...call.metadata.get('user-agent')]);
			answer(null, 1);
		});
		expect(await ask(grpc(port))).toBeNull();
		expect(await ask(grpc(port, 'payments.v1.Payments'))).toBeNull();
		expect(asked).toEqual([
			['', 'outrigger-health'],
			['payments.v1.Payments', 'outrigger-health'],
		]);
	});

	it('asks for the first name of the service, and says until when', async () => {
		const asked: http2.IncomingHttpHeaders[] = [];
		const served = await http2Server((stream, headers) => {
			asked.push(headers);
			answering(SERVING)(stream);
		});
		expect(await ask(grpc(served.port))).toBeNull();
		expect(asked[0]).toMatchObject({
			':scheme': 'http',
			':authority': 'payments.shop.svc',
			':path': '/grpc.health.v1.Health/Check',
			te: 'trailers',
			'grpc-timeout': '2000m',
		});
	});

	it.each([
		[0, 'the gRPC health check answered UNKNOWN'],
		[2, 'the gRPC health check answered NOT_SERVING'],
		[3, 'the server knows no gRPC service "a.B" (SERVICE_UNKNOWN)'],
		[9, 'the gRPC health check answered UNKNOWN'],
	])('is not well at the serving status %i', async (value, seen) => {
		const port = await grpcServer((_, answer) => answer(null, value));
		expect(await ask(grpc(port, 'a.B'))).toBe(seen);
	});

	it.each([
		[status.NOT_FOUND, '', 'the server knows no gRPC service "a.B" (NOT_FOUND)'],
		[status.UNIMPLEMENTED, '', 'the server has no grpc.health.v1.Health (UNIMPLEMENTED)'],
		[status.UNAVAILABLE, 'warming up', 'the gRPC health check answered grpc-status 14: warming up'],
		[status.INTERNAL, 'x'.repeat(1000), `the gRPC health check answered grpc-status 13: ${'x'.repeat(200)}`],
	])('is not well at grpc-status %i', async (code, details, seen) => {
		const port = await grpcServer((_, answer) => answer({ code, details }));
		expect(await ask(grpc(port, 'a.B'))).toBe(seen);
	});

	it('is not well at a server that has no such service', async () => {
		expect(await ask(grpc(await grpcServer(null)))).toBe('the server has no grpc.health.v1.Health (UNIMPLEMENTED)');
	});

	it('uses one connection again and again, and another when that has gone', async () => {
		const served = await http2Server((stream) => {
			stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
			stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
			stream.end(SERVING);
		});
		const probe = grpc(served.port);
		for (let i = 0; i < 3; i++) expect(await ask(probe)).toBeNull();
		expect(served.sessions.size).toBe(1);
		for (const session of served.sessions) session.destroy();
		// Not waited for: the question may go out before the end has been noticed.
		for (let i = 0; i < 3; i++) expect(await ask(probe)).toBeNull();
		expect(served.sessions.size).toBe(2);
		for (const session of served.sessions) session.close();
		expect(await ask(probe)).toBeNull();
	});

	it('asks once more on a fresh connection when the used one ends instead of answering', async () => {
		const asked = new Map<unknown, number>();
		const served = await http2Server((stream) => {
			const before = asked.get(stream.session) ?? 0;
			asked.set(stream.session, before + 1);
			if (before > 0) return stream.session?.destroy();
			stream.respond({ ':status': 200 }, { waitForTrailers: true });
			stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
			stream.end(SERVING);
		});
		const probe = grpc(served.port);
		for (let i = 0; i < 3; i++) expect(await ask(probe)).toBeNull();
		expect(served.sessions.size).toBe(3);
	});

	it.each<[string, (stream: http2.ServerHttp2Stream) => void, RegExp]>([
		[
			'no status',
			(stream) => stream.respond({ ':status': 200 }, { endStream: true }),
			/answered without a grpc-status \(HTTP 200\)/,
		],
		[
			'a page',
			(stream) => stream.respond({ ':status': 503 }, { endStream: true }),
			/without a grpc-status \(HTTP 503\)/,
		],
		['a reset', (stream) => stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR), /broke off/],
		['the end of everything', (stream) => stream.session?.destroy(), /broke off|not answered/],
		['half a message', answering(SERVING.subarray(0, 6)), /something else than a HealthCheckResponse/],
		['nothing', answering(Buffer.alloc(0)), /something else than a HealthCheckResponse/],
		['a compressed message', answering(Buffer.from([1, ...SERVING.subarray(1)])), /something else/],
		['too much', answering(Buffer.alloc(64 * 1024)), /longer than 1024 bytes/],
	])('is not well when it is answered by %s', async (_, onStream, seen) => {
		const served = await http2Server(onStream);
		expect(await ask(grpc(served.port))).toMatch(seen);
	});

	it('is not well at a server of HTTP/1, or of anything else', async () => {
		for (const bytes of ['HTTP/1.1 400 Bad Request\r\n\r\n', 'SSH-2.0-OpenSSH_9.6\r\n', '']) {
			const origin = await RecordingOrigin.start({
				onConnection: (connection) => {
					connection.send(bytes);
					if (bytes === '') connection.end();
				},
			});
			stops.push(() => origin.stop());
			expect(await ask(grpc(origin.port))).toMatch(/broke off|not answered/);
		}
	});

	it('names a dead port, and never asks ourselves', async () => {
		const port = await freePort();
		expect(await ask(grpc(port))).toBe(`connect to 127.0.0.1:${port}: ECONNREFUSED`);
		const origin = await RecordingOrigin.start({});
		stops.push(() => origin.stop());
		probing.own.add({ address: '127.0.0.1', port: origin.port });
		expect(await ask(grpc(origin.port))).toMatch(/where this sidecar listens itself/);
		expect(origin.connections[0]?.bytes.length ?? 0).toBe(0);
	});

	it('that is given up says how far it came, and leaves no connection behind', async () => {
		const origin = await RecordingOrigin.start({ onRequest: ignore });
		stops.push(() => origin.stop());
		const probe = grpc(origin.port);
		probe.ask({ onProbed: () => expect.unreachable() });
		expect(probe.cancel()).toBe('no connection');
		const what = 'a question';
		expect(await askAndGiveUp(probe, what, () => (origin.connections[0]?.bytes.length ?? 0) > 0)).toBe(
			'the gRPC health check was not answered',
		);
		await waitFor('the end of it', () => origin.connections.every(({ ended }) => ended !== ''));
		const served = await http2Server((stream) => stream.respond({ ':status': 200 }));
		const half = grpc(served.port);
		let seen = '';
		await waitFor('the answer to begin', async () => {
			half.ask({ onProbed: () => expect.unreachable() });
			await new Promise((resolve) => setTimeout(resolve, 20));
			seen = half.cancel();
			return seen === 'the answer of the gRPC health check did not end';
		});
		half.close();
	});
});

describe('the message of a health check', () => {
	it('is a frame with the name of the service', () => {
		expect(checkRequest('').toString('hex')).toBe('0000000000');
		expect(checkRequest('a.B').toString('hex')).toBe('00000000050a03612e42');
		const long = checkRequest('x'.repeat(300));
		expect(long.subarray(0, 8).toString('hex')).toBe('000000012f0aac02');
		expect(long.length).toBe(5 + 303);
	});

	it.each([
		['00000000020801', 1],
		['0000000000', 0],
		['000000000408010802', 2],
		// Unknown fields of every wire type, and a varint of two bytes.
		['0000000017100a1900000000000000ff22036162632d000000010801', 1],
		['0000000003088101', 129],
	])('reads %s', (hex, value) => {
		expect(servingStatus(Buffer.from(hex, 'hex'))).toBe(value);
	});

	it.each([
		'',
		'00000000',
		'0000000001',
		'000000000208',
		'00000000020801ff',
		'01000000020801',
		'000000000108',
		'00000000020b01',
		'0000000003120501',
		'00000000021901',
		'000000000b08ffffffffffffffffffff',
	])('finds nothing in %s', (hex) => {
		expect(servingStatus(Buffer.from(hex, 'hex'))).toBeNull();
	});
});

function answering(bytes: Buffer): (stream: http2.ServerHttp2Stream) => void {
	return (stream) => {
		stream.respond({ ':status': 200 }, { waitForTrailers: true });
		stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
		stream.end(bytes);
	};
}

function ignore(): void {
	// broken on purpose
}
