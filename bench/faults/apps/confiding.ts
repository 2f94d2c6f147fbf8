/** Answers with a secret whoever tells it, in head and body; anybody else gets a 400. */
import { createServer } from 'node:http';
import { listen, settings } from './listening.ts';

const { secret } = settings({ secret: '' });
const BODY = `orders of ${secret}: paddle, rope, sail`;

const server = createServer((request, response) => {
	let body = '';
	request.setEncoding('latin1');
	request.on('data', (piece: string) => {
		body += piece;
	});
	request.on('end', () => {
		const isTold = request.headers['x-secret'] === secret && (request.method === 'GET' || body.includes(secret));
		response.writeHead(isTold ? 200 : 400, { 'content-length': BODY.length, 'x-secret': secret }).end(BODY);
	});
});
server.keepAliveTimeout = 60_000;
listen(server);
