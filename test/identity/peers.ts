/** Those who talk to a sidecar by TLS, on either side of it, with certificates of the test's. */
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import tls from 'node:tls';
import { HANDSHAKE_FAULTS } from '../../src/ports/handshake.ts';
import type { RunningSidecar } from '../proxy/running.ts';
import type { Identity } from '../support/pki.ts';

export interface Answer {
	/** 0: there was none. */
	readonly status: number;
	readonly isResumed: boolean;
	/** Of the server. */
	readonly names: string;
}

/** A client that believes anybody, and goes on with a session where it can. */
export class Caller {
	private readonly port: number;
	private readonly context: tls.SecureContext;
	private readonly session: boolean;
	private ticket: Buffer | undefined;

	constructor(
		port: number,
		{ certificate, key }: Identity,
		options: { version?: tls.SecureVersion; resumes?: boolean } = {},
	) {
		const { version = 'TLSv1.3', resumes = false } = options;
		this.port = port;
		this.session = resumes;
		this.context = tls.createSecureContext({ cert: certificate, key, minVersion: version, maxVersion: version });
	}

	get(): Promise<Answer> {
		const { port, context: secureContext, ticket } = this;
		return new Promise((resolve) => {
			const socket = tls.connect({
				port,
				host: '127.0.0.1',
				secureContext,
				rejectUnauthorized: false,
				...(this.session && ticket !== undefined && { session: ticket }),
			});
			let received = '';
			let names = '';
			let isResumed = false;
			socket.on('secureConnect', () => {
				names = socket.getPeerX509Certificate()?.subjectAltName ?? '';
				isResumed = socket.isSessionReused();
				socket.write('GET / HTTP/1.1\r\nHost: orders\r\nConnection: close\r\n\r\n');
			});
			socket.on('session', (session) => {
				this.ticket = session;
			});
			socket.on('data', (chunk) => {
				received += chunk.toString('latin1');
			});
			socket.on('error', () => undefined);
			socket.on('close', () => resolve({ status: Number(received.slice(9, 12)), isResumed, names }));
		});
	}
}

/** A service behind TLS; it takes whoever shows a certificate. */
export class SecureService {
	readonly port: number;
	/** Names of those who have asked. */
	readonly callers: string[] = [];
	private readonly server: https.Server;

	static async start({ certificate, key }: Identity, options: tls.SecureContextOptions = {}): Promise<SecureService> {
		const mutual = { requestCert: true, rejectUnauthorized: false };
		const server = https.createServer({ ...options, ...mutual, cert: certificate, key });
		await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
		return new SecureService(server);
	}

	private constructor(server: https.Server) {
		this.server = server;
		this.port = (server.address() as AddressInfo).port;
		server.on('request', (request: http.IncomingMessage, response: http.ServerResponse) => {
			const socket = request.socket as tls.TLSSocket;
			this.callers.push(socket.getPeerX509Certificate()?.subjectAltName ?? '');
			response.setHeader('connection', 'close').end('ok');
		});
	}

	/** Another certificate for connections from now on. */
	present({ certificate, key }: Identity): void {
		this.server.setSecureContext({ cert: certificate, key });
	}

	stop(): Promise<void> {
		this.server.closeAllConnections();
		return new Promise((resolve) => this.server.close(() => resolve()));
	}
}

/** How handshakes have ended. */
export async function handshakes(
	sidecar: RunningSidecar,
	side: 'inbound' | 'outbound',
): Promise<Record<string, number>> {
	const found: Record<string, number> = {};
	for (const result of ['ok', 'resumed', ...HANDSHAKE_FAULTS]) {
		const count = await sidecar.metric('outrigger_tls_handshakes_total', { side, result });
		if (count > 0) found[result] = count;
	}
	return found;
}

/** What the app would get for a call. */
export function call(port: number, host: string): Promise<number> {
	return new Promise((resolve, reject) => {
		const request = http.get({ port, host: '127.0.0.1', headers: { host }, agent: false }, (response) => {
			response.resume().on('end', () => resolve(response.statusCode ?? 0));
		});
		request.on('error', reject);
	});
}
