/**
 * What the shop has in stock: the service that it calls.
 *
 *     PORT=8081 node examples/shop/stock.js
 */
import { createServer } from 'node:http';

const PORT = Number(process.env.PORT ?? 8081);
const HOST = process.env.HOST ?? '127.0.0.1';
const STOCK = { paddle: 12, rope: 40, sail: 3 };

const server = createServer((_request, response) => {
	const body = `${JSON.stringify(STOCK)}\n`;
	response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
	response.end(body);
});

server.listen(PORT, HOST, () => console.error(`stock listens on http://${HOST}:${PORT}`));

for (const signal of ['SIGTERM', 'SIGINT']) {
	process.on(signal, () => {
		server.close();
		server.closeIdleConnections();
	});
}
