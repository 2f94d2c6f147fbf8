import { Agent, createServer } from 'node:http';
import { createProxyServer } from 'http-proxy-3';

const [port, origin] = process.argv.slice(2).map(Number);
const proxy = createProxyServer({
	target: `http://127.0.0.1:${origin}`,
	agent: new Agent({ keepAlive: true }),
	xfwd: true,
});
proxy.on('error', (_error, _request, response) => response.destroy());
const server = createServer({ keepAliveTimeout: 600_000 }, (request, response) => proxy.web(request, response));
server.on('upgrade', (request, socket, head) => proxy.ws(request, socket, head));
server.listen(port, '127.0.0.1');
