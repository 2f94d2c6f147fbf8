/** How a connection ends while its client is slow: what has been answered arrives whole, or is seen to be cut. */

import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { Framing, ResponseHead } from '../../src/http/head.ts';
import { DEFAULT_HEAD_LIMITS } from '../../src/http1/limits.ts';
import { loopClock, loopTimer } from '../../src/io/loop-clock.ts';
import { systemClock, systemRandom } from '../../src/io/system.ts';
import { TimerWheel } from '../../src/io/timer-wheel.ts';
import { Listener } from '../../src/listener/listener.ts';
import type { DownstreamStream, RequestHandler, StreamSink } from '../../src/ports/stream.ts';
import { PLAINTEXT_PORT } from '../support/plaintext.ts';
import { waitFor } from '../support/wait-for.ts';

/** More than the kernel's buffers of a loopback connection hold. */
const BODY_BYTES = 24 * 1024 * 1024;
const PIECE = Buffer.alloc(64 * 1024, 'abcdefghijklmnopqrstuvwxyz');
/** Longer than a closed connection is read on. */
const LONGER_THAN_LINGER_MS = 2_300;

const SILENT_LOG = { debug: noop, info: noop, warn: noop, error: noop, fatal: noop };

/** Answers at once with more than the client can take, and is done with it: all of it waits in the connection's queue. */
class Flood implements RequestHandler, StreamSink {
	requests = 0;
	stream: DownstreamStream | null = null;
	private readonly hasLength: boolean;

	constructor(hasLength: boolean) {
		this.hasLength = hasLength;
	}

	onRequest(stream: DownstreamStream): StreamSink {
		this.stream = stream;
		this.requests++;
		return this;
	}

	onEnd(): void {
		const { stream } = this;
		if (stream === null) return;
		const head = new ResponseHead();
		head.status = 200;
		head.framing = this.hasLength ? Framing.length : Framing.close;
		head.contentLength = this.hasLength ? BODY_BYTES : -1;
		stream.head(head);
		for (let sent = 0; sent < BODY_BYTES; sent += PIECE.length) stream.write(PIECE, 0, PIECE.length);
		stream.end(null);
		stream.release();
	}

	onBadRequest = noop;
	onTunnel(): StreamSink {
		return this;
	}
	onData = noop;
	onReset = noop;
	onDrain = noop;
	onFlush = noop;
}

let listener: Listener | null = null;
let client: Socket | null = null;
let flood: Flood | null = null;

afterEach(() => {
	client?.destroy();
	listener?.closeNow();
	void listener?.drain();
	listener = null;
});

const reading = { bytes: 0, isEnded: false, failure: '' };

async function flooded(request: string, options: { idleMs?: number; hasLength?: boolean } = {}): Promise<Socket> {
	flood = new Flood(options.hasLength ?? true);
	const timers = new TimerWheel(systemClock, 10, loopTimer());
	listener = new Listener({
		host: '127.0.0.1',
		port: 0,
		handler: flood,
		clock: loopClock,
		random: systemRandom,
		timers,
		log: SILENT_LOG,
		headLimits: DEFAULT_HEAD_LIMITS,
		maxConnections: 10,
		idleMs: options.idleMs ?? 60_000,
		headTimeoutMs: 0,
		isRaw: false,
		isHolding: false,
		hold: 10,
		holdForMs: 0,
		acceptsShared: true,
		onRefused: noop,
		...PLAINTEXT_PORT,
	});
	const { port } = await listener.start();
	const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
	client = socket;
	Object.assign(reading, { bytes: 0, isEnded: false, failure: '' });
	socket.on('data', (chunk: Buffer) => {
		reading.bytes += chunk.length;
	});
	socket.on('end', () => {
		reading.isEnded = true;
	});
	socket.on('error', (error: NodeJS.ErrnoException) => {
		reading.failure = error.code ?? 'failed';
	});
	socket.pause();
	socket.write(request);
	await waitFor('some of the answer', () => socket.readableLength > 0 || socket.bytesRead > 0);
	return socket;
}

function isOver(): boolean {
	return reading.isEnded || reading.failure !== '';
}

const LAST = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';

describe('a client that reads slowly', () => {
	it.each([
		['a length', LAST, true],
		['no end but the connection’s', 'GET / HTTP/1.0\r\n\r\n', false],
	])('gets the whole of a last response with %s', async (_name, request, hasLength) => {
		const socket = await flooded(request, { hasLength });
		await new Promise((resolve) => setTimeout(resolve, LONGER_THAN_LINGER_MS));
		socket.resume();
		await waitFor('the end', isOver, 10_000);
		expect(reading.failure).toBe('');
		expect(reading.bytes).toBeGreaterThan(BODY_BYTES);
		socket.end();
		await waitFor('the connection to leave', () => listener?.connections === 0);
	});

	it('may close its sending side meanwhile', async () => {
		const socket = await flooded(LAST);
		socket.end();
		await new Promise((resolve) => setTimeout(resolve, 50));
		socket.resume();
		await waitFor('the end', isOver, 10_000);
		expect(reading.failure).toBe('');
		expect(reading.bytes).toBeGreaterThan(BODY_BYTES);
		await waitFor('the connection to leave', () => listener?.connections === 0);
	});

	it('is not waited for beyond the idle time, and sees that something is missing', async () => {
		const socket = await flooded('GET / HTTP/1.0\r\n\r\n', { idleMs: 200, hasLength: false });
		socket.end();
		expect(listener?.connections).toBe(1);
		await waitFor('the connection to leave', () => listener?.connections === 0);
		socket.resume();
		await waitFor('the end', isOver);
		expect(reading.failure).toBe('ECONNRESET');
	});

	it('gets no next request served before it has taken the answer to the last', async () => {
		const socket = await flooded('GET / HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(2));
		await new Promise((resolve) => setTimeout(resolve, 100));
		expect(flood?.requests).toBe(1);
		socket.resume();
		await waitFor('both answers', () => reading.bytes > 2 * BODY_BYTES, 10_000);
		expect(reading.failure).toBe('');
		expect(flood?.requests).toBe(2);
	});

	it('is pushed out with a reset, when its place is needed', async () => {
		const socket = await flooded('GET / HTTP/1.0\r\n\r\n', { hasLength: false });
		listener?.closeNow();
		socket.resume();
		await waitFor('the end', isOver);
		expect(reading.failure).toBe('ECONNRESET');
	});
});

function noop(): void {
	// not looked at
}
