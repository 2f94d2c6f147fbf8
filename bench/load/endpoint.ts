/** Small things done to a port on the loopback: find a free one, ask one, hold many connections open. */
import { request } from 'node:http';
import { request as secureRequest } from 'node:https';
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export const LOOPBACK = '127.0.0.1';
const ASK_TIMEOUT_MS = 2000;
/** A native proxy starts in a few milliseconds, so the poll must be finer than that. */
const READY_POLL_MS = 1;

export interface Answer {
	readonly status: number;
	readonly bodyBytes: number;
}

export function freePort(): Promise<number> {
	return new Promise((resolve, reject) => {
		const server = createServer();
		server.once('error', reject);
		server.listen(0, LOOPBACK, () => {
			const address = server.address();
			const port = address !== null && typeof address === 'object' ? address.port : 0;
			server.close(() => resolve(port));
		});
	});
}

export interface AskOptions {
	/** Whoever answers is believed. Default: plaintext. */
	readonly tls?: boolean;
	readonly host?: string | undefined;
}

/** One GET on a connection of its own. */
export function ask(port: number, path: string, { tls = false, host }: AskOptions = {}): Promise<Answer> {
	return new Promise((resolve, reject) => {
		const headers = host === undefined ? {} : { host };
		const options = { host: LOOPBACK, port, path, headers, agent: false, timeout: ASK_TIMEOUT_MS };
		const send = tls ? secureRequest : request;
		const outgoing = send({ ...options, ...(tls && { rejectUnauthorized: false }) }, (answer) => {
			let bodyBytes = 0;
			answer.on('data', (chunk: Buffer) => {
				bodyBytes += chunk.length;
			});
			answer.on('end', () => resolve({ status: answer.statusCode ?? 0, bodyBytes }));
			answer.on('error', reject);
		});
		outgoing.on('timeout', () => outgoing.destroy(new Error('timeout')));
		outgoing.on('error', reject);
		outgoing.end();
	});
}

/** Polls until the answer is a 2xx; returns the time of that answer on the monotonic clock, or null when `giveUp` says so. */
export async function firstSuccess(
	port: number,
	path: string,
	giveUp: () => boolean,
	options: AskOptions = {},
): Promise<number | null> {
	while (!giveUp()) {
		try {
			const { status } = await ask(port, path, options);
			if (status >= 200 && status < 300) return performance.now();
		} catch {
			// Not listening yet.
		}
		await sleep(READY_POLL_MS);
	}
	return null;
}

/** Opens keep-alive connections in small groups, each having had one answer, and leaves them idle. */
export async function holdIdle(port: number, path: string, count: number, atOnce: number): Promise<Socket[]> {
	const sockets: Socket[] = [];
	for (let opened = 0; opened < count; opened += atOnce) {
		const group = Array.from({ length: Math.min(atOnce, count - opened) }, () => openIdle(port, path));
		sockets.push(...(await Promise.all(group)));
	}
	return sockets;
}

function openIdle(port: number, path: string): Promise<Socket> {
	return new Promise((resolve, reject) => {
		const socket = connect({ port, host: LOOPBACK, noDelay: true });
		socket.on('error', reject);
		socket.once('connect', () => socket.write(`GET ${path} HTTP/1.1\r\nHost: bench.local\r\n\r\n`));
		socket.once('data', () => {
			socket.resume();
			resolve(socket);
		});
		socket.setTimeout(ASK_TIMEOUT_MS, () => reject(new Error('no answer')));
	});
}
