/** A server for where nginx cannot serve: WebSocket echo of short messages, and the HTTP bodies when nginx is missing. */
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { Duplex } from 'node:stream';
import { LOOPBACK } from './endpoint.ts';
import { textBody } from './origin.ts';

/** RFC 6455 §1.3. */
const WEBSOCKET_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
/** A client's frame with a payload of at most 125 bytes: two bytes, and four of mask (RFC 6455 §5.2). */
const CLIENT_HEAD_BYTES = 6;
const MASK_OFFSET = 2;
const LENGTH_MASK = 0x7f;
const KEEP_ALIVE_MS = 600_000;

const bodies = new Map([
	['/100', textBody(100)],
	['/1k', textBody(1024)],
	['/10k', textBody(10_240)],
]);

const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS, noDelay: true }, (request, response) => {
	request.resume();
	const body = bodies.get(request.url ?? '');
	response.writeHead(body === undefined ? 404 : 200, { 'content-length': Buffer.byteLength(body ?? '') });
	response.end(body);
});

server.on('upgrade', (request, socket) => {
	const key = request.headers['sec-websocket-key'] ?? '';
	const accept = createHash('sha1')
		.update(key + WEBSOCKET_GUID)
		.digest('base64');
	socket.write(
		`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
	);
	echo(socket);
});
server.listen(Number(process.argv[2]), LOOPBACK);

function echo(socket: Duplex): void {
	let rest: Buffer = Buffer.alloc(0);
	socket.on('error', () => socket.destroy());
	socket.on('data', (chunk: Buffer) => {
		const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
		let at = 0;
		for (;;) {
			const length = (bytes[at + 1] ?? 0) & LENGTH_MASK;
			if (bytes.length - at < CLIENT_HEAD_BYTES + length) break;
			socket.write(unmask(bytes.subarray(at, at + CLIENT_HEAD_BYTES + length)));
			at += CLIENT_HEAD_BYTES + length;
		}
		rest = bytes.subarray(at);
	});
}

/** The same frame as a server sends it. */
function unmask(frame: Buffer): Buffer {
	const length = frame.length - CLIENT_HEAD_BYTES;
	const out = Buffer.allocUnsafe(MASK_OFFSET + length);
	out[0] = frame[0] ?? 0;
	out[1] = length;
	for (let i = 0; i < length; i++) {
		out[MASK_OFFSET + i] = (frame[CLIENT_HEAD_BYTES + i] ?? 0) ^ (frame[MASK_OFFSET + (i & 3)] ?? 0);
	}
	return out;
}
