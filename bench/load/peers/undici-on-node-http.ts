/** What one gets by putting together the two best-known parts: a node:http server and undici's lowest-level client call. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type Dispatcher, Pool } from 'undici';

const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'te', 'trailer', 'expect']);
const CONNECTIONS = 256;

const [port, origin] = process.argv.slice(2).map(Number);
const pool = new Pool(`http://127.0.0.1:${origin}`, { connections: CONNECTIONS, pipelining: 1 });

function forwardable(raw: readonly string[]): string[] {
	const kept: string[] = [];
	for (let i = 0; i < raw.length; i += 2) {
		const name = raw[i] ?? '';
		if (!HOP_BY_HOP.has(name.toLowerCase())) kept.push(name, raw[i + 1] ?? '');
	}
	return kept;
}

function handlerFor(response: ServerResponse): Dispatcher.DispatchHandler {
	return {
		onRequestStart(controller) {
			response.on('drain', () => controller.resume());
		},
		onResponseStart(controller, status) {
			const raw = (controller.rawHeaders ?? []) as readonly (Buffer | string)[];
			response.writeHead(status, forwardable(raw.map(String)));
		},
		onResponseData(controller, chunk) {
			if (!response.write(chunk)) controller.pause();
		},
		onResponseEnd() {
			response.end();
		},
		onResponseError(_controller, error) {
			console.error(error);
			response.destroy();
		},
	};
}

const server = createServer({ keepAliveTimeout: 600_000 }, (request: IncomingMessage, response: ServerResponse) => {
	const headers = [...forwardable(request.rawHeaders), 'x-forwarded-for', request.socket.remoteAddress ?? ''];
	const hasBody = request.headers['content-length'] !== undefined || request.headers['transfer-encoding'] !== undefined;
	const method = (request.method ?? 'GET') as Dispatcher.HttpMethod;
	const body = hasBody ? request : null;
	pool.dispatch({ path: request.url ?? '/', method, headers, body }, handlerFor(response));
});
server.listen(port, '127.0.0.1');
