/**
 * A port for an app that comes and goes. It lies below the ports that the system gives to outgoing connections: while
 * the app is away none of them may take it.
 */
import { createServer } from 'node:net';

const LOWEST = 15_000;
const HIGHEST = 30_000;
const TRIES = 50;

export async function fixedPort(): Promise<number> {
	for (let i = 0; i < TRIES; i++) {
		const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
		if (await isFree(port)) return port;
	}
	throw new Error(`no free port between ${LOWEST} and ${HIGHEST}`);
}

function isFree(port: number): Promise<boolean> {
	return new Promise((resolve) => {
		const server = createServer();
		server.once('error', () => resolve(false));
		server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
	});
}
