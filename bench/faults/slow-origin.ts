/** An origin in this process that takes its time, and counts what it is asked for and what is given up meanwhile. */
import { createServer, type Server } from 'node:http';

export class SlowOrigin {
	requests = 0;
	/** Requests whose connection was closed before they were answered. */
	cancelled = 0;
	/** How long the next answer takes. */
	private readonly delayMs: () => number;
	private readonly server: Server;

	private constructor(delayMs: () => number) {
		this.delayMs = delayMs;
		this.server = createServer((request, response) => {
			this.requests++;
			request.resume();
			const timer = setTimeout(() => response.end('ok'), this.delayMs());
			response.on('close', () => {
				if (response.writableEnded) return;
				clearTimeout(timer);
				this.cancelled++;
			});
		});
	}

	static async start(delayMs: () => number): Promise<SlowOrigin> {
		const origin = new SlowOrigin(delayMs);
		await new Promise<void>((resolve) => origin.server.listen(0, '127.0.0.1', resolve));
		return origin;
	}

	get port(): number {
		const address = this.server.address();
		if (address === null || typeof address === 'string') throw new Error('the origin does not listen');
		return address.port;
	}

	async stop(): Promise<void> {
		const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
		this.server.closeAllConnections();
		await closed;
	}
}
