/**
 * The orders of a shop. It knows nothing of TLS: the sidecar in front of it finds out who calls, and says so in a header.
 *
 *     PORT=8081 node examples/mesh/orders.js
 */
import { createServer } from 'node:http';

const PORT = Number(process.env.PORT ?? 8081);
const HOST = process.env.HOST ?? '127.0.0.1';
const ORDERS = ['paddle', 'rope', 'sail'];

/** The SPIFFE id in `x-forwarded-client-cert`. The sidecar takes away what a caller says of itself there. */
function callerOf(request) {
	return /URI=([^;,"]+)/.exec(request.headers['x-forwarded-client-cert'] ?? '')?.[1] ?? 'nobody in particular';
}

const server = createServer((request, response) => {
	const body = `${JSON.stringify({ orders: ORDERS, askedBy: callerOf(request) })}\n`;
	response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
	response.end(body);
});

server.listen(PORT, HOST, () => console.error(`orders listens on http://${HOST}:${PORT}`));

for (const signal of ['SIGTERM', 'SIGINT']) {
	process.on(signal, () => {
		server.close();
		server.closeIdleConnections();
	});
}
