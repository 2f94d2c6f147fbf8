/**
 * Makes connections with TLS, shows a certificate, sends one request on each, and waits for the end of the answer; all over again until time is up.
 *
 * Usage: node tls-client.ts JSON, with the fields of `TlsClientSettings`. Prints `{ requests, resumed, seconds }`.
 */
import { readFileSync } from 'node:fs';
import { connect, createSecureContext, type TLSSocket } from 'node:tls';

export interface TlsClientSettings {
	readonly port: number;
	readonly path: string;
	readonly host: string;
	/** How many at once. */
	readonly connections: number;
	readonly seconds: number;
	readonly resumes: boolean;
	/** Files. */
	readonly certificate: string;
	readonly key: string;
	readonly trustBundle: string;
}

export interface TlsClientResult {
	readonly requests: number;
	readonly resumed: number;
	readonly seconds: number;
}

const settings = JSON.parse(process.argv[2] ?? '{}') as TlsClientSettings;
const secureContext = createSecureContext({
	cert: readFileSync(settings.certificate),
	key: readFileSync(settings.key),
	ca: readFileSync(settings.trustBundle),
});
const head = `GET ${settings.path} HTTP/1.1\r\nhost: ${settings.host}\r\nconnection: close\r\n\r\n`;
const startedAt = performance.now();
const endsAt = startedAt + settings.seconds * 1000;
let requests = 0;
let resumed = 0;

/** The session for the next one. */
function once(session: Buffer | undefined): Promise<Buffer | undefined> {
	return new Promise((resolve, reject) => {
		const { port, host: servername } = settings;
		const known = session === undefined ? {} : { session };
		const socket: TLSSocket = connect({ port, host: '127.0.0.1', servername, secureContext, ...known });
		let next = session;
		let answer = '';
		socket.setNoDelay(true);
		socket.on('session', (ticket: Buffer) => {
			next = ticket;
		});
		socket.on('secureConnect', () => {
			if (socket.isSessionReused()) resumed++;
			socket.write(head);
		});
		socket.on('data', (chunk: Buffer) => {
			answer ||= chunk.toString('latin1');
		});
		socket.on('error', reject);
		socket.on('close', () => {
			if (!answer.startsWith('HTTP/1.1 200')) return reject(new Error(`got ${answer.slice(0, 40)}`));
			requests++;
			resolve(next);
		});
	});
}

async function loop(): Promise<void> {
	let session = settings.resumes ? await once(undefined) : undefined;
	while (performance.now() < endsAt) {
		const next = await once(session);
		if (settings.resumes) session = next;
	}
}

await Promise.all(Array.from({ length: settings.connections }, loop));
const result: TlsClientResult = { requests, resumed, seconds: (performance.now() - startedAt) / 1000 };
console.log(JSON.stringify(result));
process.exit(0);
