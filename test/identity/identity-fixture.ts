/** A sidecar that has an identity, in this process, and what it says of those whom it refuses. */
import { connect, type Socket } from 'node:net';
import {
	type ConnectionOptions,
	createSecureContext,
	type SecureContext,
	type SecureContextOptions,
	type TLSSocket,
	connect as tlsConnect,
} from 'node:tls';
import type { Front } from '../../src/app/front.ts';
import { canAcceptShared } from '../../src/io/accept-shared.ts';
import type { Listener } from '../../src/listener/listener.ts';
import type { HandshakeRecorder, HandshakeResult } from '../../src/ports/handshake.ts';
import { RunningSidecar, routeFile } from '../proxy/running.ts';
import { certificateCases } from '../support/pki/cases.ts';
import { type Identity, type IdentityFiles, testPki, WEB } from '../support/pki.ts';
import { RecordingOrigin } from '../support/recording-origin.ts';
import { waitFor } from '../support/wait-for.ts';

/** Who the sidecar under test is. */
export const OURS = 'spiffe://mesh.local/ns/shop/sa/orders';
export const GET = 'GET / HTTP/1.1\r\nHost: orders\r\n\r\n';

export interface LogLine {
	readonly fields: Record<string, unknown>;
	readonly message: string;
}

export class IdentityFixture {
	readonly origin: RecordingOrigin;
	readonly files: IdentityFiles;
	readonly log: LogLine[] = [];
	/** How handshakes have ended. */
	readonly results: Record<'inbound' | 'outbound', HandshakeResult[]> = { inbound: [], outbound: [] };
	private running: RunningSidecar | null = null;
	private readonly clients = new Set<Socket>();

	private constructor(origin: RecordingOrigin) {
		this.origin = origin;
		const pki = testPki();
		this.files = pki.files(pki.leaf(OURS, { dns: ['localhost'] }), certificateCases().trustBundle);
	}

	static async make(): Promise<IdentityFixture> {
		// What is asked once a process must not happen within a test that counts.
		await canAcceptShared();
		return new IdentityFixture(await RecordingOrigin.start());
	}

	/** `tls`: keys beside the three files; `null`: no such block. */
	async start(
		tls: { readonly mode?: string; readonly minVersion?: string } | null,
		more: Parameters<typeof routeFile>[1] = {},
	): Promise<RunningSidecar> {
		const yaml = routeFile(this.origin.port, {
			...(tls !== null && { tls: { ...this.files, ...tls } }),
			...more,
		});
		this.running = await RunningSidecar.start(yaml);
		const { log } = this.running.telemetry;
		const keep = (fields: Record<string, unknown>, message: string): void => void this.log.push({ fields, message });
		Object.assign(log, { warn: keep, error: keep, info: keep });
		this.spy(this.running.telemetry.metrics.tls);
		this.origin.forget();
		return this.running;
	}

	/** Of a workload that the sidecar believes. */
	ownPair(): Identity {
		return testPki().leaf(WEB, { dns: ['localhost'] });
	}

	get sidecar(): RunningSidecar {
		if (this.running === null) throw new Error('the sidecar has not been started');
		return this.running;
	}

	get port(): number {
		return this.sidecar.port;
	}

	get listener(): Listener {
		return (this.sidecar.app as unknown as { inbound: Front }).inbound.listener;
	}

	/** A socket that is destroyed at the end. */
	async dial(port = this.port): Promise<Socket> {
		const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
		this.clients.add(socket);
		socket.on('error', () => undefined).on('close', () => this.clients.delete(socket));
		await waitFor('a connection', () => !socket.connecting);
		return socket;
	}

	/** Sees what the metric is told; to have the text of all metrics made for each look would take long. */
	private spy(recorder: HandshakeRecorder): void {
		const tell = recorder.handshook.bind(recorder);
		recorder.handshook = (side, result) => {
			this.results[side].push(result);
			tell(side, result);
		};
	}

	async waitForResult(side: 'inbound' | 'outbound', result: HandshakeResult, deadlineMs = 8000): Promise<void> {
		const { [side]: results } = this.results;
		await waitFor(result, () => results.includes(result), deadlineMs).catch((error: Error) => {
			throw new Error(`${error.message}; seen: ${results.join(' ')}`);
		});
	}

	/** By the metric. */
	async counted(side: 'inbound' | 'outbound'): Promise<Record<string, number>> {
		const text = await this.sidecar.telemetry.metrics.text();
		const found: Record<string, number> = {};
		for (const [, labels = '', count] of text.matchAll(/^outrigger_tls_handshakes_total\{(.*)\} (\d+)$/gm)) {
			if (labels.includes(`side="${side}"`)) found[/result="(\w+)"/.exec(labels)?.[1] ?? ''] = Number(count);
		}
		return found;
	}

	/** Nothing of what was seen so far is looked at any more. */
	forget(): void {
		this.results.inbound.length = 0;
		this.results.outbound.length = 0;
		this.log.length = 0;
	}

	/** Lines of refused connections. */
	get refusals(): Record<string, unknown>[] {
		return this.log.filter(({ message }) => message === 'a connection was refused').map(({ fields }) => fields);
	}

	async waitUntilEmpty(): Promise<void> {
		await waitFor('no connection in the table', () => this.listener.connections === 0);
	}

	async stop(): Promise<void> {
		for (const client of this.clients) client.destroy();
		await this.running?.stop();
		this.running = null;
		await this.origin.stop();
	}
}

export function contextOf(id: string, more: SecureContextOptions = {}): SecureContext {
	const pki = testPki();
	const { certificate, key } = pki.leaf(id, { dns: ['localhost'] });
	return createSecureContext({ cert: certificate, key, ca: pki.trustBundle, sessionIdContext: 'test', ...more });
}

/** As a client that believes anybody: what the sidecar makes of it is what is looked at. */
export function speakTls(socket: Socket, secureContext: SecureContext, more: ConnectionOptions = {}): TLSSocket {
	const secured = tlsConnect({ socket, secureContext, rejectUnauthorized: false, ...more });
	secured.on('error', () => undefined);
	return secured;
}

/** What a client got until it had an answer, or until its connection was over. */
export async function answerOf(client: TLSSocket | Socket): Promise<{ received: string; isOver: boolean }> {
	const seen = { received: '', isOver: false };
	const over = (): void => {
		seen.isOver = true;
	};
	client.on('data', (chunk: Buffer) => {
		seen.received += chunk.toString('latin1');
	});
	client.on('end', over).on('close', over);
	await waitFor('an answer or an end', () => seen.received.includes('\r\n\r\n') || seen.isOver, 8000);
	return seen;
}
