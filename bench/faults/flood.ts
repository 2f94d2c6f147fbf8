/** Clients that connect and then keep everybody waiting: silent ones, and ones that send a head byte by byte. */
import { connect, type Socket } from 'node:net';

/** Loopback addresses that the connections come from: one alone has only 28,000 ports. */
const SOURCES = ['127.0.0.1', '127.0.0.2', '127.0.0.3', '127.0.0.4'];
/** Connects under way at once: enough to be a storm, few enough for the kernel's queue. */
const AT_ONCE = 200;
/** Long enough that a byte a second never ends it. */
const SLOW_HEAD = `GET / HTTP/1.1\r\nhost: app.test\r\nx-slow: ${'a'.repeat(200)}`;

export class Flood {
	readonly sockets: Socket[] = [];
	/** Indexes of the connections that the other side has ended, in the order of their ends. */
	readonly ended: number[] = [];
	failed = 0;
	/** Bytes that came back: answers such as 408. */
	readonly answers: string[] = [];
	private readonly port: number;
	private readonly timers: NodeJS.Timeout[] = [];

	constructor(port: number) {
		this.port = port;
	}

	get open(): number {
		return this.sockets.length - this.ended.length;
	}

	/** Opens connections that say nothing. */
	async silent(count: number): Promise<void> {
		const workers = Array.from({ length: Math.min(AT_ONCE, count) }, async (_, worker) => {
			for (let i = worker; i < count; i += AT_ONCE) await this.connect(i);
		});
		await Promise.all(workers);
	}

	/** Opens connections that send a byte of a head every `everyMs`. */
	async slow(count: number, everyMs: number): Promise<void> {
		const from = this.sockets.length;
		await this.silent(count);
		let at = 0;
		const step = () => {
			const byte = SLOW_HEAD[at++ % SLOW_HEAD.length] as string;
			for (const socket of this.sockets.slice(from)) if (socket.writable) socket.write(byte);
		};
		step();
		this.timers.push(setInterval(step, everyMs));
	}

	private connect(i: number): Promise<void> {
		return new Promise((resolve) => {
			const localAddress = SOURCES[i % SOURCES.length] as string;
			const socket = connect({ port: this.port, host: '127.0.0.1', localAddress });
			const index = this.sockets.push(socket) - 1;
			let isOpen = false;
			socket.once('connect', () => {
				isOpen = true;
				resolve();
			});
			socket.on('error', () => {
				if (!isOpen) this.failed++;
				resolve();
			});
			socket.on('data', (chunk) => this.answers.push(chunk.toString('latin1')));
			socket.on('close', () => this.ended.push(index));
		});
	}

	close(): void {
		for (const timer of this.timers) clearInterval(timer);
		for (const socket of this.sockets) socket.destroy();
	}
}
