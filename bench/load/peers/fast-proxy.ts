import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createRequire } from 'node:module';

type Forward = (request: IncomingMessage, response: ServerResponse, path: string, options: object) => void;
type FastProxy = (options: object) => { proxy: Forward };

// Not one of our packages, so it is loaded by name at run time.
const name = 'fast-proxy';
const fastProxy: FastProxy = createRequire(import.meta.url)(name);
const [port, origin] = process.argv.slice(2).map(Number);
const { proxy } = fastProxy({ base: `http://127.0.0.1:${origin}`, requests: { http: { keepAlive: true } } });
const server = createServer({ keepAliveTimeout: 600_000 }, (request, response) => {
	proxy(request, response, request.url ?? '/', {});
});
server.listen(port, '127.0.0.1');
