/**
 * Big bodies: GET gives `bytes`, with a length or in chunks; POST is read to its end and counted. `stutterMs` makes it
 * read slowly: a pause after every few megabytes.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { listen, settings } from './listening.ts';

const { bytes, stutterMs } = settings({ bytes: 1_000_000, stutterMs: 0 });
const BLOCK = Buffer.alloc(64 * 1024, 'x');
const STUTTER_BYTES = 16 * 1024 * 1024;

function give(response: ServerResponse, isChunked: boolean): void {
	response.writeHead(200, isChunked ? {} : { 'content-length': bytes });
	let left = bytes;
	const more = () => {
		while (left > 0) {
			const size = Math.min(left, BLOCK.length);
			left -= size;
			if (!response.write(size === BLOCK.length ? BLOCK : BLOCK.subarray(0, size))) {
				response.once('drain', more);
				return;
			}
		}
		response.end();
	};
	more();
}

function take(request: IncomingMessage, response: ServerResponse): void {
	let seen = 0;
	let rested = 0;
	request.on('data', (chunk: Buffer) => {
		seen += chunk.length;
		if (stutterMs === 0 || seen - rested < STUTTER_BYTES) return;
		rested = seen;
		request.pause();
		setTimeout(() => request.resume(), stutterMs);
	});
	request.on('end', () => response.end(String(seen)));
}

const server = createServer((request, response) => {
	if (request.method === 'POST') take(request, response);
	else if (request.url === '/small') response.end('ok');
	else give(response, request.url === '/chunked');
});
server.requestTimeout = 0;
listen(server);
