/**
 * A small HTTP server for the control side: admin port, probes, log intake. Not for the data path.
 *
 * `node:http` is loaded when a server starts, and by `require`: as an ES module it would evaluate every lazy export,
 * undici among them, which costs 15 MB instead of 1.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import { pipeline } from 'node:stream/promises';
import type { BoundAddress, ControlHandler, ControlReply, ControlRequest, ControlServer } from '../ports/control.ts';
import type { Log } from '../ports/log.ts';

export interface ControlServerOptions {
	/** `host` is `''` for all addresses of both families. */
	readonly listen: { readonly host: string; readonly port: number };
	readonly handler: ControlHandler;
	readonly log: Log;
	/** Connections at once; more are closed as they come. */
	readonly maxConnections?: number;
	/** Milliseconds from the first byte of a request to its last; then 408. */
	readonly requestTimeoutMs?: number;
}

const MAX_CONNECTIONS = 64;
/** Whoever talks to these ports is near; what takes longer is stuck or means harm. */
const REQUEST_TIMEOUT_MS = 10_000;
const HEADERS_TIMEOUT_MS = 5000;
/** How often Node looks for requests that are too slow: it bounds how late a 408 is. */
const TIMEOUT_CHECK_MS = 1000;
/** Longer than the usual scrape and probe intervals, so that their connections live on. */
const KEEP_ALIVE_MS = 65_000;
const MAX_HEADER_BYTES = 16 * 1024;
const MAX_HEADERS = 64;
/** A scrape in flight may finish; a stuck one may not hold up the end. */
const STOP_TIMEOUT_MS = 1000;
/** Read past a body's limit before the connection is cut. */
const MAX_DISCARDED_BYTES = 16 * 1024 * 1024;
const STATUS_INTERNAL = 500;

export class HttpControlServer implements ControlServer {
	private readonly options: ControlServerOptions;
	private server: Server | null = null;

	constructor(options: ControlServerOptions) {
		this.options = options;
	}

	start(): Promise<BoundAddress> {
		const { listen, maxConnections, requestTimeoutMs } = this.options;
		const http = createRequire(import.meta.url)('node:http') as typeof import('node:http');
		const server = http.createServer({
			requestTimeout: requestTimeoutMs ?? REQUEST_TIMEOUT_MS,
			headersTimeout: Math.min(HEADERS_TIMEOUT_MS, requestTimeoutMs ?? REQUEST_TIMEOUT_MS),
			connectionsCheckingInterval: Math.min(TIMEOUT_CHECK_MS, requestTimeoutMs ?? TIMEOUT_CHECK_MS),
			keepAliveTimeout: KEEP_ALIVE_MS,
			maxHeaderSize: MAX_HEADER_BYTES,
			requireHostHeader: false, // the handlers judge the Host themselves
		});
		server.maxHeadersCount = MAX_HEADERS;
		server.maxConnections = maxConnections ?? MAX_CONNECTIONS;
		server.on('request', (request, response) => {
			this.serve(request, response).catch((error: unknown) => this.fail(response, error));
		});
		this.server = server;
		return new Promise((resolve, reject) => {
			server.once('error', reject);
			server.listen({ port: listen.port, ...(listen.host === '' ? {} : { host: listen.host }) }, () => {
				server.removeListener('error', reject);
				server.on('error', (error) => this.options.log.warn({ err: error }, 'control server failed'));
				const bound = server.address();
				resolve(
					typeof bound === 'object' && bound !== null
						? { address: bound.address, port: bound.port }
						: { address: '', port: 0 },
				);
			});
		});
	}

	async stop(): Promise<void> {
		const { server } = this;
		if (server === null) return;
		this.server = null;
		const closed = new Promise<void>((resolve) => server.close(() => resolve()));
		server.closeIdleConnections();
		AbortSignal.timeout(STOP_TIMEOUT_MS).addEventListener('abort', () => server.closeAllConnections());
		await closed;
	}

	private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
		const reply = await this.options.handler(new HttpControlRequest(request));
		if (response.destroyed) return;
		if (!request.complete) response.setHeader('connection', 'close');
		await send(request, response, reply);
	}

	private fail(response: ServerResponse, error: unknown): void {
		if (response.destroyed) return;
		this.options.log.error({ err: error }, 'control request failed');
		if (response.headersSent) response.destroy();
		else response.writeHead(STATUS_INTERNAL, { 'content-type': 'application/json' }).end('{"error":"internal"}\n');
	}
}

async function send(request: IncomingMessage, response: ServerResponse, reply: ControlReply): Promise<void> {
	const { body } = reply;
	response.statusCode = reply.status;
	response.setHeader('x-content-type-options', 'nosniff');
	response.setHeader('cache-control', 'no-store');
	for (const [name, value] of Object.entries(reply.headers ?? {})) response.setHeader(name, value);
	if (typeof body === 'string') {
		if (body !== '') response.setHeader('content-length', Buffer.byteLength(body));
		response.end(request.method === 'HEAD' ? undefined : body);
	} else if (request.method === 'HEAD') {
		response.end();
	} else {
		await pipeline(body, response).catch((error: unknown) => {
			if (!response.destroyed) throw error; // else the peer has left, which is its right
		});
	}
}

class HttpControlRequest implements ControlRequest {
	readonly method: string;
	readonly path: string;
	readonly query: string;
	private readonly message: IncomingMessage;

	constructor(message: IncomingMessage) {
		const target = message.url ?? '';
		const question = target.indexOf('?');
		this.message = message;
		this.method = message.method ?? '';
		this.path = question === -1 ? target : target.slice(0, question);
		this.query = question === -1 ? '' : target.slice(question + 1);
	}

	header(name: string): string {
		// Of a repeated Host Node keeps the first; whoever sends two means harm, so none of them counts.
		const values = this.message.headersDistinct[name];
		return values === undefined || (name === 'host' && values.length > 1) ? '' : values.join(', ');
	}

	body(maxBytes: number): Promise<Uint8Array | null> {
		const { message } = this;
		return new Promise((resolve, reject) => {
			const chunks: Buffer[] = [];
			let size = 0;
			// What is too large is still read for a while: a peer that we cut off in the middle of sending would see a
			// reset, not the reply.
			message.on('data', (chunk: Buffer) => {
				size += chunk.length;
				if (size <= maxBytes) chunks.push(chunk);
				else if (size > maxBytes + MAX_DISCARDED_BYTES) resolve(null);
			});
			message.on('end', () => resolve(size > maxBytes ? null : Buffer.concat(chunks)));
			message.on('error', reject);
			message.on('close', () => reject(new Error('the peer left before its request had ended')));
		});
	}
}
