/** Answers with what the sidecar told it: the value of `x-version` as the body. */
import { createServer } from 'node:http';
import { listen } from './listening.ts';

const server = createServer((request, response) => {
	const said = String(request.headers['x-version'] ?? 'none');
	response.writeHead(200, { 'content-length': said.length }).end(said);
});
server.keepAliveTimeout = 60_000;
listen(server);
