/**
 * What the running Node can do beyond what it promises: tried once, with the first file that has TLS, on a connection with
 * itself over loopback, by a shared key.
 */
import net from 'node:net';
import tls from 'node:tls';
import type { AcceptedReader } from '../io/accept-shared.ts';
import { breathe } from '../io/breathe.ts';
import { sharedReadBuffer } from '../io/byte-socket.ts';
import type { WriteRequest } from './direct-writes.ts';
import { type SecureAbilities, SecureSocket, type TlsHandle } from './secure-socket.ts';

/** The running Node does not change: it is tried once. */
let found: Promise<SecureAbilities> | null = null;

export function findAbilities(): Promise<SecureAbilities> {
	found ??= new Promise((resolve) => new Trial(resolve).begin());
	return found;
}

const NONE: SecureAbilities = { readsShared: false, writesDirectly: false };
/** A handshake that needs no certificate. The key is no secret: it opens nothing but the trial's own connection. */
const CIPHER = 'PSK-AES128-GCM-SHA256';
const KEY = Buffer.alloc(16, 1);

/** The client writes three bytes, each when the server has read the one before. */
class Trial implements AcceptedReader {
	private readonly done: (abilities: SecureAbilities) => void;
	private readonly context = tls.createSecureContext({ ciphers: CIPHER, minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' });
	private readonly server = net.createServer({ allowHalfOpen: true, pauseOnConnect: true });
	private readonly open: net.Socket[] = [];
	private client: SecureSocket | null = null;
	private received = '';
	/** Requests are as `direct-writes.ts` knows them. */
	private isKnownKind = false;
	/** The second byte's: nobody is called back. */
	private unwatched: WriteRequest | null = null;
	/** The third one's: it is watched once it is under way. */
	private isWatchedDone = false;

	constructor(done: (abilities: SecureAbilities) => void) {
		this.done = done;
	}

	begin(): void {
		const { server } = this;
		server.on('error', () => this.end(NONE));
		server.on('connection', (raw) => this.secure(raw, true, this));
		server.listen(0, '127.0.0.1', () => {
			const raw = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1');
			raw.on('error', () => this.end(NONE));
			raw.on('connect', () => {
				const client = this.secure(raw, false, { onBytes: () => undefined });
				this.client = client;
				client.on('secure', () => this.writeWatched(client));
			});
		});
	}

	private secure(raw: net.Socket, isServer: boolean, reader: AcceptedReader): SecureSocket {
		const { context } = this;
		const pskCallback = () => (isServer ? KEY : { psk: KEY, identity: 'trial' });
		const common = { context, requestCert: false, alpn: [], servername: '', session: null, received: null };
		const abilities = { ...NONE, readsShared: true };
		const socket = SecureSocket.over(raw, { reader }, { ...common, isServer, pskCallback }, abilities);
		this.open.push(raw, socket);
		socket.on('error', () => this.end(NONE));
		return socket;
	}

	/** How Node's own stream calls the handle shows which kind it is: the older kind must not be called this way. */
	private writeWatched(client: SecureSocket): void {
		const handle = client._handle;
		if (handle === null) return this.end(NONE);
		const own = handle.writeLatin1String;
		handle.writeLatin1String = (request, text) => {
			const result = own.call(handle, request, text);
			const { length, writing, ending } = client._writableState;
			const isStateKnown = length === 1 && writing && ending === false;
			this.isKnownKind = request === null && isWriteRequest(result) && isStateKnown;
			return result;
		};
		client.write('1', 'latin1');
		handle.writeLatin1String = own;
	}

	onBytes(buffer: Buffer, length: number): void {
		if (buffer !== sharedReadBuffer) return this.end(NONE);
		this.received += buffer.toString('latin1', 0, length);
		// By then Node has been through all that it does after a write.
		void breathe().then(() => this.next());
	}

	private next(): void {
		const { received, client } = this;
		const handle = client?._handle ?? null;
		if (handle === null) return;
		if (received === '1' && this.isKnownKind) this.unwatched = this.write(handle, '2');
		else if (received === '12' && this.unwatched?.writeStatus === 0) this.writeAndWatch(handle);
		else
			this.end({ readsShared: '123'.startsWith(received), writesDirectly: received === '123' && this.isWatchedDone });
	}

	private writeAndWatch(handle: TlsHandle): void {
		const isLetGo = (this.unwatched?.getAsyncId() ?? 0) < 0;
		const request = this.write(handle, '3');
		if (request !== null) request.oncomplete = (status) => (this.isWatchedDone = isLetGo && status === 0);
	}

	private write(handle: TlsHandle, text: string): WriteRequest | null {
		const result = handle.writeLatin1String(null, text);
		return isWriteRequest(result) ? result : null;
	}

	private end(abilities: SecureAbilities): void {
		for (const socket of this.open) socket.destroy();
		this.server.close();
		this.done(abilities);
	}
}

function isWriteRequest(value: unknown): value is WriteRequest {
	if (typeof value !== 'object' || value === null) return false;
	return 'writeStatus' in value && 'getAsyncId' in value && typeof value.getAsyncId === 'function';
}
