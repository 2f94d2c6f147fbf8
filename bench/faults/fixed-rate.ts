/**
 * Requests at a fixed rate, whatever becomes of those before: nobody waits for a slow answer, so each moment of trouble is
 * met by as many as in real life. Connections are kept; one more is opened when all are busy. Latencies count from the
 * moment at which a request was due.
 */
import { connect, type Socket } from 'node:net';
import type { Tally } from './load.ts';

const TICK_MS = 1;
/** An answer that takes longer is a hang. */
const HANG_MS = 10_000;
const LOOK_FOR_HANGS_MS = 1000;

export interface OpenLoadOptions {
	readonly port: number;
	/** A second. */
	readonly rate: number;
	/** Milliseconds in which the rate rises from nothing: code that nobody has run yet is slow. */
	readonly risesMs: number;
	readonly tally: Tally;
	/** Beyond them requests wait, and are counted in `queued`. */
	readonly maxConnections: number;
	/** Text of the n-th request. */
	request(n: number): string;
	/** What keeps the answer to it from being the right one; `''`: nothing. */
	fault(status: number, text: string): string;
}

export class OpenLoad {
	sent = 0;
	private answered = 0;
	/** Before `stop`. */
	private answeredInTime = 0;
	/** Requests that found every connection busy. */
	queued = 0;
	readonly options: OpenLoadOptions;
	readonly free: Connection[] = [];
	readonly open = new Set<Connection>();
	private readonly startedAt = performance.now();
	private readonly waiting: number[] = [];
	private readonly ticks: NodeJS.Timeout;
	private readonly looks: NodeJS.Timeout;
	private begun = 0;
	/** Where the time of the next request begins. */
	private slotAt: number;
	private nextAt = 0;
	private stoppedAt = 0;
	private finish: () => void = () => {};
	private readonly done: Promise<void>;

	constructor(options: OpenLoadOptions) {
		this.options = options;
		this.done = new Promise((resolve) => {
			this.finish = resolve;
		});
		this.slotAt = this.startedAt;
		this.plan();
		this.ticks = setInterval(() => this.tick(), TICK_MS);
		this.looks = setInterval(() => this.lookForHangs(), LOOK_FOR_HANGS_MS);
	}

	/** Answered a second, so far or until `stop`, the beginning left out. */
	get rate(): number {
		const { rate, risesMs } = this.options;
		const end = this.stoppedAt === 0 ? performance.now() : this.stoppedAt;
		const answered = this.stoppedAt === 0 ? this.answered : this.answeredInTime;
		return ((answered - (rate * risesMs) / 2000) * 1000) / (end - this.startedAt - risesMs);
	}

	/** Anywhere within its share of the time: at even distances they would beat with other clocks. */
	private plan(): void {
		const { rate, risesMs } = this.options;
		const slot = this.begun++;
		// While the rate rises, so many have been sent after t: rate × t² ÷ (2 × risesMs).
		const rising = (rate * risesMs) / 2000;
		const end =
			slot + 1 < rising
				? Math.sqrt((2000 * risesMs * (slot + 1)) / rate)
				: risesMs + ((slot + 1 - rising) * 1000) / rate;
		this.nextAt = this.slotAt + Math.random() * (this.startedAt + end - this.slotAt);
		this.slotAt = this.startedAt + end;
	}

	private tick(): void {
		const now = performance.now();
		for (; this.nextAt <= now; this.plan()) this.begin(this.nextAt);
	}

	private begin(due: number): void {
		// The one used last: what is not needed at this rate becomes idle, as with any client.
		const connection = this.free.pop() ?? (this.open.size < this.options.maxConnections ? new Connection(this) : null);
		if (connection !== null) return connection.send(due, this.sent++);
		this.queued++;
		this.waiting.push(due);
	}

	/** An answer has come. */
	onAnswer(): void {
		this.answered++;
	}

	/** A connection is free for another request. */
	release(connection: Connection): void {
		const due = this.waiting.shift();
		if (due === undefined) this.free.push(connection);
		else connection.send(due, this.sent++);
		this.look();
	}

	lose(connection: Connection): void {
		this.open.delete(connection);
		const at = this.free.indexOf(connection);
		if (at >= 0) this.free.splice(at, 1);
		const due = this.waiting.shift();
		if (due !== undefined) new Connection(this).send(due, this.sent++);
		this.look();
	}

	private look(): void {
		if (this.stoppedAt > 0 && this.free.length === this.open.size) this.finish();
	}

	private lookForHangs(): void {
		const before = performance.now() - HANG_MS;
		for (const connection of this.open) if (connection.owesSince(before)) connection.fail('hang');
	}

	/** No request is begun any more; those under way are waited for. */
	async stop(): Promise<void> {
		if (this.stoppedAt === 0) {
			this.stoppedAt = performance.now();
			this.answeredInTime = this.answered;
			clearInterval(this.ticks);
			this.look();
		}
		await this.done;
		clearInterval(this.looks);
		for (const connection of this.open) connection.close();
	}
}

class Connection {
	private readonly load: OpenLoad;
	private readonly socket: Socket;
	private due = 0;
	private sentAt = 0;
	private isBusy = false;
	private received = '';

	constructor(load: OpenLoad) {
		this.load = load;
		load.open.add(this);
		this.socket = connect({ port: load.options.port, host: '127.0.0.1', noDelay: true });
		this.socket.on('data', (chunk) => this.onData(chunk.toString('latin1')));
		this.socket.on('error', (error: NodeJS.ErrnoException) => this.fail(`broke ${error.code ?? ''}`));
		this.socket.on('close', () => this.fail('closed'));
	}

	owesSince(before: number): boolean {
		return this.isBusy && this.sentAt < before;
	}

	send(due: number, n: number): void {
		this.due = due;
		this.sentAt = performance.now();
		this.isBusy = true;
		this.received = '';
		this.socket.write(this.load.options.request(n), 'latin1');
	}

	private onData(text: string): void {
		if (!this.isBusy) return this.fail('bytes that nobody asked for');
		this.received += text;
		const headEnd = this.received.indexOf('\r\n\r\n');
		if (headEnd < 0) return;
		const head = this.received.slice(0, headEnd);
		const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0);
		if (this.received.length < headEnd + 4 + length) return;
		this.answered(head);
	}

	private answered(head: string): void {
		const { tally, fault } = this.load.options;
		const status = Number(head.slice(9, 12));
		const at = performance.now();
		const proxyStatus = /\r\nproxy-status: ([^\r]*)/i.exec(head)?.[1] ?? '';
		const isClosing = /\r\nconnection: close/i.test(head);
		this.isBusy = false;
		this.load.onAnswer();
		tally.answer({ at, status, ms: at - this.due, proxyStatus, isClosing });
		const wrong = fault(status, this.received);
		if (wrong !== '') tally.error(wrong);
		if (isClosing) this.close();
		else this.load.release(this);
	}

	fail(what: string): void {
		if (!this.load.open.has(this)) return;
		if (this.isBusy) this.load.options.tally.error(what);
		this.close();
	}

	close(): void {
		this.isBusy = false;
		this.socket.destroy();
		this.load.lose(this);
	}
}
