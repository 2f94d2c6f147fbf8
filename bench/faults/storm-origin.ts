/**
 * Origins in this process that fail as they are told, and know how often each request has reached any of them. They speak
 * raw TCP, so that what counts as having reached them is decided here: a head that is whole.
 */
import { createServer, type Server, type Socket } from 'node:net';

/** `status`: answers 503. `reset`: breaks the connection once the request is there. `random`: both, and all between. */
export type Behaviour = 'ok' | 'status' | 'reset' | 'random';
/** When a connection is broken, in the life of a request. */
type Moment = 'head' | 'request' | 'response' | 'answered' | 'never';

const MOMENTS: readonly Moment[] = ['head', 'request', 'response', 'answered'];
/** Share of the requests that meet a broken connection where origins behave at random. */
const RANDOM_SHARE = 0.1;

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';
const UNAVAILABLE = 'HTTP/1.1 503 Service Unavailable\r\ncontent-length: 2\r\n\r\nno';

/** What has arrived, at all origins of a storm together. */
export class Ledger {
	/** Requests, by the value of `x-storm-id`. */
	private readonly arrivals = new Map<string, number>();
	requests = 0;

	arrived(head: string): void {
		this.requests++;
		const id = /\r\nx-storm-id: (\S+)/i.exec(head)?.[1];
		if (id !== undefined) this.arrivals.set(id, (this.arrivals.get(id) ?? 0) + 1);
	}

	get ids(): number {
		return this.arrivals.size;
	}

	/** Requests that came more than once. */
	get repeated(): number {
		let count = 0;
		for (const arrivals of this.arrivals.values()) if (arrivals > 1) count++;
		return count;
	}
}

export class StormOrigin {
	behaviour: Behaviour = 'ok';
	requests = 0;
	/** Connections that it has broken while a request was on its way. */
	broken = 0;
	private readonly ledger: Ledger;
	private readonly server: Server;
	private readonly sockets = new Set<Socket>();

	private constructor(ledger: Ledger) {
		this.ledger = ledger;
		this.server = createServer({ noDelay: true }, (socket) => this.accept(socket));
	}

	static async start(ledger: Ledger): Promise<StormOrigin> {
		const origin = new StormOrigin(ledger);
		await new Promise<void>((resolve) => origin.server.listen(0, '127.0.0.1', resolve));
		return origin;
	}

	get port(): number {
		const address = this.server.address();
		if (address === null || typeof address === 'string') throw new Error('the origin does not listen');
		return address.port;
	}

	/** From now on connects are refused. */
	async stop(): Promise<void> {
		const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
		for (const socket of this.sockets) socket.destroy();
		await closed;
	}

	private accept(socket: Socket): void {
		let text = '';
		let head = '';
		let moment: Moment = 'never';
		this.sockets.add(socket);
		socket.on('error', () => {});
		socket.on('close', () => this.sockets.delete(socket));
		socket.on('data', (chunk) => {
			text += chunk.toString('latin1');
			while (!socket.destroyed) {
				if (head === '') {
					const end = text.indexOf('\r\n\r\n');
					if (end < 0) return;
					head = text.slice(0, end + 4);
					text = text.slice(head.length);
					moment = this.begin(head);
					if (moment === 'head') return this.breakOff(socket);
				}
				const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0);
				if (text.length < length) return;
				text = text.slice(length);
				head = '';
				this.answer(socket, moment);
			}
		});
	}

	/** A request is here; when its connection will be broken. */
	private begin(head: string): Moment {
		this.requests++;
		this.ledger.arrived(head);
		if (this.behaviour === 'reset') return 'request';
		if (this.behaviour !== 'random' || Math.random() >= RANDOM_SHARE) return 'never';
		return MOMENTS[Math.floor(Math.random() * MOMENTS.length)] ?? 'never';
	}

	private answer(socket: Socket, moment: Moment): void {
		if (moment === 'request') return this.breakOff(socket);
		const isRefusing = this.behaviour === 'status' || (this.behaviour === 'random' && Math.random() < RANDOM_SHARE / 2);
		const answer = isRefusing ? UNAVAILABLE : OK;
		if (moment === 'response') {
			socket.write(answer.slice(0, -1), 'latin1', () => this.breakOff(socket));
		} else if (moment === 'answered') {
			socket.write(answer, 'latin1', () => this.breakOff(socket));
		} else socket.write(answer, 'latin1');
	}

	private breakOff(socket: Socket): void {
		this.broken++;
		if (Math.random() < 0.5) socket.resetAndDestroy();
		else socket.destroySoon();
	}
}
