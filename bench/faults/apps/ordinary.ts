/** An ordinary Node app: answers after `delayMs` (or `/delay/MS`), echoes bodies, and closes idle connections as told. */
import { createServer } from 'node:http';
import { listen, settings } from './listening.ts';

const { delayMs, keepAliveMs, host } = settings({ delayMs: 0, keepAliveMs: 5000, host: '127.0.0.1' });

const server = createServer((request, response) => {
	const [, kind, word] = (request.url ?? '').split('/');
	if (request.method === 'POST' && kind !== 'delay') {
		response.writeHead(200);
		request.pipe(response);
		return;
	}
	const wait = kind === 'delay' ? Number(word) : delayMs;
	const answer = () => response.writeHead(200, { 'content-length': 2 }).end('ok');
	if (wait > 0) setTimeout(answer, wait);
	else answer();
});
server.keepAliveTimeout = keepAliveMs;
// Node's own margin would keep connections a second longer than it was told.
Object.assign(server, { keepAliveTimeoutBuffer: 0 });
server.on('upgrade', (request, socket) => {
	socket.write(
		`HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: ${request.headers.upgrade ?? ''}\r\n\r\n`,
	);
	socket.on('error', () => {});
	socket.pipe(socket);
});
listen(server, host);
