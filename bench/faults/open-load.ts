/**
 * Clients in an open loop: requests come when they are due, whether the earlier ones have been answered or not, and each
 * on a connection that nobody else uses. A latency counts from the moment at which its request was due: what keeps the
 * generator from sending counts as well. Several targets get the same requests at the same moments.
 */
import { connect, type Socket } from 'node:net';
import { percentile } from '../load/stats.ts';
import { within } from './wait.ts';

export class OpenTarget {
	readonly name: string;
	readonly latencies: number[] = [];
	/** Answers that were no 200, and connections that broke. */
	failures = 0;
	private readonly port: number;
	private readonly host: string;
	private readonly idle: OpenConnection[] = [];
	private readonly all: OpenConnection[] = [];

	/** `host`: what requests are for. */
	constructor(name: string, port: number, host: string) {
		this.name = name;
		this.port = port;
		this.host = host;
	}

	/** Milliseconds. */
	percentile(q: number): number {
		return percentile(
			this.latencies.toSorted((a, b) => a - b),
			q,
		);
	}

	get settled(): number {
		return this.latencies.length + this.failures;
	}

	send(path: string, dueAt: number, onSettled: () => void): void {
		const connection = this.idle.pop() ?? this.open();
		connection.send(`GET ${path} HTTP/1.1\r\nhost: ${this.host}\r\n\r\n`, (isOk) => {
			if (isOk) {
				this.latencies.push(performance.now() - dueAt);
				this.idle.push(connection);
			} else this.failures++;
			onSettled();
		});
	}

	close(): void {
		for (const connection of this.all) connection.close();
	}

	private open(): OpenConnection {
		const connection = new OpenConnection(this.port);
		this.all.push(connection);
		return connection;
	}
}

class OpenConnection {
	private readonly socket: Socket;
	private text = '';
	private settle: ((isOk: boolean) => void) | null = null;

	constructor(port: number) {
		this.socket = connect({ port, host: '127.0.0.1', noDelay: true });
		this.socket.on('data', (chunk: Buffer) => this.onData(chunk.toString('latin1')));
		this.socket.on('error', () => {});
		this.socket.on('close', () => this.end(false));
	}

	send(request: string, settle: (isOk: boolean) => void): void {
		this.settle = settle;
		this.socket.write(request, 'latin1');
	}

	close(): void {
		this.settle = null;
		this.socket.destroy();
	}

	private onData(text: string): void {
		this.text += text;
		const headEnd = this.text.indexOf('\r\n\r\n');
		if (headEnd < 0) return;
		const length = Number(/\r\ncontent-length: (\d+)/i.exec(this.text)?.[1] ?? 0);
		if (this.text.length < headEnd + 4 + length) return;
		const isOk = this.text.startsWith('HTTP/1.1 200 ');
		this.text = '';
		this.end(isOk);
		if (!isOk) this.socket.destroy();
	}

	private end(isOk: boolean): void {
		const { settle } = this;
		this.settle = null;
		settle?.(isOk);
	}
}

export interface OpenLoadOptions {
	readonly targets: readonly OpenTarget[];
	/** When each request is due, in milliseconds from the beginning, in order. Its path is `/` and its index. */
	readonly due: readonly number[];
	/** The longest time to wait for the last answer, in milliseconds. */
	readonly patienceMs: number;
}

/** Ends when every request has been answered by every target. How late each was sent, in milliseconds. */
export async function openLoad({ targets, due, patienceMs }: OpenLoadOptions): Promise<number[]> {
	const late: number[] = [];
	const startedAt = performance.now();
	let left = due.length * targets.length;
	await within(
		'the last answer',
		new Promise<void>((resolve) => {
			const onSettled = () => {
				if (--left === 0) resolve();
			};
			const pump = () => {
				for (let now = performance.now() - startedAt; late.length < due.length; now = performance.now() - startedAt) {
					const index = late.length;
					const dueMs = due[index] ?? 0;
					if (dueMs > now) {
						setTimeout(pump, dueMs - now);
						return;
					}
					late.push(now - dueMs);
					for (const target of targets) target.send(`/${index}`, startedAt + dueMs, onSettled);
				}
			};
			pump();
		}),
		patienceMs,
	);
	return late;
}
