/**
 * Accepts connections with `onread` and the shared read buffer, which Node offers only to sockets that it dials itself.
 *
 * The listening handle's `onconnection` is replaced, and each accepted handle is given a socket of our own making. That is
 * an internal of Node: `canAcceptShared` proves at start, on a real connection, that it works on the running version;
 * where it does not, the plain `connection` and `data` events serve. Worth 8 % of the CPU time of a request
 * (docs/adr/0005).
 */
import net from 'node:net';
import { sharedReadBuffer } from './byte-socket.ts';
import { loopClock } from './loop-clock.ts';

/** Made for each accepted socket, before any of its bytes is read. */
export interface AcceptedReader {
	onBytes(buffer: Buffer, length: number): void;
}

export type OnAccepted = (socket: net.Socket) => AcceptedReader;

interface ListeningHandle {
	onconnection: (error: number, handle: { setNoDelay?: (on: boolean) => void } | undefined) => void;
}

function listeningHandle(server: net.Server): ListeningHandle | null {
	const handle = (server as unknown as { _handle?: ListeningHandle })._handle;
	return handle !== undefined && typeof handle.onconnection === 'function' ? handle : null;
}

/** Takes over the accepting of a server that listens already. False when this Node has no such hook. */
export function acceptShared(server: net.Server, onAccepted: OnAccepted): boolean {
	const listening = listeningHandle(server);
	if (listening === null) return false;
	listening.onconnection = (error, handle) => {
		if (error !== 0 || handle === undefined) return;
		let reader: AcceptedReader | null = null;
		const options = {
			handle,
			allowHalfOpen: true,
			manualStart: true,
			onread: {
				buffer: sharedReadBuffer,
				callback(length: number, buffer: Buffer): boolean {
					loopClock.refresh();
					reader?.onBytes(buffer, length);
					return true;
				},
			},
		};
		loopClock.refresh();
		handle.setNoDelay?.(true);
		const socket = new net.Socket(options as unknown as net.SocketConstructorOpts);
		reader = onAccepted(socket);
	};
	return true;
}

/** Accepts by the public events. The server must have been made with `allowHalfOpen`, `pauseOnConnect` and `noDelay`. */
export function acceptPlain(server: net.Server, onAccepted: OnAccepted): void {
	server.on('connection', (socket) => {
		loopClock.refresh();
		let reader: AcceptedReader | null = null;
		// Listening for data starts the flow; whether it runs is the owner's decision, so the owner comes last.
		socket.on('data', (chunk: Buffer) => {
			loopClock.refresh();
			reader?.onBytes(chunk, chunk.length);
		});
		socket.pause();
		reader = onAccepted(socket);
	});
}

/** The running Node does not change: it is asked once. */
let answer: Promise<boolean> | null = null;

/** Whether `acceptShared` delivers bytes on the running Node. The first call finds out, in about 10 ms. */
export function canAcceptShared(): Promise<boolean> {
	answer ??= probe();
	return answer;
}

/** One connection over loopback. */
function probe(): Promise<boolean> {
	return new Promise((resolve) => {
		const server = net.createServer();
		let client: net.Socket | null = null;
		const done = (works: boolean) => {
			client?.destroy();
			server.close();
			resolve(works);
		};
		server.on('error', () => done(false));
		server.listen(0, '127.0.0.1', () => {
			const taken = acceptShared(server, (socket) => {
				socket.on('error', ignore);
				socket.resume();
				return {
					onBytes(buffer, length) {
						socket.destroy();
						done(buffer === sharedReadBuffer && buffer.toString('latin1', 0, length) === 'ok');
					},
				};
			});
			if (!taken) return done(false);
			client = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1');
			client.on('error', () => done(false));
			client.write('ok');
		});
	});
}

/** The socket is being given up: its last words interest nobody. */
function ignore(): void {
	// nothing to do
}
