import type { Server } from 'node:net';

/** The port that the system chose. Throws when the server does not listen on one. */
export function portOf(server: Server): number {
	const address = server.address();
	if (address === null || typeof address === 'string') throw new Error('the server does not listen');
	return address.port;
}
