/**
 * A TCP relay between two sidecars that looks at every byte, both ways: whether it is TLS records and nothing else, and
 * whether a secret can be read in it.
 */
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { SecretSearch } from './secret-search.ts';

/** change_cipher_spec to application_data (RFC 8446 §5.1). */
const FIRST_TYPE = 20;
const LAST_TYPE = 23;
const HANDSHAKE = 22;
const HEAD_BYTES = 5;
/** A record's longest fragment: 2^14, and what encryption may add in TLS 1.2 (RFC 5246 §6.2.3). */
const MAX_FRAGMENT = 2 ** 14 + 2048;

/** One direction of one connection. */
export class TlsWatch {
	bytes = 0;
	/** Bytes from the first one on that cannot belong to a record. */
	strayBytes = 0;
	private readonly search: SecretSearch;
	/** Of the record whose head has been read. */
	private fragmentLeft = 0;
	private head: number[] = [];
	private records = 0;

	constructor(secret: string) {
		this.search = new SecretSearch(secret);
	}

	/** Times that the secret could be read. */
	get secrets(): number {
		return this.search.count;
	}

	add(chunk: Buffer): void {
		this.bytes += chunk.length;
		this.search.add(chunk);
		for (let at = 0; at < chunk.length; ) {
			if (this.strayBytes > 0) {
				this.strayBytes += chunk.length - at;
				return;
			}
			at = this.fragmentLeft > 0 ? this.skip(at, chunk.length) : this.readHead(chunk, at);
		}
	}

	private skip(at: number, end: number): number {
		const skipped = Math.min(this.fragmentLeft, end - at);
		this.fragmentLeft -= skipped;
		return at + skipped;
	}

	/** One byte of it. */
	private readHead(chunk: Buffer, at: number): number {
		this.head.push(chunk[at] ?? 0);
		if (this.head.length < HEAD_BYTES) return at + 1;
		const [type = 0, major = 0, minor = 0, high = 0, low = 0] = this.head;
		const length = high * 256 + low;
		const isKnown = type >= FIRST_TYPE && type <= LAST_TYPE && major === 3 && minor <= 3;
		const isInTurn = this.records > 0 || type === HANDSHAKE;
		if (!isKnown || !isInTurn || length === 0 || length > MAX_FRAGMENT) this.strayBytes = HEAD_BYTES;
		this.records++;
		this.fragmentLeft = length;
		this.head = [];
		return at + 1;
	}
}

export class TlsRelay {
	port = 0;
	readonly watches: TlsWatch[] = [];
	private readonly target: number;
	private readonly secret: string;
	private readonly sockets = new Set<Socket>();
	private readonly server: Server;

	private constructor(target: number, secret: string) {
		this.target = target;
		this.secret = secret;
		this.server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.relay(socket));
	}

	/** `target`: a port of 127.0.0.1. */
	static async start(target: number, secret: string): Promise<TlsRelay> {
		const relay = new TlsRelay(target, secret);
		await new Promise<void>((resolve) => relay.server.listen(0, '127.0.0.1', resolve));
		relay.port = (relay.server.address() as AddressInfo).port;
		return relay;
	}

	get connections(): number {
		return this.watches.length / 2;
	}

	sum(what: 'bytes' | 'strayBytes' | 'secrets'): number {
		return this.watches.reduce((sum, watch) => sum + watch[what], 0);
	}

	private relay(caller: Socket): void {
		const called = connect({ port: this.target, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
		this.forward(caller, called);
		this.forward(called, caller);
	}

	private forward(from: Socket, to: Socket): void {
		const watch = new TlsWatch(this.secret);
		this.watches.push(watch);
		this.sockets.add(from);
		from.on('data', (chunk: Buffer) => watch.add(chunk));
		from.pipe(to);
		from.on('error', () => to.resetAndDestroy());
		from.on('close', () => {
			this.sockets.delete(from);
			// What was sent before an orderly end has to arrive.
			if (!from.readableEnded) to.destroy();
		});
	}

	async stop(): Promise<void> {
		const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
		for (const socket of this.sockets) socket.destroy();
		await closed;
	}
}
