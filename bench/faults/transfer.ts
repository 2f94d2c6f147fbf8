/** One big body through the sidecar, by a client that reads in fits and starts. Resolves to the bytes of payload. */
import { connect } from 'node:net';

const BLOCK = Buffer.alloc(64 * 1024, 'y');
const CHUNK = Buffer.concat([Buffer.from(`${BLOCK.length.toString(16)}\r\n`), BLOCK, Buffer.from('\r\n')]);
/** The reader stops after so many bytes. */
const STUTTER_BYTES = 16 * 1024 * 1024;

export interface TransferSettings {
	readonly port: number;
	readonly bytes: number;
	readonly isChunked: boolean;
	/** How long the reader of a download stops each time. */
	readonly stutterMs: number;
}

/** Bytes read from the wire, head and framing included; rejects when the connection ends early. */
export function download({ port, bytes, isChunked, stutterMs }: TransferSettings): Promise<number> {
	return new Promise((resolve, reject) => {
		let seen = 0;
		let rested = 0;
		let tail = '';
		const socket = connect({ port, host: '127.0.0.1' });
		socket.on('data', (chunk) => {
			seen += chunk.length;
			if (isChunked) tail = (tail + chunk.toString('latin1', Math.max(0, chunk.length - 8))).slice(-8);
			if (isChunked ? tail.endsWith('0\r\n\r\n') : seen > bytes) {
				socket.destroy();
				return;
			}
			if (seen - rested < STUTTER_BYTES) return;
			rested = seen;
			socket.pause();
			setTimeout(() => socket.resume(), stutterMs);
		});
		socket.on('error', reject);
		socket.on('close', () => (seen >= bytes ? resolve(seen) : reject(new Error(`only ${seen} of ${bytes} bytes`))));
		socket.write(`GET /${isChunked ? 'chunked' : 'length'} HTTP/1.1\r\nhost: app.test\r\n\r\n`);
	});
}

/** Resolves to what the app says it has received. */
export function upload({ port, bytes, isChunked }: TransferSettings): Promise<number> {
	return new Promise((resolve, reject) => {
		const socket = connect({ port, host: '127.0.0.1' });
		let answer = '';
		socket.on('data', (chunk) => {
			answer += chunk.toString('latin1');
			const count = /\r\n\r\n(?:[0-9a-f]+\r\n)?(\d+)(?:\r\n0\r\n\r\n)?$/.exec(answer)?.[1];
			if (count === undefined) return;
			resolve(Number(count));
			socket.destroy();
		});
		socket.on('error', reject);
		socket.on('close', () => reject(new Error(`no count: ${answer.slice(0, 200)}`)));
		const framing = isChunked ? 'transfer-encoding: chunked' : `content-length: ${bytes}`;
		socket.write(`POST / HTTP/1.1\r\nhost: app.test\r\n${framing}\r\n\r\n`);
		let blocks = bytes / BLOCK.length;
		const more = () => {
			while (blocks-- > 0) {
				if (!socket.write(isChunked ? CHUNK : BLOCK)) {
					socket.once('drain', more);
					return;
				}
			}
			if (isChunked) socket.write('0\r\n\r\n');
		};
		more();
	});
}
