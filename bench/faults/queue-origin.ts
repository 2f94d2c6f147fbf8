/**
 * An origin in this process that works at one request at a time, first come, first served. Its work is a wait, so that many
 * of them fit on one core. When an answer is due follows from when the one before it was due, not from when the timer for
 * it went off: how coarse timers are makes single answers late by a millisecond or two, and the origin no slower.
 */
import { createServer, type Server, type Socket } from 'node:net';

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';

export class QueueOrigin {
	requests = 0;
	/** When it will have worked off what it has, on the clock of `performance`. */
	private freeAt = 0;
	private readonly workMs: (path: string) => number;
	private readonly server: Server;
	private readonly sockets = new Set<Socket>();

	private constructor(workMs: (path: string) => number) {
		this.workMs = workMs;
		this.server = createServer({ noDelay: true }, (socket) => this.accept(socket));
	}

	/** `workMs`: what the request for a path costs, in milliseconds. */
	static async start(workMs: (path: string) => number): Promise<QueueOrigin> {
		const origin = new QueueOrigin(workMs);
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
		for (const socket of this.sockets) socket.destroy();
		await closed;
	}

	/** Requests have no body. */
	private accept(socket: Socket): void {
		let text = '';
		this.sockets.add(socket);
		socket.on('error', () => {});
		socket.on('close', () => this.sockets.delete(socket));
		socket.on('data', (chunk) => {
			text += chunk.toString('latin1');
			for (let end = text.indexOf('\r\n\r\n'); end >= 0; end = text.indexOf('\r\n\r\n')) {
				const path = text.slice(text.indexOf(' ') + 1, text.indexOf(' ', text.indexOf(' ') + 1));
				text = text.slice(end + 4);
				this.take(socket, path);
			}
		});
	}

	private take(socket: Socket, path: string): void {
		this.requests++;
		const now = performance.now();
		this.freeAt = Math.max(now, this.freeAt) + this.workMs(path);
		setTimeout(() => socket.write(OK, 'latin1'), this.freeAt - now);
	}
}
