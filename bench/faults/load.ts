/**
 * Clients in a closed loop that count everything they see, errors above all.
 *
 * Each client has one keep-alive connection and sends the next request when the last is answered. What counts as an
 * error: a connect that fails, a connection that ends or breaks while an answer is owed, and no answer for `HANG_MS`. A
 * connection that the other side closes between two requests is not one: the client connects again. Answers of any
 * status are counted as answers, with whether they say who made them (`proxy-status`).
 */
import { connect, type Socket } from 'node:net';
import { percentile } from '../load/stats.ts';

/** Ends the name of an error that met the first request of a connection. */
const NEW = ' on a new connection';
/** An answer that takes longer is a hang; the slowest that any scenario allows. */
const HANG_MS = 10_000;

export interface Answer {
	readonly at: number;
	readonly status: number;
	readonly ms: number;
	/** Value of `proxy-status`; `''`: the app answered. */
	readonly proxyStatus: string;
	readonly isClosing: boolean;
}

export class Tally {
	answers = 0;
	readonly byStatus = new Map<number, number>();
	/** Failed answers (5xx) of nobody knows whom. */
	unsigned5xx = 0;
	readonly errors = new Map<string, number>();
	readonly latencies: number[] = [];
	slowestMs = 0;
	onAnswer: ((answer: Answer) => void) | null = null;

	answer(answer: Answer): void {
		this.answers++;
		this.byStatus.set(answer.status, (this.byStatus.get(answer.status) ?? 0) + 1);
		if (answer.status >= 500 && answer.proxyStatus === '') this.unsigned5xx++;
		this.latencies.push(answer.ms);
		this.slowestMs = Math.max(this.slowestMs, answer.ms);
		this.onAnswer?.(answer);
	}

	error(what: string): void {
		this.errors.set(what, (this.errors.get(what) ?? 0) + 1);
	}

	get ok(): number {
		return this.byStatus.get(200) ?? 0;
	}

	get errorCount(): number {
		return [...this.errors.values()].reduce((sum, count) => sum + count, 0);
	}

	/** Everything that a client would call a failure. */
	get failures(): number {
		return this.answers - this.ok + this.errorCount;
	}

	percentile(q: number): number {
		return this.latencies.length === 0
			? Number.NaN
			: percentile(
					this.latencies.toSorted((a, b) => a - b),
					q,
				);
	}

	describe(): string {
		const parts = [...this.byStatus].map(([status, count]) => `${status}: ${count}`);
		return [...parts, ...[...this.errors].map(([what, count]) => `${what}: ${count}`)].join(', ');
	}
}

export interface LoadOptions {
	readonly port: number;
	readonly clients: number;
	readonly tally: Tally;
	/** Milliseconds between an answer and the next request of the same client. */
	readonly think?: () => number;
	/** Requests in all; without it until `stop`. */
	readonly total?: number;
	readonly path?: string;
	/** Without a body; default GET. */
	readonly method?: string;
	/** Text of the next request, in place of `path`, `method` and `closes`. */
	readonly request?: () => string;
	/** A connection for each request. */
	readonly closes?: boolean;
	/** Source address. */
	readonly from?: string;
}

export class Load {
	private readonly clients: Client[] = [];
	private left: number;
	private isStopped = false;
	private running = 0;
	private finish: () => void = () => {};
	/** All clients have stopped: after `stop`, or when `total` requests have been answered. */
	readonly done: Promise<void>;

	constructor(options: LoadOptions) {
		this.left = options.total ?? Number.POSITIVE_INFINITY;
		this.done = new Promise((resolve) => {
			this.finish = resolve;
		});
		for (let i = 0; i < options.clients; i++) this.clients.push(new Client(options, this));
		this.running = this.clients.length;
		for (const client of this.clients) client.start();
	}

	/** Whether a client may send another request. */
	take(): boolean {
		if (this.isStopped || this.left <= 0) return false;
		this.left--;
		return true;
	}

	ended(): void {
		if (--this.running === 0) this.finish();
	}

	/** No request is begun any more; those under way are waited for. */
	async stop(): Promise<void> {
		this.isStopped = true;
		for (const client of this.clients) client.wake();
		await this.done;
	}
}

class Client {
	private readonly options: LoadOptions;
	private readonly load: Load;
	private readonly request: string;
	private socket: Socket | null = null;
	private received = '';
	private sentAt = -1;
	/** The connection has carried an answer. */
	private isProven = false;
	private isOver = false;
	private thinking: NodeJS.Timeout | undefined;
	private deadline: NodeJS.Timeout | undefined;

	constructor(options: LoadOptions, load: Load) {
		this.options = options;
		this.load = load;
		const closing = options.closes ? 'connection: close\r\n' : '';
		const { method = 'GET', path = '/' } = options;
		const length = method === 'GET' ? '' : 'content-length: 0\r\n';
		this.request = `${method} ${path} HTTP/1.1\r\nhost: app.test\r\n${length}${closing}\r\n`;
	}

	start(): void {
		this.thinking = setTimeout(() => this.send(), this.options.think?.() ?? 0);
	}

	/** The load is stopping: one that thinks need not think on. */
	wake(): void {
		if (this.sentAt >= 0 || this.isOver) return;
		clearTimeout(this.thinking);
		this.send();
	}

	private send(): void {
		if (this.isOver) return;
		if (!this.load.take()) return this.end();
		this.received = '';
		this.sentAt = performance.now();
		this.deadline ??= setTimeout(() => this.onLate(), HANG_MS);
		this.deadline.refresh();
		const socket = this.socket ?? this.open();
		socket.write(this.options.request?.() ?? this.request, 'latin1');
	}

	private onLate(): void {
		if (this.sentAt >= 0) this.fail('hang');
	}

	private end(): void {
		this.isOver = true;
		clearTimeout(this.deadline);
		this.socket?.destroy();
		this.load.ended();
	}

	private open(): Socket {
		const { port, from } = this.options;
		const socket = connect({ port, host: '127.0.0.1', ...(from === undefined ? {} : { localAddress: from }) });
		socket.setNoDelay(true);
		this.socket = socket;
		this.isProven = false;
		let isOpen = false;
		socket.once('connect', () => {
			isOpen = true;
		});
		socket.on('data', (chunk) => {
			if (this.socket === socket) this.onData(chunk.toString('latin1'));
		});
		const ended = (how: string) => {
			if (this.socket !== socket) return;
			this.socket = null;
			socket.destroy();
			if (this.sentAt < 0) return;
			const where = this.received !== '' ? ' within an answer' : this.isProven || !isOpen ? '' : NEW;
			this.fail(how + where);
		};
		socket.on('error', (error: NodeJS.ErrnoException) => ended(`${isOpen ? 'broke' : 'connect'} ${error.code ?? ''}`));
		socket.on('end', () => ended('closed without an answer'));
		socket.on('close', () => ended('closed without an answer'));
		return socket;
	}

	private fail(what: string): void {
		this.options.tally.error(what);
		this.socket?.destroy();
		this.socket = null;
		this.next();
	}

	private onData(text: string): void {
		this.received += text;
		const headEnd = this.received.indexOf('\r\n\r\n');
		if (headEnd < 0 || this.sentAt < 0) return;
		const head = this.received.slice(0, headEnd);
		const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0);
		if (this.received.length < headEnd + 4 + length) return;
		this.isProven = true;
		const isClosing = /\r\nconnection: close/i.test(head);
		const at = performance.now();
		this.options.tally.answer({
			at,
			status: Number(head.slice(9, 12)),
			ms: at - this.sentAt,
			proxyStatus: /\r\nproxy-status: ([^\r]*)/i.exec(head)?.[1] ?? '',
			isClosing,
		});
		if (isClosing) {
			this.socket?.destroy();
			this.socket = null;
		}
		this.next();
	}

	private next(): void {
		this.sentAt = -1;
		const wait = this.options.think?.() ?? 0;
		if (wait > 0) this.thinking = setTimeout(() => this.send(), wait);
		else setImmediate(() => this.send());
	}
}
