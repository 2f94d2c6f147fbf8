/**
 * A raw TCP server that keeps the exact bytes of every connection and answers with whatever bytes a test says. It has no
 * HTTP library: it can misbehave in every way, and it sees what a lenient server would hide.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { waitFor } from './wait-for.ts';
import { splitRequests, type WireMessage } from './wire-message.ts';

export class OriginConnection {
	/** Responses may be sent through it directly; the tests read it, too. */
	readonly socket: Socket;
	/** What the peer's end or failure was: `''` while it is open. */
	ended: '' | 'end' | 'close' | 'error' = '';
	private readonly chunks: Buffer[] = [];

	constructor(socket: Socket) {
		this.socket = socket;
		socket.setNoDelay(true);
		socket.on('data', (chunk: Buffer) => this.chunks.push(chunk));
		socket.on('end', () => {
			this.ended ||= 'end';
		});
		socket.on('error', () => {
			this.ended = 'error';
		});
		socket.on('close', () => {
			this.ended ||= 'close';
		});
	}

	get bytes(): Buffer {
		return Buffer.concat(this.chunks);
	}

	get requests(): WireMessage[] {
		return splitRequests(this.bytes).messages;
	}

	send(data: string | Buffer): void {
		this.socket.write(typeof data === 'string' ? Buffer.from(data, 'latin1') : data);
	}

	/** Each byte in a segment of its own, as far as the system lets us. */
	async sendByteByByte(data: string): Promise<void> {
		for (const byte of Buffer.from(data, 'latin1')) {
			await new Promise<void>((resolve) => this.socket.write(Buffer.of(byte), () => resolve()));
			await new Promise((resolve) => setImmediate(resolve));
		}
	}

	/** Half-closes after what was sent. */
	end(): void {
		this.socket.end();
	}

	/** Closes with a RST. */
	reset(): void {
		this.socket.resetAndDestroy();
	}
}

export interface OriginScript {
	/** Called for each new connection, before any byte. */
	onConnection?(connection: OriginConnection): void | Promise<void>;
	/** Called once the head of a request is whole; `index` counts the connection's requests. */
	onHead?(connection: OriginConnection, index: number): void | Promise<void>;
	/** Called for each whole request. The default answers 200 with `METHOD target` as the body. */
	onRequest?(request: WireMessage, connection: OriginConnection, index: number): void | Promise<void>;
}

/** A 200 whose body says which request it answers; for HEAD just the head of it. */
export function echo(request: WireMessage): string {
	const body = `${request.method} ${request.target}`;
	return `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${request.method === 'HEAD' ? '' : body}`;
}

export class RecordingOrigin {
	readonly connections: OriginConnection[] = [];
	/** Rejections and exceptions of the script: a test that uses one checks that there are none. */
	readonly failures: unknown[] = [];
	private readonly server: Server;
	private script: OriginScript;
	/** Steps of the script under way. */
	private running = 0;

	private constructor(script: OriginScript) {
		this.script = script;
		this.server = createServer({ allowHalfOpen: true }, (socket) => this.accept(socket));
	}

	static async start(script: OriginScript = {}): Promise<RecordingOrigin> {
		const origin = new RecordingOrigin(script);
		await new Promise<void>((resolve) => origin.server.listen(0, '127.0.0.1', resolve));
		return origin;
	}

	get port(): number {
		const address = this.server.address();
		if (address === null || typeof address === 'string') throw new Error('the origin does not listen');
		return address.port;
	}

	/** Every whole request so far, in the order of the connections. */
	get requests(): WireMessage[] {
		return this.connections.flatMap((connection) => connection.requests);
	}

	/** What no server should ever have been sent, over all connections. */
	get oddities(): string[] {
		return this.connections.flatMap((connection) => splitRequests(connection.bytes).oddities);
	}

	/** Answers differently from now on; connections stay. */
	follow(script: OriginScript): void {
		this.script = script;
	}

	/** Drops what was recorded, and every connection with it. */
	forget(): void {
		for (const connection of this.connections) connection.socket.destroy();
		this.connections.length = 0;
	}

	/** Drops what was recorded of connections that are gone; those that are open stay whole. */
	forgetFinished(): void {
		const open = this.connections.filter((connection) => !connection.socket.destroyed);
		this.connections.splice(0, this.connections.length, ...open);
	}

	async waitForRequests(count: number): Promise<WireMessage[]> {
		await waitFor(`${count} requests at the origin`, () => this.requests.length >= count);
		return this.requests;
	}

	async stop(): Promise<void> {
		const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
		this.forget();
		await closed;
	}

	private accept(socket: Socket): void {
		const connection = new OriginConnection(socket);
		this.connections.push(connection);
		this.run(() => this.script.onConnection?.(connection));
		let heads = 0;
		let answered = 0;
		socket.on('data', () => {
			const { messages, rest } = splitRequests(connection.bytes);
			const headsNow = messages.length + (rest.includes('\r\n\r\n') ? 1 : 0);
			for (; heads < headsNow; heads++) this.run(() => this.script.onHead?.(connection, heads));
			for (; answered < messages.length; answered++)
				this.answer(messages[answered] as WireMessage, connection, answered);
		});
		socket.on('end', () => {
			this.endWhenDone(socket);
		});
	}

	private answer(request: WireMessage, connection: OriginConnection, index: number): void {
		const { onRequest } = this.script;
		if (onRequest) this.run(() => onRequest.call(this.script, request, connection, index));
		else connection.send(echo(request));
	}

	/** Ends our side after the peer's, but not before the script has finished what it was doing. */
	private endWhenDone(socket: Socket): void {
		if (this.running === 0) socket.end();
		else setImmediate(() => this.endWhenDone(socket));
	}

	private run(step: () => void | Promise<void>): void {
		this.running++;
		new Promise<void>((resolve) => resolve(step()))
			.catch((failure: unknown) => this.failures.push(failure))
			.finally(() => this.running--);
	}
}
