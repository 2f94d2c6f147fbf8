import { createServer } from 'node:net';

/**
 * A port that nobody has at the moment. Another process may take it before it is used: where a server can be asked which
 * port it got, bind to port 0 instead.
 */
export async function freePort(): Promise<number> {
	const server = createServer();
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	const address = server.address();
	await new Promise<void>((resolve) => server.close(() => resolve()));
	if (address === null || typeof address === 'string') throw new Error('no port');
	return address.port;
}
