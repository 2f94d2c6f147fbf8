/** Blocks for writing are lent and taken back: with slow readers on both sides not one byte may be another's. */
import { createHash } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { waitFor } from '../support/wait-for.ts';
import { Fixture } from './fixture.ts';
import { RunningSidecar, routeFile } from './running.ts';

const BODY_BYTES = 6 * 1024 * 1024;
const SIDES = 6;

/** Different for each client, and different at each offset. */
function bodyOf(which: number): Buffer {
	const bytes = Buffer.alloc(BODY_BYTES);
	for (let at = 0; at < BODY_BYTES; at += 4) bytes.writeUInt32LE((at * 16 + which) >>> 0, at);
	return bytes;
}

function hash(bytes: Buffer): string {
	return createHash('sha1').update(bytes).digest('hex');
}

/** Reads a little, rests for a turn, reads on. */
function readSlowly(socket: Socket, take: (chunk: Buffer) => void): void {
	socket.on('data', (chunk: Buffer) => {
		take(chunk);
		socket.pause();
		setTimeout(() => socket.resume(), 1);
	});
}

let fixture: Fixture;
let echoing: Server | null = null;
let sidecar: RunningSidecar | null = null;

beforeEach(async () => {
	fixture = await Fixture.make();
});

afterEach(async () => {
	await sidecar?.stop();
	sidecar = null;
	echoing?.close();
	echoing = null;
	await fixture.stop();
});

/** An app that answers with the body of the request, while it reads that slowly. */
async function startEcho(): Promise<number> {
	const server = createServer((socket) => {
		let head = '';
		socket.on('error', () => socket.destroy());
		readSlowly(socket, (chunk) => {
			let body = chunk;
			if (!head.includes('\r\n\r\n')) {
				const before = head.length;
				head += chunk.toString('latin1');
				const end = head.indexOf('\r\n\r\n') + 4;
				if (end < 4) return;
				body = chunk.subarray(end - before);
				socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${BODY_BYTES}\r\n\r\n`);
			}
			socket.write(body);
		});
	});
	echoing = server;
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	return (server.address() as { port: number }).port;
}

describe('bodies of megabytes through slow readers', () => {
	it('arrive whole and unmixed, both ways at once', async () => {
		const port = await startEcho();
		sidecar = await RunningSidecar.start(routeFile(port, { app: { port } }));
		fixture.origin.forget();
		const { connect } = await import('node:net');
		const sidecarPort = sidecar.port;
		const answers = await Promise.all(
			Array.from({ length: SIDES }, async (_, which) => {
				const body = bodyOf(which);
				const socket = connect(sidecarPort, '127.0.0.1');
				const chunks: Buffer[] = [];
				let bytes = 0;
				let headBytes = 0;
				readSlowly(socket, (chunk) => {
					chunks.push(chunk);
					bytes += chunk.length;
					if (headBytes === 0) headBytes = Buffer.concat(chunks).indexOf('\r\n\r\n') + 4;
					if (headBytes < 4) headBytes = 0;
				});
				// The last piece may be shorter than the head.
				const isWhole = (): boolean => headBytes > 0 && bytes >= headBytes + BODY_BYTES;
				socket.write(`PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: ${BODY_BYTES}\r\n\r\n`);
				socket.write(body);
				await waitFor('the whole answer', () => isWhole() || socket.destroyed, 15_000);
				socket.destroy();
				const all = Buffer.concat(chunks);
				return [hash(all.subarray(all.indexOf('\r\n\r\n') + 4)), hash(body)];
			}),
		);
		for (const [got, sent] of answers) expect(got).toBe(sent);
	});
});
