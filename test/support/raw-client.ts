/** A TCP client that sends exactly the bytes it is given, in the pieces it is told, and reads with a parser of its own. */
import { connect, type Socket } from 'node:net';
import { DEADLINE_MS, waitFor, within } from './wait-for.ts';
import { splitResponses, type WireMessage } from './wire-message.ts';

export class RawClient {
	/** The peer has ended its side, or the connection is gone. */
	isEnded = false;
	isClosed = false;
	/** Code of the socket's failure, such as ECONNRESET; `''` without one. */
	failure = '';
	private readonly socket: Socket;
	private readonly chunks: Buffer[] = [];
	/** Methods of the requests whose responses have not been read. */
	private readonly methods: string[] = [];
	private taken = 0;

	private constructor(socket: Socket) {
		this.socket = socket;
		socket.setNoDelay(true);
		socket.on('data', (chunk: Buffer) => this.chunks.push(chunk));
		socket.on('end', () => {
			this.isEnded = true;
		});
		socket.on('error', (error: NodeJS.ErrnoException) => {
			this.failure = error.code ?? error.message;
		});
		socket.on('close', () => {
			this.isEnded = true;
			this.isClosed = true;
		});
	}

	static async connect(port: number, host = '127.0.0.1'): Promise<RawClient> {
		const socket = connect({ port, host, allowHalfOpen: true });
		await within(
			`a connection to ${host}:${port}`,
			new Promise<void>((resolve, reject) => {
				socket.once('connect', resolve);
				socket.once('error', reject);
			}),
		);
		return new RawClient(socket);
	}

	/** Everything received so far. */
	get received(): Buffer {
		return Buffer.concat(this.chunks);
	}

	/** Sends the bytes in pieces that begin at the given offsets, each in a write of its own. */
	async send(data: string | Buffer, splitAt: readonly number[] = []): Promise<void> {
		const bytes = typeof data === 'string' ? Buffer.from(data, 'latin1') : data;
		let start = 0;
		for (const end of [...splitAt, bytes.length]) {
			if (end <= start || this.isClosed) continue;
			const piece = bytes.subarray(start, end);
			await new Promise<void>((resolve) => this.socket.write(piece, () => resolve()));
			await new Promise((resolve) => setImmediate(resolve));
			start = end;
		}
	}

	/** Half-closes: the peer sees our end, and may still answer. */
	end(): void {
		this.socket.end();
	}

	reset(): void {
		this.socket.resetAndDestroy();
	}

	close(): void {
		this.socket.destroy();
	}

	/** Stops reading, so that the peer's sending backs up. */
	pause(): void {
		this.socket.pause();
	}

	resume(): void {
		this.socket.resume();
	}

	/**
	 * The next final response (interim ones are skipped; `readAll` shows them). `method` is that of the request it answers.
	 * Rejects when the connection ends before the response is whole.
	 */
	async readResponse(method = 'GET', deadlineMs: number = DEADLINE_MS): Promise<WireMessage> {
		this.methods.push(method);
		let final: WireMessage | undefined;
		await waitFor(
			`a response to ${method}; received ${JSON.stringify(this.received.toString('latin1').slice(-500))}`,
			() => {
				final = this.finals()[this.taken];
				if (final?.isComplete) return true;
				if (this.isEnded)
					throw new Error(`the connection ended (${this.failure || 'no error'}) before a whole response`);
				return false;
			},
			deadlineMs,
		);
		this.taken++;
		return final as WireMessage;
	}

	/** All responses so far, interim ones included, given the methods of all requests sent. */
	readAll(methods: readonly string[]): WireMessage[] {
		return splitResponses(this.received, methods, this.isEnded).messages;
	}

	/** What the sender of the responses did that could be read in two ways. */
	get oddities(): string[] {
		return splitResponses(this.received, this.methods, this.isEnded).oddities;
	}

	/** Everything received until the peer ended its side. */
	async readToEnd(deadlineMs: number = DEADLINE_MS): Promise<Buffer> {
		await waitFor('the end of the connection', () => this.isEnded, deadlineMs);
		return this.received;
	}

	private finals(): WireMessage[] {
		const { messages } = splitResponses(this.received, this.methods, this.isEnded);
		return messages.filter((message) => message.status >= 200 || message.status === 101);
	}
}
