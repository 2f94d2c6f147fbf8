/**
 * Closed-loop WebSocket load: each connection sends a 100-byte text message, waits for its echo and sends the next.
 * Arguments: PORT CONNECTIONS SECONDS. Prints one line of JSON; exits with 1 when a handshake is refused.
 */
import { connect, type Socket } from 'node:net';
import { LOOPBACK } from './endpoint.ts';

const PAYLOAD_BYTES = 100;
/** Text, final (RFC 6455 §5.2). */
const TEXT_FRAME = 0x81;
const MASK_BIT = 0x80;
const MASK = [0x12, 0x34, 0x56, 0x78];
const ECHO_BYTES = PAYLOAD_BYTES + 2;

const [port = 0, connections = 0, seconds = 0] = process.argv.slice(2).map(Number);
const payload = Array.from({ length: PAYLOAD_BYTES }, (_, i) => 'x'.charCodeAt(0) ^ (MASK[i & 3] ?? 0));
const frame = Buffer.from([TEXT_FRAME, MASK_BIT | PAYLOAD_BYTES, ...MASK, ...payload]);
const handshake =
	'GET /ws HTTP/1.1\r\nHost: bench.local\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';

let roundTrips = 0;
const startedAt = performance.now();

function fail(reason: string): never {
	console.error(`websocket: ${reason}`);
	process.exit(1);
}

function converse(socket: Socket): void {
	let head = '';
	let received = 0;
	socket.on('data', (chunk: Buffer) => {
		if (!head.includes('\r\n\r\n')) {
			head += chunk.toString('latin1');
			if (!head.includes('\r\n\r\n')) return;
			if (!head.startsWith('HTTP/1.1 101')) fail(head.slice(0, head.indexOf('\r\n')));
			socket.write(frame);
			return;
		}
		received += chunk.length;
		if (received < ECHO_BYTES) return;
		if (received > ECHO_BYTES) fail(`an echo of ${received} bytes instead of ${ECHO_BYTES}`);
		received = 0;
		roundTrips++;
		socket.write(frame);
	});
	socket.on('close', () => fail('closed by the server'));
}

for (let i = 0; i < connections; i++) {
	const socket = connect({ port, host: LOOPBACK, noDelay: true }, () => socket.write(handshake));
	socket.on('error', (error) => fail(error.message));
	converse(socket);
}
setTimeout(() => {
	console.log(JSON.stringify({ roundTrips, seconds: (performance.now() - startedAt) / 1000 }));
	process.exit(0);
}, seconds * 1000);
