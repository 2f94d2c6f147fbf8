/** What every app here prints once it listens: its port, and when, on the clock that all processes share. */
import type { Server } from 'node:net';

export function listen(server: Server, host = '127.0.0.1'): void {
	server.listen({ port: Number(process.argv[2] ?? 0), host, backlog: 4096 }, () => {
		const address = server.address();
		const port = typeof address === 'object' && address !== null ? address.port : 0;
		console.log(`listening ${port} at ${performance.timeOrigin + performance.now()}`);
	});
}

/** The scenario's settings for this app, laid over its own. */
export function settings<T extends object>(defaults: T): T {
	return { ...defaults, ...(JSON.parse(process.argv[3] ?? '{}') as Partial<T>) };
}
