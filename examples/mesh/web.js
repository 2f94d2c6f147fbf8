/**
 * The pages of a shop, which asks another service by its name. It speaks plain HTTP: its sidecar makes TLS of that.
 *
 *     PORT=8080 node examples/mesh/web.js
 */
import { createServer, get } from 'node:http';

const PORT = Number(process.env.PORT ?? 8080);
const HOST = process.env.HOST ?? '127.0.0.1';
const ORDERS_URL = process.env.ORDERS_URL ?? 'http://orders/';

const server = createServer((_request, response) => {
	const call = get(ORDERS_URL, (answer) => {
		response.writeHead(answer.statusCode ?? 502, { 'content-type': answer.headers['content-type'] ?? 'text/plain' });
		answer.pipe(response);
	});
	call.on('error', (error) => {
		response.writeHead(502, { 'content-type': 'text/plain' });
		response.end(`orders: ${error.code ?? error.message}\n`);
	});
});

server.listen(PORT, HOST, () => console.error(`web listens on http://${HOST}:${PORT}`));

for (const signal of ['SIGTERM', 'SIGINT']) {
	process.on(signal, () => {
		server.close();
		server.closeIdleConnections();
	});
}
